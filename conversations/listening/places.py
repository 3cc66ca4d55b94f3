"""Verbs of places: where the company listens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.models import Source
from conversations.channels.wire import addresses
from conversations.listening.models import Health, Place, PlaceKind
from crm.access.services import staffed_units
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Unit
from crm.values import Actor
from crm.wake import Task, wake

OFTENEST, RAREST = 5, 1_440  # minutes
CHANGEABLE = ("name", "url", "secret", "takes_all", "every")


def must_serve(unit: Unit | None, by: Actor) -> None:
    """What listens for a unit is its staff's; for everybody, of those who serve everybody.

    Raises Forbidden `not_your_unit`.
    """
    if by.user is None:
        return  # automation: the door has decided
    units = staffed_units(by.user)
    if units is not None and (unit is None or unit.pk not in units):
        raise Forbidden(_("this belongs to a unit that you do not serve"), code="not_your_unit")


def add_place(
    *,
    kind: str,
    name: str,
    url: str,
    by: Actor,
    unit: Unit | None = None,
    secret: str = "",
    takes_all: bool = False,
    every: int = 15,
    at: datetime | None = None,
) -> Place:
    """Begins to read it within seconds. Raises Invalid, Conflict `known_place`, Forbidden."""
    must_serve(unit, by)
    at = at or timezone.now()
    url = address_of(url)
    _checked(kind=kind, name=name, every=every)
    with transaction.atomic():
        must_be_new(url, unit, besides=None)
        source = Source.objects.create(kind=kind, unit=unit, name=name.strip(), occurred_at=at)
        place = Place.objects.create(
            source=source,
            kind=kind,
            url=url,
            secret=secret,
            takes_all=takes_all,
            every=every,
            due_at=at,
        )
        record("place_added", place, by=by, at=at, kind=kind)
        wake(Task.READ_PLACES)
    return place


def change_place(place: Place, *, by: Actor, **said: Any) -> Place:
    """said: any of CHANGEABLE; what is not said stays. Another address is read from its beginning.

    A place keeps its unit: it is its past mentions' too.
    """
    unknown = set(said) - set(CHANGEABLE)
    if unknown:
        raise Invalid(_("this can't be changed"), code="unknown_field")
    must_serve(place.source.unit, by)
    with transaction.atomic():
        row = locked(place)
        _checked(
            kind=row.kind,
            name=said.get("name", row.source.name),
            every=said.get("every", row.every),
        )
        if "url" in said and (url := address_of(said["url"])) != row.url:
            must_be_new(url, row.source.unit, besides=row)
            row.url = url
            _begin_again(row)
        for name in {"secret", "takes_all", "every"} & set(said):
            setattr(row, name, said[name])
        row.due_at = timezone.now()
        row.etag = row.last_modified = ""
        _take_away(row)
        row.save()
        if "name" in said:
            row.source.name = said["name"].strip()
            row.source.save(update_fields=["name"])
        record("place_changed", row, by=by, fields=sorted(said))
        wake(Task.READ_PLACES)
    return row


def read_again(place: Place, *, by: Actor) -> Place:
    """Now, from its beginning, also what was gone for good."""
    must_serve(place.source.unit, by)
    with transaction.atomic():
        row = locked(place)
        _begin_again(row)
        _take_away(row)
        row.save()
        record("place_read_again", row, by=by)
        wake(Task.READ_PLACES)
    return row


def pause_place(place: Place, *, paused: bool, by: Actor) -> Place:
    """A paused place is not read; what was heard stays."""
    must_serve(place.source.unit, by)
    with transaction.atomic():
        row = locked(place)
        if (row.paused_at is not None) == paused:
            return row
        row.paused_at = timezone.now() if paused else None
        _take_away(row)
        row.save(update_fields=["paused_at", "claimed_at", "attempt"])
        record("place_paused" if paused else "place_resumed", row, by=by)
        wake(Task.READ_PLACES)
    return row


def locked(place: Place) -> Place:
    rows = Place.objects.select_for_update(of=("self",)).select_related("source__unit")
    return rows.get(pk=place.pk)


def read_afresh(unit: Unit | None) -> None:
    """A watch changed: what its places still hold is looked through again."""
    rows = Place.objects.exclude(health=Health.GONE)
    if unit is not None:
        rows = rows.filter(Q(source__unit=unit) | Q(source__unit=None))
    rows.update(etag="", last_modified="", due_at=timezone.now())
    wake(Task.READ_PLACES)


def _take_away(row: Place) -> None:
    """From whoever reads or follows it now: they can't write, and a follower hangs up."""
    row.claimed_at = None
    row.attempt += 1


def _begin_again(row: Place) -> None:
    row.etag = row.last_modified = row.cause = ""
    row.cursor = {}
    row.failures = 0
    row.health = Health.NEW
    row.due_at = timezone.now()


def must_be_new(url: str, unit: Unit | None, *, besides: Place | None) -> None:
    """Raises Conflict `known_place`."""
    same = Place.objects.filter(url=url, source__unit=unit)
    if besides is not None:
        same = same.exclude(pk=besides.pk)
    if same.exists():
        raise Conflict(_("this place is listened to already"), code="known_place")


def address_of(url: str) -> str:
    """As it is kept. Private ones are refused when it is read: a name may lead elsewhere by then.

    Raises Invalid.
    """
    try:
        addresses.checked(url.strip())
    except addresses.NotAllowed as error:
        raise Invalid(_("an http or https address is expected"), code="bad_address") from error
    if len(url.strip()) > 2_000:
        raise Invalid(_("the address is too long"), code="too_long")
    return url.strip()


def _checked(*, kind: str, name: str, every: int) -> None:
    if kind not in PlaceKind.values:
        raise Invalid(_("there is no such kind of place"), code="unknown_kind")
    if not 1 <= len(name.strip()) <= 200:
        raise Invalid(_("a name of up to 200 characters is expected"), code="bad_name")
    if not OFTENEST <= every <= RAREST:
        raise Invalid(_("between 5 minutes and a day"), code="bad_interval")
