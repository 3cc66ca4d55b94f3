"""Articles in the staff's pages: what is out, what waits for a review, mine, what needs care."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.inbox.finding import id_in
from conversations.knowledge.differences import differences
from conversations.knowledge.duplicates import duplicates
from conversations.knowledge.models import (
    Article,
    ArticleFlag,
    ArticleQuerySet,
    ArticleState,
    ArticleVersion,
    FlagOutcome,
    VersionOutcome,
    Visibility,
)
from conversations.knowledge.reuse import reads_reuse
from conversations.knowledge.rights import may_care, may_edit_draft, why_not_review
from conversations.knowledge.search import find
from crm.organisation.models import Employee, Unit, User

S = ArticleState
PAGE = 30
LAST_PAGE = 200
LONGEST_QUERY = 200
MOST_VERSIONS = 50
MOST_PEOPLE = 500
Rows = ArticleQuerySet


def _open_flag() -> Exists:
    return Exists(ArticleFlag.objects.filter(article=OuterRef("pk"), outcome=FlagOutcome.OPEN))


def _mine(user: User) -> Q:
    return Q(author__user=user) | Q(owner__user=user) | Q(edited_by__user=user)


def _to_decide(rows: Rows, user: User) -> Rows:
    """What waits, but for what this person wrote."""
    own = ArticleVersion.objects.filter(
        article=OuterRef("pk"), outcome=VersionOutcome.WAITING, by__user=user
    )
    return rows.waiting().exclude(Exists(own))


def _needing_care(rows: Rows, user: User) -> Rows:
    stale = Q(review_on__lte=timezone.localdate())
    return rows.published().filter(stale | Q(_open_flag()))


TABS: dict[str, Callable[[Rows, User], Rows]] = {
    "published": lambda rows, user: rows.published(),
    "review": lambda rows, user: rows.waiting(),
    "mine": lambda rows, user: rows.filter(_mine(user)).exclude(state=S.RETIRED),
    "care": _needing_care,
    "retired": lambda rows, user: rows.filter(state=S.RETIRED),
}


@dataclass(frozen=True, slots=True)
class Tab:
    view: str
    address: str
    label: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page says; nonsense in it is no filter."""

    view: str = "published"
    query: str = ""
    language: str = ""
    visibility: str = ""
    unit: uuid.UUID | None = None
    page: int = 1

    @classmethod
    def read(cls, query: QueryDict) -> Asked:
        view, page = query.get("view", ""), query.get("page", "")
        seen = query.get("visibility", "")
        is_page = page.isascii() and page.isdigit() and len(page) < 6
        return cls(
            view=view if view in TABS else "published",
            query=query.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY],
            language=query.get("language", "").replace("\0", "")[:8],
            visibility=seen if seen in Visibility.values else "",
            unit=id_in(query.get("unit", "")),
            page=min(max(int(page), 1), LAST_PAGE) if is_page else 1,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query or self.language or self.visibility or self.unit)

    def of(self, user: User) -> Rows:
        rows = TABS[self.view](Article.objects.visible_to(user), user)
        exact = {"language": self.language, "visibility": self.visibility}
        rows = rows.filter(**{name: value for name, value in exact.items() if value})
        return rows.filter(Q(unit=self.unit) | Q(unit=None)) if self.unit else rows

    def address(self, **other: Any) -> str:
        said = {"view": self.view, "q": self.query, "language": self.language}
        said |= {"visibility": self.visibility, "unit": str(self.unit or ""), **other}
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in said.items() if value})
        return f"?{query.urlencode()}"


def context(request: HttpRequest, user: User) -> dict[str, Any]:
    """Everything the list shows, in a number of queries that rows do not change."""
    asked = Asked.read(request.GET)
    rows, is_all = _shown(asked, user)
    return {
        "asked": asked,
        "tabs": tabs(user),
        "view": asked.view,
        "rows": rows[:PAGE],
        "is_all": is_all,
        "newer": asked.address(page=asked.page - 1) if asked.page > 1 else "",
        "older": asked.address(page=asked.page + 1) if _goes_on(rows, asked) else "",
        "languages": list(_languages(user)),
        "visibilities": Visibility.choices,
        "units": list(Unit.objects.order_by("name").values_list("pk", "name")[:200]),
        "today": timezone.localdate(),
    }


def _goes_on(rows: list[Article], asked: Asked) -> bool:
    return len(rows) > PAGE and asked.page < LAST_PAGE


def _shown(asked: Asked, user: User) -> tuple[list[Article], bool]:
    rows, start = asked.of(user), (asked.page - 1) * PAGE
    if not asked.query:
        return list(with_marks(rows)[start : start + PAGE + 1]), True
    found = find(asked.query, rows)
    ids = found.ids[start : start + PAGE + 1]
    by_id = with_marks(rows).order_by().in_bulk(ids)
    return [by_id[pk] for pk in ids if pk in by_id], found.is_all


def with_marks(rows: Rows) -> Rows:
    return (
        rows.select_related("author", "owner", "unit")
        .defer("search")
        .annotate(
            used=Count("uses", distinct=True),
            reviewed_at=Max("reviews__occurred_at"),
            is_flagged=_open_flag(),
        )
    )


def _languages(user: User) -> Any:
    seen = Article.objects.visible_to(user).order_by("language")
    return seen.values_list("language", flat=True).distinct()[:20]


def tabs(user: User) -> list[Tab]:
    """The lists, then the two pages that look at them all."""
    seen = Article.objects.visible_to(user)
    counts = {"review": _to_decide(seen, user), "care": _needing_care(seen, user)}
    labels = {
        "published": _("Published"),
        "review": _("To review"),
        "mine": _("Mine"),
        "care": _("Needs care"),
        "retired": _("Retired"),
    }
    lists = reverse("admin:conversations_article_changelist")
    shown = [
        Tab(view, f"{lists}?view={view}", label, _counted(counts.get(view)))
        for view, label in labels.items()
    ]
    shown.append(Tab("debt", reverse("admin:article_debt"), _("Missing")))
    if reads_reuse(user):
        shown.append(Tab("reuse", reverse("admin:article_reuse"), _("Reuse")))
    return shown


def _counted(rows: Rows | None) -> int:
    return 0 if rows is None else rows.order_by().count()


def to_review(user: User) -> ArticleQuerySet:
    """Articles that wait for this person's review: what the side bar counts beside them."""
    return _to_decide(Article.objects.visible_to(user), user)


def one(article: Article, user: User) -> dict[str, Any]:
    """What the page of one article shows."""
    versions = list(article.versions.select_related("by", "decided_by").order_by("-number"))
    waiting = next((row for row in versions if row.outcome == VersionOutcome.WAITING), None)
    why = why_not_review(article, waiting, user) if waiting else ""
    return {
        "row": article,
        "versions": versions[:MOST_VERSIONS],
        "waiting": waiting,
        "changes": differences(article.text, waiting.text)
        if waiting and article.is_out()
        else None,
        "why_not": why,
        "may_decide": waiting is not None and not why,
        "may_edit": article.state == S.DRAFT and may_edit_draft(article, user),
        "may_care": may_care(article, user),
        "may_review": article.is_out() and not _wrote_what_is_out(versions, article, user),
        "flags": article.flags.select_related("by").filter(outcome=FlagOutcome.OPEN),
        "reviews": article.reviews.select_related("by").order_by("-occurred_at")[:10],
        "likely": _likely(article, user),
        "people": _people(article) if may_care(article, user) else [],
        "helped": article.feedback.aggregate(
            yes=Count("pk", filter=Q(helped=True)), all=Count("pk")
        ),
        "is_stale": is_stale(article, today=timezone.localdate()),
    }


def _wrote_what_is_out(versions: list[ArticleVersion], article: Article, user: User) -> bool:
    out = next((row for row in versions if row.outcome == VersionOutcome.PUBLISHED), None)
    return (out.by if out else article.author).user_id == user.pk


def _likely(article: Article, user: User) -> Any:
    if article.state not in (S.DRAFT, S.REVIEW):
        return []
    return duplicates(article.title, article.text, user=user, but=article.pk)


def _people(article: Article) -> list[tuple[uuid.UUID, str]]:
    able = Employee.objects.filter(left_at=None, user__is_active=True).order_by("name")
    return list(able.values_list("pk", "name")[:MOST_PEOPLE])


def is_stale(article: Article, *, today: date) -> bool:
    return article.is_out() and article.review_on is not None and article.review_on <= today
