"""Since when a unit has a record of each kind: without one, a closed gate has no source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maturity.facts.counting import View
from maturity.facts.shelf import Shelf
from maturity.facts.threads import Thread, Threads

Sighting = tuple[str, UUID | None, datetime]  # kind of record, its unit (None: every), when


@dataclass(frozen=True)
class Origins:
    """first: (kind, unit) -> its first record that is bound to no employee's department.

    moved: what belongs to conversations that went to another unit when somebody external wrote.
    """

    first: Mapping[tuple[str, UUID | None], datetime]
    moved: Sequence[tuple[str, Thread, datetime]]


def origins(book: Threads, shelf: Shelf) -> Origins:
    first: dict[tuple[str, UUID | None], datetime] = {}
    about = list(about_conversations(book, shelf))
    for sightings in (spoken(book, shelf), heard(shelf), worked(book, about)):
        for kind, unit, at in sightings:
            first[kind, unit] = min(at, first.get((kind, unit), at))
    return Origins(first, [one for one in about if has_moved(book, one[1])])


def spoken(book: Threads, shelf: Shelf) -> Iterator[Sighting]:
    for row in book.messages:
        if (unit := book.unit_of(row.channel)) is not None:
            yield "message", unit, row.at
    for channel, at in shelf.records.elsewhere.first_said.items():
        if (unit := book.unit_of(channel)) is not None:
            yield "message", unit, at
    for published in shelf.published.cases:
        if (unit := book.unit_of(published.channel)) is not None and published.published_at:
            yield "publication", unit, published.published_at


def heard(shelf: Shelf) -> Iterator[Sighting]:
    for mention in shelf.mentions.cases:
        if mention.source in shelf.source_units:
            yield "mention", shelf.source_units[mention.source], mention.at
    for source, beats in shelf.beats.items():
        if source in shelf.source_units and beats.times:
            yield "heartbeat", shelf.source_units[source], beats.times[0]
    for post in shelf.posts.cases:
        if post.contact:
            yield "post", None, post.at


def worked(book: Threads, about: Iterable[tuple[str, Thread, datetime]]) -> Iterator[Sighting]:
    """What belongs to a conversation, and with it to its unit."""
    for kind, thread, at in about:
        if not has_moved(book, thread) and (unit := book.unit_of(thread.first_channel)) is not None:
            yield kind, unit, at


def about_conversations(book: Threads, shelf: Shelf) -> Iterator[tuple[str, Thread, datetime]]:
    """Records of conversations, each dated by its conversation's first message at the earliest."""
    records = shelf.records
    for kind, rows in (
        ("close", records.closings),
        ("escalation", records.escalations),
        ("insight", records.insights),
        ("round_trip", records.round_trips),
    ):
        for row in rows:
            if thread := book.threads.get(row.conversation):
                yield kind, thread, max(row.at, thread.first_at)


def has_moved(book: Threads, thread: Thread) -> bool:
    """It went to another unit when somebody external wrote for the first time."""
    if thread.channel is None:
        return False
    return book.unit_of(thread.channel) != book.unit_of(thread.first_channel)


def has_moved_here(view: View, found: Origins, kinds: Collection[str]) -> bool:
    cut = view.unit.cut
    return any(
        kind in kinds and at < cut and view.book.unit_of(thread.place(cut)) == view.unit.unit
        for kind, thread, at in found.moved
    )


def has_post(view: View) -> bool:
    """An employee of the unit has posted before the cut."""
    for post, at in zip(view.shelf.posts.cases, view.shelf.posts.times, strict=True):
        if at >= view.unit.cut:
            return False
        if post.employee and view.people.unit(post.employee) == view.unit.unit:
            return True
    return False


def has_source(view: View, found: Origins, kinds: tuple[str, ...]) -> bool:
    """Some record of these kinds lies before the cut; a criterion without kinds needs none."""
    times = (found.first.get((kind, unit)) for kind in kinds for unit in (view.unit.unit, None))
    if not kinds or any(at is not None and at < view.unit.cut for at in times):
        return True
    return ("post" in kinds and has_post(view)) or has_moved_here(view, found, kinds)
