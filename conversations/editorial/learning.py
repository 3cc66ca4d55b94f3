"""What came of a publication: measured counts, a person's comparison, decisions that follow."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels import sending
from conversations.channels.accounts import public_key
from conversations.channels.claiming import Opened
from conversations.channels.wire.contract import Counted, Inbound
from conversations.editorial import publishing
from conversations.editorial.life import LARGEST_VALUE
from conversations.editorial.links import clicks_of
from conversations.editorial.models import Decision, Publication, PublicationState, Reaction
from conversations.editorial.rights import must_be
from conversations.inbox.models import Conversation
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.own_acts import must_be_in_person
from crm.journal.services import record
from crm.organisation.people import employee_of
from crm.values import Actor, Via

COMPARED_WITHIN = timedelta(days=30)
LONGEST = 5_000
CLICKS, REPLIES = "clicks", "replies"


def compare(
    publication: Publication,
    *,
    value: float,
    by: Actor,
    lesson: str = "",
    at: datetime | None = None,
) -> Reaction:
    """A person says what really came, beside what was expected, once.

    Raises Conflict before it is out or where nothing was expected, Invalid for no number.
    """
    must_be_in_person(by)
    _must_be_a_number(value)
    at = at or timezone.now()
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        must_be(row, PublicationState.PUBLISHED)
        if not row.has_expectation:
            raise Conflict(_("nothing was expected of it"), code="no_expectation")
        if row.reactions.filter(compared_by__isnull=False).exists():
            raise Conflict(_("it is compared already"), code="compared")
        reaction = Reaction.objects.create(
            publication=row,
            metric=row.expected_metric,
            value=value,
            compared_by=employee_of(by.user),
            lesson=_short(lesson),
            via=by.via,
            occurred_at=at,
        )
        record("publication_compared", row, by=by, at=at, value=value)
    return reaction


def decide(
    publication: Publication, *, text: str, by: Actor, at: datetime | None = None
) -> Decision:
    """What is done differently from now on, by another person than who compared."""
    must_be_in_person(by)
    text = _short(text)
    if not text:
        raise Invalid(_("say what was decided"), code="empty")
    at = at or timezone.now()
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        comparison = comparison_of(row)
        if comparison is None:
            raise Conflict(_("compare it first"), code="not_compared")
        decider = employee_of(by.user)
        if decider.pk == comparison.compared_by_id:
            raise Forbidden(_("somebody else than who compared decides"), code="own_comparison")
        decision = Decision.objects.create(
            publication=row, comparison=comparison, by=decider, text=text, via=by.via,
            occurred_at=at,
        )  # fmt: skip
        record("publication_decided", row, by=by, at=at)
    return decision


def is_too_late(publication: Publication, *, at: datetime) -> bool:
    """Whether a comparison made now is kept, but no longer counts for the company's stage."""
    out = publication.published_at
    return out is not None and at - out > COMPARED_WITHIN


def comparison_of(publication: Publication) -> Reaction | None:
    compared = publication.reactions.filter(compared_by__isnull=False)
    return compared.order_by("occurred_at", "pk").first()


def consume(opened: Sequence[Opened]) -> Mapping[uuid.UUID, str]:
    """Takes counts of likes and the like; and our own publication, shown to us by its network."""
    counts = [(one, item) for one in opened for item in one.items if isinstance(item, Counted)]
    seen = [(one, item) for one in opened for item in one.items if isinstance(item, Inbound)]
    asked = {(one.channel.pk, item.external_id) for one, item in counts}
    asked |= {(one.channel.pk, item.external_id) for one, item in seen}
    ours = sending.ours(asked)
    if not ours and not counts:
        return {}
    echoes = {ours.get((one.channel.pk, item.external_id)) for one, item in seen}
    publishing.seen_outside({each for each in echoes if each}, at=timezone.now())
    return _take_counts(counts, ours)


def _take_counts(
    counts: Sequence[tuple[Opened, Counted]], ours: Mapping[tuple[uuid.UUID, str], uuid.UUID]
) -> dict[uuid.UUID, str]:
    remarks: dict[uuid.UUID, str] = {}
    known = []
    for one, item in counts:
        subject = ours.get((one.channel.pk, item.external_id))
        if subject is None:
            remarks[one.id] = "counts of a publication that is not known here"
        else:
            known.append((subject, item, one.received_at))
    note_counts(known)
    return remarks


def note_counts(counts: Sequence[tuple[uuid.UUID, Counted, datetime]]) -> None:
    """A row each time a publication's total moved; what is unchanged adds nothing."""
    last = _totals({subject for subject, _item, _at in counts})
    made = []
    for subject, item, at in counts:
        metric = item.metric.casefold().strip()
        if last.get((subject, metric)) != item.value:
            last[subject, metric] = item.value
            made.append(_count(subject, metric, item.value, at=at))
    Reaction.objects.bulk_create(made)


def _count(publication: uuid.UUID, metric: str, value: float, *, at: datetime) -> Reaction:
    return Reaction(
        publication_id=publication, metric=metric, value=value, via=Via.AUTOMATION, occurred_at=at
    )


def _totals(publications: set[uuid.UUID]) -> dict[tuple[uuid.UUID, str], float]:
    """The newest count of each metric."""
    rows = Reaction.objects.filter(publication__in=publications, compared_by=None)
    ordered = rows.order_by("occurred_at", "pk").values_list("publication_id", "metric", "value")
    return {(publication, metric): value for publication, metric, value in ordered}


@dataclass(frozen=True, slots=True)
class Measured:
    """What this house counted by itself. counts: the network's own, by metric."""

    replies: int
    people: int
    repeats: int
    robots: int
    counts: dict[str, float]

    def value_of(self, metric: str) -> float | None:
        """The number for an expected metric, where it is one that is counted here."""
        known = {CLICKS: float(self.people), REPLIES: float(self.replies)} | self.counts
        return known.get(metric.casefold().strip())


def measured(publication: Publication) -> Measured:
    """Replies are conversations whose thread is the publication, each once."""
    clicks = clicks_of(publication)
    counts = {metric: value for (__, metric), value in _totals({publication.pk}).items()}
    return Measured(replies=answers_to(publication).count(), counts=counts, **clicks)


def answers_to(publication: Publication) -> QuerySet[Conversation]:
    begun = publication.external_id
    names = {str(publication.pk), begun, public_key(publication.channel, begun)} - {""}
    rows = Conversation.objects.filter(channel=publication.channel_id, thread__in=names)
    return rows if publication.published_at else rows.none()


def _must_be_a_number(value: float) -> None:
    if not (math.isfinite(value) and abs(value) <= LARGEST_VALUE):
        raise Invalid(_("a number is expected"), code="no_number")


def _short(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise Invalid(_("the text is too long"), code="too_long")
    return text
