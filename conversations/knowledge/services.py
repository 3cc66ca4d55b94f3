"""Verbs of an article's life: write, edit, hand in, review, change, retire.

Each locks the row, looks whether the state allows it, and leaves a line in the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation
from conversations.knowledge.drafting import drafted
from conversations.knowledge.models import (
    Article,
    ArticleFlag,
    ArticleReview,
    ArticleState,
    ArticleVersion,
    FlagOutcome,
    VersionOutcome,
    Visibility,
)
from conversations.knowledge.models.article import LONGEST_TITLE
from conversations.knowledge.rights import (
    must_be,
    must_care,
    must_edit_draft,
    must_review,
)
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.own_acts import must_be_in_person, must_not_share_session
from crm.journal.services import record
from crm.organisation.models import Employee, Unit
from crm.organisation.people import employee_of
from crm.values import Actor

S = ArticleState
LONGEST_TEXT = 50_000
LONGEST_COMMENT = 500
MOST_TAGS = 20
LONGEST_TAG = 60
FRESH_FOR = timedelta(days=365)  # from one review to the day of the next
CONTENT = ("title", "text", "language", "tags", "visibility")


@dataclass(frozen=True, slots=True)
class Content:
    """What an article says. Raises Invalid for an empty or endless title or text."""

    title: str
    text: str
    language: str = "en"
    tags: Sequence[str] = ()
    visibility: str = Visibility.INTERNAL

    def columns(self) -> dict[str, Any]:
        title = " ".join(self.title.split())
        text = self.text.replace("\r\n", "\n").strip()
        if not title or not text:
            raise Invalid(_("an article has a title and a text"), code="empty")
        if len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
            raise Invalid(_("the title or the text is too long"), code="too_long")
        tags = [tag.strip() for tag in self.tags if tag.strip()]
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            raise Invalid(_("these are too many tags, or too long ones"), code="too_long")
        if self.visibility not in Visibility.values:
            raise Invalid(_("there is no such visibility"), code="invalid")
        return {
            "title": title,
            "text": text,
            "language": self.language,
            "tags": list(dict.fromkeys(tags)),
            "visibility": self.visibility,
        }


def write_article(
    title: str,
    *,
    text: str,
    by: Actor,
    unit: Unit | None = None,
    conversation: Conversation | None = None,
    at: datetime | None = None,
    **more: Any,
) -> Article:
    """A draft. conversation: the exchange it was learnt in. more: the rest of `Content`.

    Raises Invalid, Forbidden for who is no employee.
    """
    at = at or timezone.now()
    author = employee_of(by.user)
    article = Article(
        author=author,
        edited_by=author,
        unit=unit,
        conversation=conversation,
        via=by.via,
        occurred_at=at,
        **Content(title, text, **more).columns(),
    )
    with transaction.atomic():
        article.save(force_insert=True)
        record("article_written", article, by=by, at=at)
    return article


def write_from(conversation: Conversation, *, by: Actor, at: datetime | None = None) -> Article:
    """A draft of what was answered there, personal data left out.

    Raises Conflict `nothing_answered` where nobody answered yet.
    """
    draft = drafted(conversation)
    if not draft.text:
        raise Conflict(_("nothing was answered here yet"), code="nothing_answered")
    return write_article(
        draft.title or _("Without a title"),
        text=draft.text[:LONGEST_TEXT],
        by=by,
        language=(conversation.language or "en")[:3],
        unit=conversation.unit,
        conversation=conversation,
        at=at,
    )


def edit(article: Article, *, by: Actor, at: datetime | None = None, **content: Any) -> Article:
    """Other words of a draft. content: any of CONTENT, and `unit`.

    Raises Conflict once it was handed in, Forbidden for who does not write it, Invalid.
    """
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        must_be(row, S.DRAFT)
        must_edit_draft(row, by.user)
        changed = _set(row, content)
        if changed:
            row.edited_by = employee_of(by.user)
            row.save()
            record("article_edited", row, by=by, at=at, fields=changed)
    return row


def _set(row: Article, content: dict[str, Any]) -> list[str]:
    """Sets what differs; the names of it."""
    wanted = Content(**{name: content.get(name, getattr(row, name)) for name in CONTENT}).columns()
    if "unit" in content:
        wanted["unit"] = content["unit"]
    changed = sorted(name for name, value in wanted.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, wanted[name])
    return changed


def submit(article: Article, *, by: Actor, at: datetime | None = None) -> Article:
    """Hands the draft in: from now on it is a version, and somebody else decides."""
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        must_be(row, S.DRAFT)
        must_edit_draft(row, by.user)
        version = _new_version(row, Content(**_content_of(row)), by=by, at=at)
        row.state, row.comment = S.REVIEW, ""
        row.save()
        record("article_submitted", row, by=by, at=at, version=version.number)
    return row


def propose(article: Article, *, by: Actor, at: datetime | None = None, **content: Any) -> Article:
    """A new version of what is out; the old one stays out until somebody else approves this.

    It takes the place of one that waits. Raises Conflict `same` where nothing differs.
    """
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        must_be(row, S.PUBLISHED)
        before = _content_of(waiting_version(row) or row)
        wanted = Content(**(before | content))
        if wanted.columns() == before:
            raise Conflict(_("nothing differs from what is there"), code="same")
        version = _new_version(row, wanted, by=by, at=at)
        row.save()
        record("article_change_proposed", row, by=by, at=at, version=version.number)
    return row


def approve(article: Article, *, number: int, by: Actor, at: datetime | None = None) -> Article:
    """Publishes the version that waits; this is a review. number: the one that was read.

    Raises Forbidden for who wrote any of it and for a session of theirs, Conflict when another
    version waits by now.
    """
    must_be_in_person(by)
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        version = _asked_for(row, number)
        must_review(row, version, by.user)
        must_not_share_session(row, by)
        _decide(version, VersionOutcome.PUBLISHED, by=by, at=at)
        for name in CONTENT:
            setattr(row, name, getattr(version, name))
        row.state, row.waiting, row.comment = S.PUBLISHED, None, ""
        row.published_at = row.published_at or at
        _note_review(row, by=by, at=at)
        row.save()
        _close_flags(row, FlagOutcome.FIXED, by=by, at=at)
        record("article_published", row, by=by, at=at, version=number)
    return row


def send_back(
    article: Article, *, number: int, comment: str, by: Actor, at: datetime | None = None
) -> Article:
    """Not like this: a draft again, or a change that is not made. The writer sees why."""
    at = at or timezone.now()
    if not comment.strip():
        raise Invalid(_("say what is missing"), code="empty")
    with transaction.atomic():
        row = locked(article)
        version = _asked_for(row, number)
        must_review(row, version, by.user)
        row.comment = version.comment = comment.strip()[:LONGEST_COMMENT]
        _decide(version, VersionOutcome.SENT_BACK, by=by, at=at)
        row.waiting = None
        if row.state == S.REVIEW:
            row.state = S.DRAFT
        row.save()
        record("article_sent_back", row, by=by, at=at, version=number)
    return row


def review(article: Article, *, by: Actor, at: datetime | None = None) -> ArticleReview:
    """Says that what is out is still right. Raises Forbidden for who wrote it."""
    must_be_in_person(by)
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        must_be(row, S.PUBLISHED)
        must_not_share_session(row, by)
        if employee_of(by.user).pk == _writer_of_what_is_out(row):
            raise Forbidden(_("somebody else than who wrote it reviews it"), code="own_article")
        reviewed = _note_review(row, by=by, at=at)
        row.save(update_fields=["review_on", "updated_at"])
        record("article_reviewed", row, by=by, at=at)
    return reviewed


def retire(article: Article, *, by: Actor, at: datetime | None = None) -> Article:
    """No longer found or suggested; what used it stays counted."""
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        must_be(row, S.PUBLISHED)
        must_care(row, by.user)
        _replace_waiting(row, at)
        row.state, row.waiting = S.RETIRED, None
        row.save()
        _close_flags(row, FlagOutcome.FIXED, by=by, at=at)
        record("article_retired", row, by=by, at=at)
    return row


def restore(article: Article, *, by: Actor, at: datetime | None = None) -> Article:
    """A retired one is handed in again, as it was."""
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        must_be(row, S.RETIRED)
        version = _new_version(row, Content(**_content_of(row)), by=by, at=at)
        row.state = S.REVIEW
        row.save()
        record("article_restored", row, by=by, at=at, version=version.number)
    return row


def care(
    article: Article,
    *,
    by: Actor,
    owner: Employee | None = None,
    review_on: date | None = None,
    at: datetime | None = None,
) -> Article:
    """Who keeps it right, and by when it is looked at again; what is None stays."""
    at = at or timezone.now()
    with transaction.atomic():
        row = locked(article)
        must_care(row, by.user)
        if review_on is not None and not at.date() <= review_on <= (at + 3 * FRESH_FOR).date():
            raise Invalid(_("choose a day within three years"), code="out_of_range")
        row.owner, row.review_on = owner or row.owner, review_on or row.review_on
        row.save(update_fields=["owner", "review_on", "updated_at"])
        record("article_cared_for", row, by=by, at=at, owner=str(row.carer.pk))
    return row


def locked(article: Article) -> Article:
    """The row as it is now, held until the end of the transaction."""
    rows = Article.objects.select_for_update(of=("self",)).select_related("author", "owner")
    return rows.defer("search").get(pk=article.pk)


def waiting_version(article: Article) -> ArticleVersion | None:
    return article.versions.filter(outcome=VersionOutcome.WAITING).select_related("by").first()


def _asked_for(row: Article, number: int) -> ArticleVersion:
    """The version that waits, if it is the one that was read."""
    version = waiting_version(row)
    if version is None:
        raise Conflict(_("no version waits for a review"), code="nothing_waits")
    if version.number != number:
        raise Conflict(_("it was changed since you read it"), code="changed_since")
    return version


def _content_of(row: Article | ArticleVersion) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CONTENT}


def _new_version(row: Article, content: Content, *, by: Actor, at: datetime) -> ArticleVersion:
    columns = content.columns()
    _keep_what_was_imported(row)
    _replace_waiting(row, at)
    row.number += 1
    row.waiting = row.number
    return ArticleVersion.objects.create(
        article=row,
        number=row.number,
        by=employee_of(by.user),
        via=by.via,
        occurred_at=at,
        **columns,
    )


def _keep_what_was_imported(row: Article) -> None:
    """What is out without a version becomes the first one, before another takes its place."""
    if row.number == 0 and row.published_at is not None:
        row.number = 1
        ArticleVersion.objects.create(
            article=row,
            number=1,
            by_id=row.author_id,
            via=row.via,
            occurred_at=row.occurred_at,
            outcome=VersionOutcome.PUBLISHED,
            decided_at=row.published_at,
            **_content_of(row),
        )


def _replace_waiting(row: Article, at: datetime) -> None:
    waiting = row.versions.filter(outcome=VersionOutcome.WAITING)
    waiting.update(outcome=VersionOutcome.REPLACED, decided_at=at)


def _decide(version: ArticleVersion, outcome: str, *, by: Actor, at: datetime) -> None:
    version.outcome, version.decided_by, version.decided_at = outcome, employee_of(by.user), at
    version.save(update_fields=["outcome", "decided_by", "decided_at", "comment"])


def _note_review(row: Article, *, by: Actor, at: datetime) -> ArticleReview:
    row.review_on = (at + FRESH_FOR).date()
    return ArticleReview.objects.create(
        article=row, by=employee_of(by.user), via=by.via, occurred_at=at
    )


def _writer_of_what_is_out(row: Article) -> object:
    out = row.versions.filter(outcome=VersionOutcome.PUBLISHED).order_by("number").last()
    return out.by_id if out else row.author_id


def _close_flags(row: Article, outcome: str, *, by: Actor, at: datetime) -> None:
    flags = ArticleFlag.objects.filter(article=row, outcome=FlagOutcome.OPEN)
    flags.update(outcome=outcome, closed_by=employee_of(by.user), closed_at=at)
