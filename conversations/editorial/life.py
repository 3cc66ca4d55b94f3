"""Verbs of a publication's life: plan, change, move, submit, approve, send back, cancel.

Each locks the row, looks whether the state allows it, and leaves a line in the journal; the
lines are the trail that says since when a plan was what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.models import Channel
from conversations.editorial.models import EDITABLE, Publication, PublicationState
from conversations.editorial.rights import must_be, must_be_read
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.own_acts import must_be_in_person, must_not_share_session
from crm.journal.services import record
from crm.organisation.people import employee_of
from crm.values import Actor
from crm.wake import Task, wake

S = PublicationState
LONGEST_TEXT = 20_000
LARGEST_VALUE = 1e12
EARLIEST, LATEST = 1990, 2200  # years
LATE = timedelta(hours=6)  # after this a publication has missed its moment
# What the plan is about; a change of any of these begins the plan anew (docs/adr/0064).
PLAN = ("channel", "audience", "segment", "expected_metric", "expected_value")
CONTENT = (*PLAN, "text", "topic", "count_clicks")


def plan(
    channel: Channel,
    *,
    text: str,
    publish_at: datetime,
    by: Actor,
    at: datetime | None = None,
    **plan: Any,
) -> Publication:
    """A draft. plan: audience, segment, topic, expected_metric, expected_value, count_clicks.

    Raises Invalid for an empty text or half an expectation, Forbidden for who is no employee.
    """
    at = at or timezone.now()
    author = employee_of(by.user)
    publication = Publication(
        channel=channel, author=author, edited_by=author, text=_clean(text), publish_at=publish_at,
        planned_at=at, occurred_at=at, via=by.via, state=S.DRAFT, **plan,
    )  # fmt: skip
    _check(publication)
    with transaction.atomic():
        publication.save(force_insert=True)
        _note("publication_planned", publication, by=by, at=at)
    return publication


def change(
    publication: Publication, *, by: Actor, at: datetime | None = None, **fields: Any
) -> Publication:
    """Other words or another plan. What was approved has to be approved again.

    fields: any of CONTENT. Raises Conflict once it is being published, Invalid.
    """
    at = at or timezone.now()
    if "text" in fields:
        fields["text"] = _clean(fields["text"])
    with transaction.atomic():
        row = locked(publication)
        must_be(row, *EDITABLE)
        changed = _changed(row, fields)
        if not changed:
            return row
        if set(changed) & set(PLAN) and row.submitted_at is not None:
            row.planned_at = at
        row.edited_by = employee_of(by.user)
        _ask_again(row)
        _check(row)
        row.save()
        _note("publication_changed", row, by=by, at=at, fields=changed)
    return row


def move(
    publication: Publication, *, to: datetime, by: Actor, at: datetime | None = None
) -> Publication:
    """Another time. To an earlier day, the plan counts from now on. Approved before: asked again.

    Raises Invalid for a time in the past, Conflict once it is being published.
    """
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(publication)
        must_be(row, *EDITABLE)
        if row.publish_at == to:
            return row
        _must_be_ahead(to, at)
        zone, before = ZoneInfo(row.channel.unit.timezone), row.publish_at
        if to.astimezone(zone).date() < before.astimezone(zone).date() and row.submitted_at:
            row.planned_at = at
        row.publish_at = to
        _ask_again(row)
        row.save()
        _note("publication_moved", row, by=by, at=at, before=before.isoformat())
    return row


def submit(publication: Publication, *, by: Actor, at: datetime | None = None) -> Publication:
    """Asks for approval; from the first time on the plan holds it."""
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(publication)
        must_be(row, S.DRAFT)
        _must_be_ahead(row.publish_at, at)
        if row.submitted_at is None:
            row.planned_at = row.submitted_at = at
        row.state, row.comment = S.SUBMITTED, ""
        row.save(update_fields=["planned_at", "submitted_at", "state", "comment"])
        _note("publication_submitted", row, by=by, at=at)
    return row


def approve(
    publication: Publication, *, edition: int, by: Actor, at: datetime | None = None
) -> Publication:
    """Freezes words, plan and time; it goes out by itself at its minute.

    edition: the one that the approver has read. Raises Forbidden for its author, for who wrote it
    last and for a session of theirs; Conflict when it was changed since, or its moment is over.
    """
    must_be_in_person(by)
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(publication)
        must_be(row, S.SUBMITTED)
        must_be_read(row, edition)
        approver = employee_of(by.user)
        if approver.pk in (row.author_id, row.edited_by_id):
            raise Forbidden(_("somebody else than its author approves it"), code="own_publication")
        must_not_share_session(row, by)
        if row.publish_at < at - LATE:
            raise Conflict(_("its time is over: move it first"), code="time_is_over")
        row.state, row.approved_by, row.approved_at = S.APPROVED, approver, at
        row.due_at, row.attempt, row.cause, row.comment = max(row.publish_at, at), 0, "", ""
        row.save()
        _note("publication_approved", row, by=by, at=at, edition=edition)
        wake(Task.PUBLISH, row.pk)
    return row


def send_back(
    publication: Publication, *, comment: str, by: Actor, at: datetime | None = None
) -> Publication:
    """Back to its author, who is told what is missing; it is a draft again."""
    comment = comment.strip()
    if not comment:
        raise Invalid(_("say what is missing"), code="empty")
    with transaction.atomic():
        row = locked(publication)
        must_be(row, S.SUBMITTED, S.APPROVED)
        _withdraw_approval(row)
        row.state, row.comment = S.DRAFT, comment[:500]
        row.save()
        _note("publication_sent_back", row, by=by, at=at or timezone.now())
    return row


def publish_now(publication: Publication, *, by: Actor, at: datetime | None = None) -> Publication:
    """An approved one without waiting, or a failed one again. Its planned time stays as it was."""
    must_be_in_person(by)
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(publication)
        must_be(row, S.APPROVED, S.FAILED)
        row.state, row.due_at, row.attempt, row.cause = S.APPROVED, at, 0, ""
        row.save(update_fields=["state", "due_at", "attempt", "cause"])
        _note("publication_hurried", row, by=by, at=at)
        wake(Task.PUBLISH, row.pk)
    return row


def publish_again(
    publication: Publication, *, by: Actor, at: datetime | None = None
) -> Publication:
    """A person has looked: an unknown one did not appear, and is sent once more."""
    must_be_in_person(by)
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(publication)
        must_be(row, S.UNKNOWN)
        row.state, row.due_at, row.attempt, row.cause = S.APPROVED, at, 0, ""
        row.save(update_fields=["state", "due_at", "attempt", "cause"])
        _note("publication_again", row, by=by, at=at)
        wake(Task.PUBLISH, row.pk)
    return row


def confirm(
    publication: Publication, *, by: Actor, external_id: str = "", at: datetime | None = None
) -> Publication:
    """A person has seen that it is out, or has published it by hand; it counts from now.

    external_id: what the network calls it, so that answers are found.
    """
    must_be_in_person(by)
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(publication)
        must_be(row, S.APPROVED, S.FAILED, S.UNKNOWN)
        row.state, row.published_at, row.cause = S.PUBLISHED, at, ""
        row.external_id = external_id.strip()[:500] or row.external_id
        row.save(update_fields=["state", "published_at", "cause", "external_id"])
        _note("publication_confirmed", row, by=by, at=at)
    return row


def cancel(publication: Publication, *, by: Actor, at: datetime | None = None) -> Publication:
    """It will not appear. What was submitted stays to be seen."""
    with transaction.atomic():
        row = locked(publication)
        must_be(row, *EDITABLE)
        _withdraw_approval(row)
        row.state = S.CANCELLED
        row.save()
        _note("publication_cancelled", row, by=by, at=at or timezone.now())
    return row


def locked(publication: Publication) -> Publication:
    """The row as it is now, held until the end of the transaction."""
    rows = Publication.objects.select_for_update(of=("self",)).select_related("channel__unit")
    return rows.get(pk=publication.pk)


def _changed(row: Publication, fields: Mapping[str, Any]) -> list[str]:
    """Sets what differs; the names of it."""
    unknown = set(fields) - set(CONTENT)
    if unknown:
        raise TypeError(f"no content of a publication: {sorted(unknown)}")
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    return sorted(changed)


def _ask_again(row: Publication) -> None:
    """Whatever was approved was something else."""
    row.edition += 1
    if row.state in (S.APPROVED, S.FAILED):
        row.state = S.SUBMITTED
        _withdraw_approval(row)


def _withdraw_approval(row: Publication) -> None:
    row.approved_by = row.approved_at = row.due_at = None
    row.cause = ""


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _check(row: Publication) -> None:
    if not row.text:
        raise Invalid(_("a publication has a text"), code="empty")
    if len(row.text) > LONGEST_TEXT:
        raise Invalid(_("the text is too long"), code="too_long")
    if bool(row.expected_metric) != (row.expected_value is not None):
        raise Invalid(_("an expectation is a metric and a value"), code="half_an_expectation")
    if row.expected_value is not None and abs(row.expected_value) > LARGEST_VALUE:
        raise Invalid(_("the expected value is out of range"), code="out_of_range")
    _must_be_near(row.publish_at)
    if row.channel.closed_at is not None:
        raise Invalid(_("this channel is closed"), code="channel_closed")


def _must_be_near(moment: datetime) -> None:
    """Within what a calendar shows: the ends of the calendar itself have no local time."""
    if not EARLIEST <= moment.year <= LATEST:
        raise Invalid(_("this date is out of range"), code="out_of_range")


def _must_be_ahead(moment: datetime, at: datetime) -> None:
    _must_be_near(moment)
    if moment <= at:
        raise Invalid(_("this time has passed"), code="in_the_past")


def _note(verb: str, row: Publication, *, by: Actor, at: datetime, **data: Any) -> None:
    """The trail: what was planned for when, since when, in which edition."""
    plan = {
        "state": row.state,
        "edition": row.edition,
        "publish_at": row.publish_at.isoformat(),
        "planned_at": row.planned_at.isoformat(),
    }
    record(verb, row, by=by, at=at, **(plan | data))
