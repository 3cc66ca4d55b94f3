"""What the pages of people show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from crm.contacts import duplicates, merging
from crm.contacts.consent import WITHOUT_A_WORD
from crm.contacts.kin import kin
from crm.contacts.models import Consent, Contact, Duplicate, Identity, Purpose
from crm.organisation.models import User
from crm.privacy.exporting import exports_of
from crm.privacy.models import Erasure, ErasureState, Ground
from crm.privacy.services import may_decide_on

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What one address agreed to for one purpose. said: the row in force, None for none."""

    purpose: str
    label: str
    given: bool
    said: Consent | None


def person(contact: Contact, request: HttpRequest) -> dict[str, Any]:
    """Beside the form of a contact: addresses and consent, duplicates, merges, copies, erasure."""
    user = request.user
    everybody = kin([contact.pk])
    identities = list(Identity.objects.filter(contact__in=everybody).order_by("pk")[:100])
    said = newest_of(identities)
    likely = duplicates.open_to(user).filter(Q(one__in=everybody) | Q(other__in=everybody))
    erasures = Erasure.objects.filter(contact__in=everybody).select_related("asked_by")
    decides = isinstance(user, User) and may_decide_on(contact, user)
    return {
        "person": contact,
        "addresses": [(each, wishes(each, said)) for each in identities],
        "likely": pairs(likely[:MOST_SHOWN], of=contact),
        "merges": merging.merges_of(contact)[:MOST_SHOWN],
        "decides": decides,
        "exports": exports_of(contact, user)[:5] if isinstance(user, User) else [],
        "erasures": erasures.order_by("-pk")[:5],
        "may_ask": decides and not erasures.filter(state__in=_ALIVE).exists(),
        "grounds": Ground.choices,
    }


_ALIVE = (ErasureState.ASKED, ErasureState.RUNNING, ErasureState.DONE)


def newest_of(identities: Iterable[Identity]) -> dict[tuple[int, str], Consent]:
    rows = Consent.objects.filter(identity__in=[each.pk for each in identities])
    newest = rows.order_by("identity", "purpose", "-pk").distinct("identity", "purpose")
    return {(row.identity_id, row.purpose): row for row in newest}


def wishes(identity: Identity, newest: dict[tuple[int, str], Consent]) -> list[Wish]:
    found = []
    for purpose in Purpose:
        said = newest.get((identity.pk, purpose.value))
        given = WITHOUT_A_WORD[purpose] if said is None else said.given
        found.append(Wish(purpose.value, str(purpose.label), given, said))
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """into, other: the link leads to the page that merges `other` into `into`."""

    pair: Duplicate
    into: Contact
    other: Contact
    evidence: list[str]


def pairs(rows: Iterable[Duplicate], *, of: Contact | None = None) -> list[Pair]:
    found = []
    for row in rows:
        into, other = (row.other, row.one) if of == row.other else (row.one, row.other)
        found.append(Pair(row, into, other, duplicates.in_words(row.evidence)))
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of two contacts. prefers: which is chosen when nobody says."""

    name: str
    label: str
    this: str
    other: str
    prefers: str

    @property
    def differs(self) -> bool:
        return self.this != self.other


def merge(into: Contact, other: Contact) -> dict[str, Any]:
    one, two = sorted((into.pk, other.pk))
    pair = Duplicate.objects.filter(one=one, other=two).first()
    return {
        "into": into,
        "other": other,
        "choices": [_choice(name, into, other) for name in merging.FIELDS],
        "addresses": [(each, _addresses(each)) for each in (into, other)],
        "evidence": duplicates.in_words(pair.evidence) if pair else [],
        "title": _("One person?"),
    }


def _choice(name: str, into: Contact, other: Contact) -> Choice:
    label = str(Contact._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    this, that = _said(into, name), _said(other, name)
    return Choice(name, label, this, that, "this" if this or not that else "other")


def _said(contact: Contact, name: str) -> str:
    if name == "relationship":
        return contact.get_relationship_display()
    value = getattr(contact, name)
    if name == "blocked_at":
        return _("blocked") if value else _("not blocked")
    return str(value)


def _addresses(contact: Contact) -> list[Identity]:
    return list(Identity.objects.filter(contact__in=kin([contact.pk])).order_by("pk")[:20])


def erasure(row: Erasure, request: HttpRequest) -> dict[str, Any]:
    """The proof; and whether it waits for this very person's word."""
    waits = row.state == ErasureState.ASKED
    return {
        "erasure": row,
        "counts": sorted(row.counts.items()),
        "waits": waits,
        "is_mine": row.asked_by_id == request.user.pk,
    }
