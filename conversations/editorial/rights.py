"""What refuses an act on a publication, in one place: who may, and when."""

from __future__ import annotations

from django.utils.translation import gettext as _

from conversations.editorial.models import Publication, PublicationState
from crm.errors import Conflict, Forbidden
from crm.journal.models import Act
from crm.values import Actor, Via


def must_be_in_person(by: Actor) -> None:
    """Approving, comparing and deciding are a person's own acts, never a program's."""
    if by.via is not Via.OWN:
        raise Forbidden(_("only a person in their own name may do this"), code="in_person")


def must_be(publication: Publication, *states: PublicationState) -> None:
    if publication.state not in states:
        said = _("this is not possible while it is: %(state)s")
        raise Conflict(said % {"state": publication.get_state_display()}, code="wrong_state")


def must_be_read(publication: Publication, edition: int) -> None:
    """What is approved is what the approver has read."""
    if publication.edition != edition:
        raise Conflict(_("it was changed since you read it"), code="changed_since")


def must_not_share_session(publication: Publication, by: Actor) -> None:
    """One session can't sign for two people: who wrote it, and who approves it."""
    acts = Act.objects.filter(
        subject_type="publication", subject_id=str(publication.pk), session=by.session
    )
    if by.session and acts.exclude(actor=by.user).exists():
        raise Forbidden(_("somebody else acted on it in this very session"), code="same_session")
