"""S2-CHA-1, S2-CHA-2, S2-GOV-1, S4-CHA-1: does the company speak, where, and who is heard?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TypeVar
from uuid import UUID

from maturity.facts.counting import Counted, Terms, View, Views, at_least
from maturity.facts.threads import is_own_act

Channel = TypeVar("Channel")


def own_publications(view: View) -> list[int]:
    """The ISO week of each publication by its author's own act on an owned external channel."""
    rows = view.shelf.published.between(view.unit.start, view.unit.cut)
    return [
        view.unit.clock.week(row.published_at)
        for row in rows
        if row.own and row.published_at and view.owns(row.channel)
    ]


def weeks_of_presence(views: Views, terms: Terms) -> Counted:
    """ISO weeks with a human message or publication; the minimum counts those."""
    weeks: list[int] = []
    for view in views:
        weeks += [said.week for said in view.human if view.owns(said.row.channel)]
        weeks += own_publications(view)
    return Counted(len(set(weeks)), sample=len(weeks))


def parties_heard(views: Views, terms: Terms) -> Counted:
    """External contacts with at least one inbound on owned external channels."""
    heard = {
        row.contact
        for view in views
        for row in view.own.inbound.between(view.unit.start, view.unit.cut)
        if view.owns(row.channel) and view.book.shape.is_external(row.contact, row.channel)
    }
    return Counted(len(heard))


def traceable_voice(views: Views, terms: Terms) -> Counted:
    """Outbound messages on any channel, and the own acts of an employee among them."""
    rows = [row for v in views for row in v.own.outbound.between(v.unit.start, v.unit.cut)]
    return Counted(sum(is_own_act(row) for row in rows), len(rows))


def channels_multiplied(views: Views, terms: Terms) -> Counted:
    """Channels that carry answered conversations of enough parties, in enough weeks."""
    parties: dict[UUID, set[UUID]] = defaultdict(set)
    weeks: dict[UUID, set[int]] = defaultdict(set)
    kinds: dict[UUID, str] = {}
    for view in views:
        for thread in view.begun:
            if not (thread.channel and thread.contact and thread.is_external):
                continue
            if thread.answered(view.unit.cut):
                parties[thread.channel].add(thread.contact)
                kinds[thread.channel] = thread.kind
        for said in view.human:
            weeks[said.row.channel].add(said.week)
    return carried(parties, weeks, kinds, terms)


def carried(
    parties: Mapping[Channel, Collection[object]],
    weeks: Mapping[Channel, Collection[int]],
    kinds: Mapping[Channel, str],
    terms: Terms,
) -> Counted:
    """Channels by the parties answered on them and their active weeks."""
    carrying = [
        channel
        for channel, heard in parties.items()
        if len(heard) >= terms.number("parties")
        and len(weeks.get(channel, ())) >= terms.number("weeks")
    ]
    several = at_least(len({kinds[channel] for channel in carrying}), terms.pair("kinds"))
    return Counted(len(carrying), clauses=(several,))
