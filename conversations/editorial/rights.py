"""What refuses an act on a publication, in one place: who may, and when."""

from __future__ import annotations

from django.utils.translation import gettext as _

from conversations.editorial.models import Publication, PublicationState
from crm.errors import Conflict


def must_be(publication: Publication, *states: PublicationState) -> None:
    if publication.state not in states:
        said = _("this is not possible while it is: %(state)s")
        raise Conflict(said % {"state": publication.get_state_display()}, code="wrong_state")


def must_be_read(publication: Publication, edition: int) -> None:
    """What is approved is what the approver has read."""
    if publication.edition != edition:
        raise Conflict(_("it was changed since you read it"), code="changed_since")
