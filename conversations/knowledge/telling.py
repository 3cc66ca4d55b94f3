"""Mail to who keeps an article right: something is wrong in it, or its review is due. Once each.

A sweep claims the row, then sends: a mail lost is better than one sent twice; the same fact
stands on the page of what needs care. Several that are due together are one mail.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from conversations.knowledge.models import Article, ArticleFlag, FlagOutcome
from crm.access.models import Role, RoleGrant
from crm.organisation.models import User
from crm.organisation.people import in_language_of

MOST_TOLD = 200  # rows a sweep
MOST_LISTED = 20
EXCERPT = 300


def tell_flags(*, at: datetime) -> int:
    """Tells owners what colleagues found wrong. Returns the mails."""
    open_ones = ArticleFlag.objects.filter(told_at=None, outcome=FlagOutcome.OPEN)
    found = open_ones.select_related("by", *(f"article__{name}" for name in _PEOPLE))
    rows = [
        flag
        for flag in found[:MOST_TOLD]
        if ArticleFlag.objects.filter(pk=flag.pk, told_at=None).update(told_at=at)
    ]
    mails = _by_person((flag.article, flag) for flag in rows)
    for user, flags in mails:
        with in_language_of(user):
            subject = _("Something is wrong in what you keep: %s") % flags[0].article.title
            lines = [line for flag in flags[:MOST_LISTED] for line in _flag_lines(flag, user)]
            _send(user, subject, lines, len(flags))
    return len(mails)


_PEOPLE = ("author__user", "owner__user", "unit")


def _flag_lines(flag: ArticleFlag, user: User) -> list[str]:
    said = [f"> {line}" for line in flag.text[:EXCERPT].splitlines()]
    return [f"{flag.article.title} ({flag.by.name})", *said, _link(flag.article, user), ""]


def stale(at: datetime) -> QuerySet[Article]:
    """What should have been reviewed by now, and whose owner was not told of that day yet."""
    due = Article.objects.published().filter(review_on__lte=timezone.localdate(at))
    return due.filter(Q(told_on=None) | ~Q(told_on=F("review_on")))


def tell_stale(*, at: datetime) -> int:
    """Tells owners which articles are due for a review, once for each due day. Returns mails."""
    found = stale(at).select_related(*_PEOPLE).defer("search").order_by("review_on", "pk")
    rows = [
        article
        for article in found[:MOST_TOLD]
        if stale(at).filter(pk=article.pk).update(told_on=article.review_on)
    ]
    mails = _by_person((article, article) for article in rows)
    for user, articles in mails:
        with in_language_of(user):
            words = ngettext(
                "%s article is due for a review", "%s articles are due for a review", len(articles)
            )
            lines = [line for each in articles[:MOST_LISTED] for line in _stale_lines(each, user)]
            note = _("Somebody else than who wrote it says that it is still right.")
            _send(user, words % len(articles), [*lines, note], len(articles))
    return len(mails)


def _stale_lines(article: Article, user: User) -> list[str]:
    day = date_format(article.review_on, "DATE_FORMAT") if article.review_on else ""
    return [f"{article.title} ({day})", _link(article, user), ""]


Row = TypeVar("Row")


def _by_person(rows: Iterable[tuple[Article, Row]]) -> list[tuple[User, list[Row]]]:
    """Who keeps the article; where that one is gone, the staff of its unit."""
    mails: dict[int, tuple[User, list[Row]]] = {}
    for article, row in rows:
        for user in _carers(article):
            mails.setdefault(user.pk, (user, []))[1].append(row)
    return list(mails.values())


def _carers(article: Article) -> list[User]:
    user = article.carer.user
    if user is not None and user.is_active and article.carer.left_at is None:
        return [user]
    grants = RoleGrant.objects.filter(user=OuterRef("pk"), role=Role.STAFF)
    if article.unit_id is not None:
        grants = grants.filter(Q(unit=article.unit_id) | Q(unit=None))
    return list(User.objects.filter(Exists(grants), is_active=True)[:MOST_LISTED])


def _link(article: Article, user: User) -> str:
    """The page for who may enter the staff's site, else the address in the API."""
    if user.is_staff:
        page = reverse("admin:conversations_article_change", args=[article.pk])
        return f"{settings.BASE_URL}{page}"
    return f"{settings.BASE_URL}/api/v1/articles/{article.pk}/"


def _send(user: User, subject: str, lines: list[str], number: int) -> None:
    if number > MOST_LISTED:
        lines = [*lines, _("and %s more") % (number - MOST_LISTED)]
    text = "\n".join([_("Hello %s,") % user, "", *lines])
    send_notice(to=Party(user.email, user.name), subject=subject, text=text)
