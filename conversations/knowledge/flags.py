"""Something is wrong in an article: said while answering, told to its owner, fixed or dismissed."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation
from conversations.knowledge.models import Article, ArticleFlag, ArticleState, FlagOutcome
from conversations.knowledge.rights import must_be, must_care
from conversations.knowledge.services import LONGEST_COMMENT, locked
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.organisation.people import employee_of
from crm.values import Actor


def flag(
    article: Article,
    *,
    text: str,
    by: Actor,
    conversation: Conversation | None = None,
    at: datetime | None = None,
) -> ArticleFlag:
    """Its owner is told. Raises Conflict `flagged` where the same person has said so already."""
    at = at or timezone.now()
    if not text.strip():
        raise Invalid(_("say what is wrong"), code="empty")
    try:
        with transaction.atomic():
            row = locked(article)
            must_be(row, ArticleState.PUBLISHED)
            made = ArticleFlag.objects.create(
                article=row,
                by=employee_of(by.user),
                text=text.strip()[:LONGEST_COMMENT],
                conversation=conversation,
                via=by.via,
                occurred_at=at,
            )
            record("article_flagged", row, by=by, at=at, flag=str(made.pk))
    except IntegrityError as error:
        raise Conflict(_("you have said so already"), code="flagged") from error
    return made


def dismiss(flag: ArticleFlag, *, by: Actor, at: datetime | None = None) -> ArticleFlag:
    """The article is right as it is; a new version that is published closes flags by itself."""
    at = at or timezone.now()
    with transaction.atomic():
        row = ArticleFlag.objects.select_for_update().get(pk=flag.pk)
        must_care(row.article, by.user)
        if row.outcome != FlagOutcome.OPEN:
            raise Conflict(_("this was closed already"), code="closed")
        row.outcome, row.closed_at = FlagOutcome.DISMISSED, at
        row.closed_by = employee_of(by.user)
        row.save(update_fields=["outcome", "closed_by", "closed_at"])
        record("article_flag_dismissed", row.article, by=by, at=at, flag=str(row.pk))
    return row
