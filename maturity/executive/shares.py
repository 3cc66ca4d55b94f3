"""Links that show the page of one day to people without a sign-in, for a while."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.access.models import Role
from crm.access.services import Person, has_role
from crm.errors import Forbidden, Invalid
from crm.journal.services import record
from crm.values import Actor
from maturity.executive.asking import Asked
from maturity.executive.models import Share

SALT = "maturity.share"
LONGEST = 90  # days
DAYS = 14


def may_share(person: Person) -> bool:
    return has_role(person, Role.EXECUTIVE)


def share(asked: Asked, *, unit: UUID | None, days: int, by: Actor) -> Share:
    """A link to exactly this page; raises Forbidden, or Invalid for a wrong number of days."""
    _check(by)
    if not 1 <= days <= LONGEST:
        raise Invalid(_("a link lives from 1 to 90 days"), code="days_wrong")
    until = timezone.now() + timedelta(days=days)
    with transaction.atomic():
        made = Share.objects.create(
            as_of=asked.as_of,
            reading=asked.reading.value,
            unit_id=unit,
            made_by=by.user,
            expires_at=until,
        )
        record(
            "maturity_shared",
            made,
            by=by,
            until=until.isoformat(),
            as_of=made.as_of.isoformat(),
            reading=made.reading,
            unit=str(unit or ""),
        )
    return made


def revoke(made: Share, *, by: Actor) -> None:
    """Ends it now; a second time changes nothing."""
    _check(by)
    with transaction.atomic():
        if Share.objects.filter(pk=made.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record("maturity_share_revoked", made, by=by)


def address(made: Share) -> str:
    token = signing.Signer(salt=SALT).sign(made.pk.hex)
    return f"{settings.BASE_URL}{reverse('maturity-shared', args=[token])}"


def opened(token: str) -> Share | None:
    """The share that a signed address names, counted; None once it ended, or for any other."""
    try:
        key = UUID(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    now = timezone.now()
    alive = Share.objects.filter(pk=key, revoked_at=None, expires_at__gt=now)
    if not alive.update(opened=F("opened") + 1, opened_at=now):
        return None
    return Share.objects.select_related("unit").get(pk=key)


def alive() -> QuerySet[Share]:
    rows = Share.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    return rows.select_related("unit", "made_by").order_by("-made_at")


def _check(by: Actor) -> None:
    if by.user is None or not may_share(by.user):
        raise Forbidden(_("only executives share the page"))
