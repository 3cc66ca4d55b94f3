"""Deadlines of conversations: frozen when applied, paused, watched, and made again exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.channels import claiming
from conversations.channels.models import Channel, Envelope
from conversations.inbox import delivery, holding, levels, services, waking
from conversations.inbox.models import Conversation, Deadline, Delivery, Message
from conversations.inbox.tasks import watch_deadlines
from conversations.service_levels.models import Target
from conversations.service_levels.services import save_target
from crm.access.models import Role
from crm.errors import Invalid
from crm.journal.models import Act
from crm.organisation.models import Calendar
from crm.organisation.services import save_calendar
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/conversation/"
HOUR = timedelta(hours=1)
MONDAY = datetime(2027, 3, 22, 9, tzinfo=UTC)  # 10:00 in Paris


@pytest.fixture
def home() -> house.Unit:
    return house.unit()


@pytest.fixture
def channel(home: house.Unit) -> Channel:
    return house.webhook_channel(home)


@pytest.fixture
def staff(home: house.Unit) -> house.Somebody:
    return house.somebody(house.department(home), Role.STAFF, name="Camille")


@contextmanager
def clock(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def office() -> Calendar:
    with clock(MONDAY - 30 * 24 * HOUR):
        hours = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"))
        days = dict.fromkeys(hours, "09:00-12:00, 14:00-18:00")
        return save_calendar(
            Calendar(name="Office", timezone="Europe/Paris", **days), by=AUTOMATION
        )


def promise(at: datetime = MONDAY - 24 * HOUR, **facts: object) -> Target:
    facts = {"first_answer": "4 h", "next_answer": "2 h", "resolution": "2 d"} | facts
    with clock(at):
        return save_target(Target(name="Everybody", **facts), by=AUTOMATION)


def hears(channel: Channel, at: datetime, number: str = "m1", **more: object) -> Conversation:
    house.post_webhook(channel, house.event(house.message(number, **more)))
    Envelope.objects.filter(state="waiting").update(received_at=at)
    with clock(at):
        claiming.ingest()
    return Conversation.objects.get(messages__external_id=number)


def told(conversation: Conversation) -> dict[str, Deadline]:
    return {row.clock: row for row in conversation.deadlines.order_by("started_at")}


def answer(conversation: Conversation, at: datetime, by: house.Somebody) -> Message:
    with clock(at):
        return services.reply(conversation, text="Tomorrow.", by=by.acting)


def exactly() -> list[dict[str, object]]:
    """The rows without their own ids and without what the watch has seen."""
    own = {"id", "warned_at", "breached_at", "told_at"}
    rows = Deadline.objects.order_by("conversation", "clock", "started_at").values()
    return [{name: value for name, value in row.items() if name not in own} for row in rows]


def test_without_a_target_nothing_is_promised_for_one_query(
    channel: Channel, home: house.Unit
) -> None:
    conversation = hears(channel, MONDAY)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        levels.refresh([conversation.pk])
    assert len(asked) == 1
    assert not Deadline.objects.exists()


def test_a_question_starts_the_clocks_in_business_time(channel: Channel) -> None:
    promise(calendar=office())
    rows = told(hears(channel, MONDAY))  # 10:00: two hours before the break, two after
    assert rows["first_answer"].due_at == MONDAY + 6 * HOUR
    assert rows["resolution"].due_at == datetime(2027, 3, 24, 17, tzinfo=UTC)  # 18:00 in Paris
    assert set(rows) == {"first_answer", "resolution"}


def test_an_answer_keeps_the_promise_and_the_next_question_starts_anew(
    channel: Channel, staff: house.Somebody
) -> None:
    promise()
    conversation = hears(channel, MONDAY)
    answer(conversation, MONDAY + HOUR, staff)
    hears(channel, MONDAY + 3 * HOUR, "m2")
    rows = told(conversation)
    assert rows["first_answer"].met_at == MONDAY + HOUR
    assert rows["next_answer"].due_at == MONDAY + 5 * HOUR
    assert rows["next_answer"].met_at is None


def test_the_resolution_stands_still_while_the_customer_is_asked(
    channel: Channel, staff: house.Somebody
) -> None:
    promise(resolution="8 h")
    conversation = hears(channel, MONDAY)
    answer(conversation, MONDAY + HOUR, staff)
    assert told(conversation)["resolution"].paused_at == MONDAY + HOUR
    hears(channel, MONDAY + 11 * HOUR, "m2")
    assert told(conversation)["resolution"].due_at == MONDAY + 18 * HOUR
    with clock(MONDAY + 12 * HOUR):
        services.close(conversation, by=staff.acting)
    assert told(conversation)["resolution"].met_at == MONDAY + 12 * HOUR
    assert told(conversation)["next_answer"].dropped_at == MONDAY + 12 * HOUR


def test_sleep_stops_the_clocks_until_its_end_or_the_customers_word(
    channel: Channel, staff: house.Somebody
) -> None:
    promise()
    slept, woken = hears(channel, MONDAY), hears(channel, MONDAY, "w1", thread="t2")
    with clock(MONDAY + HOUR):
        for each in (slept, woken):
            services.snooze(each, until=MONDAY + 11 * HOUR, by=staff.acting)
    assert told(slept)["first_answer"].paused_at == MONDAY + HOUR
    hears(channel, MONDAY + 2 * HOUR, "w2", thread="t2")
    waking.end_snoozes(at=MONDAY + 11 * HOUR + timedelta(seconds=20))  # the sweep is late
    assert told(slept)["first_answer"].due_at == MONDAY + 14 * HOUR
    assert told(woken)["first_answer"].due_at == MONDAY + 5 * HOUR


def test_what_is_changed_later_does_not_change_what_was_promised(channel: Channel) -> None:
    target = promise()
    before = hears(channel, MONDAY)
    target.first_answer = "1 h"
    with clock(MONDAY + HOUR):
        save_target(target, by=AUTOMATION)
    after = hears(channel, MONDAY + HOUR, "m2", thread="t2")
    assert told(after)["first_answer"].due_at == MONDAY + 2 * HOUR
    levels.refresh([before.pk])
    assert told(before)["first_answer"].due_at == MONDAY + 4 * HOUR


def test_an_inactive_target_promises_nothing_new(channel: Channel) -> None:
    target = promise()
    target.active = False
    with clock(MONDAY):
        save_target(target, by=AUTOMATION)
    assert told(hears(channel, MONDAY + HOUR)) == {}


def test_the_most_particular_target_counts(channel: Channel, home: house.Unit) -> None:
    promise()
    promise(unit=home, first_answer="3 h")
    promise(unit=house.unit("Other"), first_answer="2 min")
    assert told(hears(channel, MONDAY))["first_answer"].due_at == MONDAY + 3 * HOUR
    promise(channel=channel, first_answer="2 h")
    other = hears(channel, MONDAY, "m2", thread="t2")
    assert told(other)["first_answer"].due_at == MONDAY + 2 * HOUR


def test_a_new_priority_counts_from_the_same_start_with_its_pauses(
    channel: Channel, staff: house.Somebody
) -> None:
    promise()
    promise(priority="urgent", first_answer="1 h", resolution="")
    conversation = hears(channel, MONDAY)
    with clock(MONDAY + HOUR / 2):
        services.snooze(conversation, until=MONDAY + 2 * HOUR, by=staff.acting)
    waking.end_snoozes(at=MONDAY + 2 * HOUR)
    with clock(MONDAY + 2 * HOUR):
        services.prioritise(conversation, priority="urgent", by=staff.acting)
    rows = told(conversation)
    assert rows["first_answer"].due_at == MONDAY + 2.5 * HOUR
    assert rows["resolution"].dropped_at == MONDAY + 2 * HOUR
    before = exactly()
    with pytest.raises(Invalid):
        services.prioritise(conversation, priority="sky-high", by=staff.acting)
    assert exactly() == before


def test_an_answer_that_did_not_arrive_was_none(channel: Channel, staff: house.Somebody) -> None:
    promise()
    conversation = hears(channel, MONDAY)
    message = answer(conversation, MONDAY + HOUR, staff)
    assert told(conversation)["first_answer"].met_at == MONDAY + HOUR
    with clock(MONDAY + 2 * HOUR):
        delivery.deliver(message.pk)  # this channel calls nobody back: it fails for good
    assert Delivery.objects.get().state == "failed"
    row = told(conversation)["first_answer"]
    assert (row.met_at, row.due_at) == (None, MONDAY + 4 * HOUR)


def test_spam_and_its_questions_are_promised_nothing(
    channel: Channel, staff: house.Somebody
) -> None:
    promise()
    conversation = hears(channel, MONDAY)
    with clock(MONDAY + HOUR):
        services.mark_spam(conversation, by=staff.acting)
    hears(channel, MONDAY + 2 * HOUR, "m2")
    assert all(row.dropped_at == MONDAY + HOUR for row in Deadline.objects.all())
    assert Deadline.objects.count() == 2


def test_the_same_rows_come_from_the_history(channel: Channel, staff: house.Somebody) -> None:
    promise(calendar=office())
    promise(priority="high", first_answer="1 h")
    first = hears(channel, MONDAY)
    second = hears(channel, MONDAY + HOUR, "s1", thread="t2")
    answer(first, MONDAY + 2 * HOUR, staff)
    hears(channel, MONDAY + 24 * HOUR, "m2")
    with clock(MONDAY + 25 * HOUR):
        services.prioritise(second, priority="high", by=staff.acting)
        services.snooze(first, until=MONDAY + 30 * HOUR, by=staff.acting)
    waking.end_snoozes(at=MONDAY + 30 * HOUR)
    answer(first, MONDAY + 31 * HOUR, staff)
    with clock(MONDAY + 32 * HOUR):
        services.close(first, by=staff.acting)
    with clock(MONDAY + 33 * HOUR):
        services.reopen(first, by=staff.acting)
    before = exactly()
    assert len(before) == 6
    with clock(MONDAY + 34 * HOUR):
        levels.recompute()
        assert exactly() == before
        Deadline.objects.all().delete()
        assert levels.recompute() == 2
    assert exactly() == before


def test_a_message_that_was_read_late_takes_its_place(
    channel: Channel, staff: house.Somebody
) -> None:
    promise()
    conversation = hears(channel, MONDAY)
    answer(conversation, MONDAY + 2 * HOUR, staff)
    hears(channel, MONDAY + HOUR, "m2")  # received before the answer, read after it
    assert "next_answer" not in told(conversation)


def test_a_batch_costs_the_same_however_large(channel: Channel) -> None:
    promise(at=timezone.now() - HOUR)

    def cost(numbers: range) -> int:
        for number in numbers:
            said = house.message(f"b{number}", thread=f"b{number}")
            house.post_webhook(channel, house.event(said))
        with CaptureQueriesContext(connection) as asked:
            claiming.ingest()
        return len(asked)

    cost(range(1))
    assert cost(range(1, 3)) == cost(range(3, 40))
    assert Deadline.objects.count() == 80


def test_what_will_be_late_is_marked_once_with_its_line(channel: Channel) -> None:
    promise(resolution="")
    conversation = hears(channel, MONDAY)
    seen = []
    for minutes in (170, 181, 190, 241, 250):
        with clock(MONDAY + timedelta(minutes=minutes)):
            watch_deadlines()
        row = told(conversation)["first_answer"]
        seen.append((row.warned_at is not None, row.breached_at is not None))
    assert seen == [(False, False), (True, False), (True, False), (True, True), (True, True)]
    lines = Act.objects.filter(verb__startswith="deadline").order_by("pk")
    assert [line.verb for line in lines] == ["deadline_near", "deadline_breached"]
    assert lines[0].subject_id == str(conversation.pk)


def test_nobody_is_warned_of_what_was_done(channel: Channel, staff: house.Somebody) -> None:
    promise(resolution="")
    conversation = hears(channel, MONDAY)
    message = answer(conversation, MONDAY + HOUR, staff)
    Delivery.objects.update(state="held")
    levels.refresh([conversation.pk])
    assert told(conversation)["first_answer"].met_at is None
    Delivery.objects.update(state="sent")  # by whom nobody told the deadlines
    Message.objects.filter(pk=message.pk).update(sent_at=MONDAY + 2 * HOUR)
    with clock(MONDAY + 5 * HOUR):
        assert levels.watch(at=MONDAY + 5 * HOUR) == 0
    row = told(conversation)["first_answer"]
    assert (row.met_at, row.breached_at) == (MONDAY + 2 * HOUR, None)


def test_an_answer_after_its_time_is_a_breach_though_nobody_watched(
    channel: Channel, staff: house.Somebody
) -> None:
    promise()
    conversation = hears(channel, MONDAY)
    answer(conversation, MONDAY + 5 * HOUR, staff)
    row = told(conversation)["first_answer"]
    assert row.breached_at == row.met_at == MONDAY + 5 * HOUR


def test_a_client_reads_when_what_is_due_and_asks_for_what_is_late(
    channel: Channel, staff: house.Somebody
) -> None:
    promise()
    conversation = hears(channel, MONDAY)
    hears(channel, MONDAY + 3 * HOUR, "m2", thread="t2")
    caller = Caller(staff.user)
    with clock(MONDAY + 3.5 * HOUR):
        words = caller.get(f"conversations/{conversation.pk}/").json()["sla"]
        soon = caller.get("conversations/", due="soon").json()["results"]
        late = caller.get("conversations/", due="late").json()["results"]
    assert words == {
        "first_answer_due": "2027-03-22T13:00:00Z",
        "next_answer_due": None,
        "resolution_due": "2027-03-25T00:00:00Z",
        "paused": False,
        "state": "soon",
        "breached": False,
    }
    assert ([row["id"] for row in soon], late) == ([str(conversation.pk)], [])
    with clock(MONDAY + 5 * HOUR):
        [found] = caller.get("conversations/", due="late").json()["results"]
    assert (found["sla"]["state"], found["sla"]["breached"]) == ("late", True)


def test_a_client_sets_the_priority_and_filters_by_it(
    channel: Channel, staff: house.Somebody
) -> None:
    conversation = hears(channel, MONDAY)
    caller = Caller(staff.user)
    path = f"conversations/{conversation.pk}/prioritise/"
    assert caller.post(path, {"priority": "urgent"}).json()["priority"] == "urgent"
    assert caller.post(path, {"priority": "sky-high"}).status_code == 400
    found = caller.get("conversations/", priority="urgent").json()["results"]
    assert [row["id"] for row in found] == [str(conversation.pk)]
    assert caller.get("conversations/", priority="low").json()["results"] == []


def test_the_list_shows_and_sorts_by_what_is_due(
    client: Client, channel: Channel, staff: house.Somebody
) -> None:
    promise(resolution="")
    patient = hears(channel, MONDAY, subject="patient")
    urgent = hears(channel, MONDAY + HOUR, "m2", thread="t2", subject="urgent")
    promise(priority="urgent", first_answer="30 min", resolution="")
    with clock(MONDAY + 1.25 * HOUR):
        services.prioritise(urgent, priority="urgent", by=staff.acting)
    with clock(MONDAY + 1.45 * HOUR):
        client.force_login(staff.user)
        usual = client.get(LIST).context["conversations"]
        by_due = client.get(f"{LIST}?sort=due").context["conversations"]
        near = client.get(f"{LIST}?view=due")
        thread = client.get(f"{LIST}{urgent.pk}/change/").content.decode()
    assert [usual, by_due] == [[patient, urgent], [urgent, patient]]
    assert near.context["conversations"] == [urgent]
    assert "due in 3 min" in near.content.decode()
    assert "first answer: due in 3 min" in thread


def test_without_a_target_the_list_speaks_of_no_deadline(
    client: Client, channel: Channel, staff: house.Somebody
) -> None:
    client.force_login(staff.user)
    hears(channel, MONDAY)
    shown = client.get(LIST).content.decode()
    assert "view=due" not in shown
    assert "ib-due" not in shown
    assert 'name="sort"' not in shown


def test_an_operator_makes_every_deadline_anew(channel: Channel) -> None:
    promise()
    hears(channel, MONDAY)
    before = exactly()
    Deadline.objects.all().delete()
    told_operator = StringIO()
    call_command("recompute_deadlines", stdout=told_operator)
    assert exactly() == before
    assert told_operator.getvalue() == "1 conversations read\n"


def test_a_held_answer_counts_from_when_it_goes_and_a_dropped_one_never(
    channel: Channel, staff: house.Somebody, settings: Any
) -> None:
    settings.REPLY_GATES = ["tests.conversations.inbox.test_levels.hold"]
    promise(resolution="8 h")
    conversation = hears(channel, MONDAY)
    message = answer(conversation, MONDAY + HOUR, staff)
    rows = told(conversation)
    assert (rows["first_answer"].met_at, rows["resolution"].paused_at) == (None, None)
    with clock(MONDAY + 2 * HOUR):
        holding.drop(conversation, message, at=MONDAY + 2 * HOUR)
        levels.refresh([conversation.pk])
    assert told(conversation)["first_answer"].met_at is None
    other = answer(conversation, MONDAY + 3 * HOUR, staff)
    with clock(MONDAY + 5 * HOUR):
        text = other.text
        holding.release(
            conversation, other, text=text, approved_by=staff.employee, at=MONDAY + 5 * HOUR
        )
    rows = told(conversation)
    assert rows["first_answer"].breached_at == rows["first_answer"].met_at == MONDAY + 5 * HOUR
    assert rows["resolution"].paused_at == MONDAY + 5 * HOUR


def hold(message: Message) -> bool:
    return True
