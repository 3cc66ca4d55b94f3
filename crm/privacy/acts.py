"""What staff does on the page of a person. Each act calls one verb and says what came of it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import QueryDict
from django.utils.translation import gettext as _

from crm.contacts import consent, merging
from crm.contacts.models import ConsentSource, Contact, ContactMerge, Identity, Purpose
from crm.contacts.services import block
from crm.errors import Conflict, Invalid
from crm.privacy import exporting, services
from crm.privacy.models import Erasure, ErasureState
from crm.values import Actor

Act = Callable[[Contact, QueryDict, Actor], str]
LONGEST_NUMBER = 19  # digits of a bigint


def _consent(person: Contact, form: QueryDict, by: Actor) -> str:
    """What the person told a colleague."""
    identity = Identity.objects.filter(pk=_number(form, "address")).first()
    if identity is None or identity.contact_id != person.pk:
        raise Invalid(_("this is not an address of theirs"), code="unknown_address")
    purpose = str(form.get("purpose"))
    if purpose not in Purpose.values:
        raise Invalid(_("an unknown purpose"), code="unknown_purpose")
    consent.say(
        identity,
        Purpose(purpose),
        given=form.get("given") == "yes",
        source=ConsentSource.TOLD,
        by=by,
    )
    return _("Kept.")


def _block(person: Contact, form: QueryDict, by: Actor) -> str:
    blocked = form.get("blocked") == "yes"
    block(person, blocked=blocked, by=by)
    return _("Blocked: what they write goes to spam") if blocked else _("No longer blocked")


def _export(person: Contact, form: QueryDict, by: Actor) -> str:
    exporting.ask(person, by=by)
    return _("The copy is being put together; it will be here in a minute.")


def _erase(person: Contact, form: QueryDict, by: Actor) -> str:
    if form.get("sure") != "yes":
        raise Invalid(_("say that you know that it can't be undone"), code="not_sure")
    asked: Erasure = services.ask(person, ground=form.get("ground", ""), by=by)
    if asked.state == ErasureState.ASKED:
        return _("Asked for: somebody else must agree, under Erasures.")
    return _("It is under way.")


def _unmerge(person: Contact, form: QueryDict, by: Actor) -> str:
    made = ContactMerge.objects.filter(pk=_number(form, "merge")).first()
    if made is None or made not in merging.merges_of(person):
        raise Conflict(_("there is no such merge"), code="unknown_merge")
    merging.undo(made, by=by)
    return _("They are two people again.")


def _number(form: QueryDict, name: str) -> int:
    said = form.get(name, "")
    is_number = said.isascii() and said.isdigit() and len(said) < LONGEST_NUMBER
    return int(said) if is_number else 0


ACTS: dict[str, Act] = {
    "consent": _consent,
    "block": _block,
    "export": _export,
    "erase": _erase,
    "unmerge": _unmerge,
}
