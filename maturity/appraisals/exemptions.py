"""Setting a gate aside: one asks with a reason, another approves, and it ends by itself."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.access.models import Role
from crm.access.services import Person, has_role
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.values import Actor, Via
from maturity.appraisals.exempting import Exempted, Exempting
from maturity.appraisals.models import Exemption
from maturity.appraisals.versions import today_model
from maturity.scoring.definition import Criterion

GOVERNANCE = "governance"  # its gates are never set aside
SHORTEST_REASON, LONGEST_REASON = 10, 500


def may_exempt(person: Person) -> bool:
    return has_role(person, Role.EXECUTIVE)


def is_exemptable(criterion: Criterion) -> bool:
    """A gate, and none of governance."""
    return criterion.is_gate and criterion.dimension != GOVERNANCE


def exempted() -> Exempted:
    """Everything that was ever approved, as the walk looks at it."""
    rows = Exemption.objects.filter(approved_at__isnull=False).order_by("approved_at", "pk")
    fields = ("unit", "criterion", "approved_at", "until", "closed_at")
    return Exempted([Exempting(*row) for row in rows.values_list(*fields)])


def of_gate(criterion: str, unit: UUID | None) -> QuerySet[Exemption]:
    """Newest first."""
    rows = Exemption.objects.filter(criterion=criterion, unit=unit)
    return rows.select_related("asked_by", "approved_by", "closed_by")


def in_force(at: date) -> QuerySet[Exemption]:
    """Those of a day, of the company and of units."""
    day_over = timezone.make_aware(datetime.combine(at, time.max))
    kept = Q(closed_at=None) | Q(closed_at__gt=day_over)
    rows = Exemption.objects.filter(kept, approved_at__lte=day_over, until__gte=at)
    return rows.select_related("unit", "asked_by", "approved_by")


def ask(
    criterion: str, *, unit: UUID | None, reason: str, until: date | None, by: Actor
) -> Exemption:
    """Asks for it; nothing changes until somebody else approves."""
    _own(by)
    found = today_model().by_id.get(criterion)
    if found is None or not is_exemptable(found):
        raise Invalid(_("only gates outside of governance can be exempted"), code="not_exemptable")
    _check(reason=reason.strip(), until=until)
    words = {"criterion": criterion, "unit_id": unit, "until": until, "reason": reason.strip()}
    try:
        with transaction.atomic():
            made = Exemption.objects.create(stage=found.stage, asked_by=by.user, **words)
            record("exemption_asked", made, by=by, **_told(made))
    except IntegrityError as error:
        raise Conflict(_("it has been asked for already"), code="asked_already") from error
    return made


def approve(exemption: Exemption, *, by: Actor, at: date | None = None) -> Exemption:
    """From now on the gate counts as open, until the last day. Never one's own asking."""
    _own(by)
    today = at or timezone.localdate()
    with transaction.atomic():
        row = Exemption.objects.select_for_update().get(pk=exemption.pk)
        if row.asked_by_id is None or (by.user and by.user.pk == row.asked_by_id):
            raise Forbidden(_("somebody else than who asked approves an exemption"))
        if not row.is_open or row.until < today:
            raise Conflict(_("there is nothing left to approve"), code="decided_already")
        places = Exemption.objects.filter(unit=row.unit_id, stage=row.stage, is_current=True)
        places.filter(Q(until__lt=today) | Q(closed_at__isnull=False)).update(is_current=False)
        if places.exists():
            raise Conflict(_("another gate of this stage is exempted"), code="stage_exempted")
        row.approved_by, row.approved_at, row.is_current = by.user, timezone.now(), True
        row.save(update_fields=["approved_by", "approved_at", "is_current"])
        record("exemption_approved", row, by=by, **_told(row))
    return row


def close(exemption: Exemption, *, by: Actor) -> Exemption:
    """Withdrawn, refused or ended; a second time changes nothing."""
    _own(by)
    with transaction.atomic():
        row = Exemption.objects.select_for_update().get(pk=exemption.pk)
        if row.closed_at is None:
            row.closed_by, row.closed_at, row.is_current = by.user, timezone.now(), False
            row.save(update_fields=["closed_by", "closed_at", "is_current"])
            record("exemption_closed", row, by=by, **_told(row))
    return row


def _told(row: Exemption) -> dict[str, Any]:
    return {
        "criterion": row.criterion,
        "unit": str(row.unit_id or ""),
        "until": row.until.isoformat(),
    }


def _own(by: Actor) -> None:
    if by.user is None or by.via is not Via.OWN or not may_exempt(by.user):
        raise Forbidden(_("only executives exempt a gate, in person"))


def _check(*, reason: str, until: date | None) -> None:
    today, longest = timezone.localdate(), today_model().exemption.days
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or "\0" in reason:
        raise Invalid(_("say why, in 10 to 500 characters"), code="reason_wrong")
    if until is None or not today <= until <= today + timedelta(days=longest):
        said = {"days": longest}
        raise Invalid(_("an exemption lasts at most %(days)s days") % said, code="date_wrong")
