"""What a person may do with an article they can see. Verbs ask here; doors show it."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from conversations.knowledge.models import (
    Article,
    ArticleState,
    ArticleVersion,
    VersionOutcome,
    Visibility,
)
from crm.access.models import Role
from crm.access.services import has_role, staffed_units
from crm.errors import Conflict, Forbidden
from crm.organisation.models import Employee, User


def must_be(article: Article, *states: ArticleState) -> None:
    if article.state not in states:
        said = _("this is not possible while it is: %(state)s")
        raise Conflict(said % {"state": article.get_state_display()}, code="wrong_state")


def may_edit_draft(article: Article, user: User) -> bool:
    """Who writes it; a draft is nobody else's business."""
    mine = Employee.objects.filter(user=user).values_list("pk", flat=True).first()
    writers = (article.author_id, article.owner_id, article.edited_by_id)
    return user.is_superuser or (mine is not None and mine in writers)


def must_edit_draft(article: Article, user: User | None) -> None:
    if user is None or not may_edit_draft(article, user):
        raise Forbidden(_("only who writes it may do this"), code="not_yours")


def may_care(article: Article, user: User) -> bool:
    """Its owner and author, and the staff of its unit."""
    return may_edit_draft(article, user) or serves(article, user)


def must_care(article: Article, user: User | None) -> None:
    if user is None or not may_care(article, user):
        raise Forbidden(_("only its owner or the staff may do this"), code="not_yours")


def serves(article: Article, user: User) -> bool:
    """Staff of the article's unit; of any unit where it is for all."""
    units = staffed_units(user)
    return units is None or (bool(units) if article.unit_id is None else article.unit_id in units)


def writers_of(article: Article) -> set[uuid.UUID]:
    """Who wrote what is not out yet: each version since the published one, and the draft."""
    versions = list(article.versions.order_by("-number").values_list("by", "outcome"))
    pending = set()
    for writer, outcome in versions:
        if outcome == VersionOutcome.PUBLISHED:
            break
        pending.add(writer)
    if not article.published_at:
        pending |= {pk for pk in (article.author_id, article.edited_by_id) if pk}
    return pending


def why_not_review(article: Article, version: ArticleVersion, user: User) -> str:
    """Why this person can't decide about this version, "" where they can."""
    employee = Employee.objects.filter(user=user).first()
    if employee is None or not has_role(user, Role.STAFF, Role.AMBASSADOR):
        return _("Who answers customers reviews articles.")
    if employee.pk in writers_of(article):
        return _("Somebody else than who wrote it reviews it.")
    if Visibility.PUBLIC in (version.visibility, article.visibility) and not serves(article, user):
        return _("What everybody can read is reviewed by the staff of its unit.")
    return ""


def must_review(article: Article, version: ArticleVersion, user: User | None) -> None:
    if user is None:
        raise Forbidden(_("only a person in their own name may do this"), code="in_person")
    why = why_not_review(article, version, user)
    if why:
        raise Forbidden(why, code="own_article")
