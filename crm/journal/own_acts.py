"""What asks for a person, and for another one than before."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _

from crm.errors import Forbidden
from crm.journal.models import Act
from crm.values import Actor, Via


def must_be_in_person(by: Actor) -> None:
    """A person's own act, never a program's."""
    if by.via is not Via.OWN:
        raise Forbidden(_("only a person in their own name may do this"), code="in_person")


def must_not_share_session(subject: models.Model, by: Actor) -> None:
    """One session can't sign for two people: who wrote it, and who approves it."""
    acts = Act.objects.filter(
        subject_type=subject._meta.model_name, subject_id=str(subject.pk), session=by.session
    )
    if by.session and acts.exclude(actor=by.user).exists():
        raise Forbidden(_("somebody else acted on it in this very session"), code="same_session")
