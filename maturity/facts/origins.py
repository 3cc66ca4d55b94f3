"""Since when a unit has a record of each kind: without one, a closed gate has no source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from maturity.facts.counting import View
from maturity.facts.shelf import Shelf
from maturity.facts.threads import Threads

Origins = dict[tuple[str, UUID | None], datetime]
Sighting = tuple[str, UUID | None, datetime]  # kind of record, its unit (None: every), when


def origins(book: Threads, shelf: Shelf) -> Origins:
    """(kind, unit) -> the first of its records that is bound to no employee's department."""
    found: Origins = {}
    for sightings in (spoken(book, shelf), heard(shelf), worked(book, shelf)):
        for kind, unit, at in sightings:
            found[kind, unit] = min(at, found.get((kind, unit), at))
    return found


def spoken(book: Threads, shelf: Shelf) -> Iterator[Sighting]:
    for row in book.messages:
        if (unit := book.unit_of(row.channel)) is not None:
            yield "message", unit, row.at
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


def worked(book: Threads, shelf: Shelf) -> Iterator[Sighting]:
    """What belongs to a conversation, and with it to its unit."""
    records = shelf.records
    for kind, rows in (
        ("close", records.closings),
        ("escalation", records.escalations),
        ("insight", records.insights),
        ("round_trip", records.round_trips),
    ):
        for row in rows:
            thread = book.threads.get(row.conversation)
            if thread is not None and thread.unit is not None:
                yield kind, thread.unit, row.at


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
    times = (found.get((kind, unit)) for kind in kinds for unit in (view.unit.unit, None))
    if not kinds or any(at is not None and at < view.unit.cut for at in times):
        return True
    return "post" in kinds and has_post(view)
