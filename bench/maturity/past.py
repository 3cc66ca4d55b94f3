"""Records of a busy company as the rooms hand them over, made in memory."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from ambassadors.routing.measures import AssignmentRow
from conversations.channels.measures import ChannelRow, HeartbeatRow, SourceRow
from conversations.inbox.measures import ClosingRow, MessageRow
from crm.contacts.measures import AddressRow
from crm.organisation.measures import CompanyRow, DepartmentRow, EmployeeRow, UnitRow
from maturity.facts.records import Records

UNTIL = date(2026, 11, 2)
YEARS = 3
BEGUN = datetime(UNTIL.year - YEARS, UNTIL.month, UNTIL.day, 6, tzinfo=UTC)
PEOPLE, DEPARTMENTS, CHANNELS, CONTACTS = 200, 12, 6, 20_000
A_CONVERSATION = 4  # messages
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def id_of(kind: int, number: int) -> UUID:
    return UUID(int=(kind << 64) + number)


def records(messages: int) -> Records:
    dice = random.Random(2026)
    unit, source = id_of(1, 0), id_of(2, 0)
    departments = [id_of(3, n) for n in range(DEPARTMENTS)]
    people = [id_of(4, n) for n in range(PEOPLE)]
    channels = [id_of(5, n) for n in range(CHANNELS)]
    contacts = [id_of(6, n) for n in range(CONTACTS)]
    days = range((UNTIL - BEGUN.date()).days)
    said, closed, given = talks(dice, messages // A_CONVERSATION, people, channels, contacts)
    return Records(
        companies=[CompanyRow(BEGUN, BEGUN, "Bench", 2_000)],
        units=[UnitRow(unit, None, BEGUN, BEGUN, "Bench", "b2c", "Europe/Paris", None)],
        departments=[DepartmentRow(one, BEGUN, BEGUN, unit) for one in departments],
        employees=[
            EmployeeRow(one, BEGUN, BEGUN, f"{n}@x.test", departments[n % 12], n < 9, True, None)
            for n, one in enumerate(people)
        ],
        addresses=[AddressRow(c, BEGUN, BEGUN, "email", f"{c}@out.test") for c in contacts],
        channels=[
            ChannelRow(c, BEGUN, BEGUN, f"kind{n}", unit, True) for n, c in enumerate(channels)
        ],
        sources=[SourceRow(source, BEGUN, BEGUN, unit)],
        heartbeats=[HeartbeatRow(source, BEGUN + timedelta(days=n), BEGUN) for n in days],
        messages=said,
        closings=closed,
        assignments=given,
    )


def talks(
    dice: random.Random,
    conversations: int,
    people: list[UUID],
    channels: list[UUID],
    contacts: list[UUID],
) -> tuple[list[MessageRow], list[ClosingRow], list[AssignmentRow]]:
    """A question, an answer, a second question and a second answer; closed by who answered."""
    said: list[MessageRow] = []
    closed: list[ClosingRow] = []
    given: list[AssignmentRow] = []
    span = timedelta(days=365 * YEARS) / max(conversations, 1)
    for n in range(conversations):
        at, talk = BEGUN + n * span, id_of(7, n)
        who, channel, contact = dice.choice(people), dice.choice(channels), dice.choice(contacts)
        for k in range(A_CONVERSATION):
            row, when = id_of(8, n * A_CONVERSATION + k), at + k * dice.choice((HOUR, 9 * HOUR))
            out = bool(k % 2)
            person, text = (who if out else None), (str(n) if out else None)
            party = None if out else contact
            said.append(
                MessageRow(
                    row,
                    "",
                    when,
                    when,
                    talk,
                    channel,
                    out,
                    party,
                    person,
                    out,
                    False,
                    text,
                    False,
                    None,
                )
            )
        given.append(AssignmentRow(talk, at, at, who, at + 20 * MINUTE, True))
        if dice.random() < 0.8:
            done = at + 30 * HOUR
            closed.append(ClosingRow(id_of(9, n), "", done, done, talk, who, True))
    said.sort(key=lambda message: message.at)
    closed.sort(key=lambda closing: closing.at)
    return said, closed, given
