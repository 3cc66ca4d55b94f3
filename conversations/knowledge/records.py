"""History lines of articles, versions and reviews, and of the messages that use articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from django.db.models import Model, Prefetch, Q, QuerySet

from conversations.inbox.models import Message
from conversations.inbox.records import MESSAGE_FIELDS, MessageRecord, needs_author
from conversations.knowledge.models import (
    Article,
    ArticleReview,
    ArticleState,
    ArticleUse,
    ArticleVersion,
    VersionOutcome,
    Visibility,
)
from crm.journal.lines import (
    LONGEST_ID,
    Choice,
    Count,
    Field,
    Flag,
    Instant,
    Json,
    Known,
    Line,
    Reference,
    Text,
    Texts,
    Unfit,
    id_of,
    text,
)
from crm.journal.models import Keyed
from crm.journal.records import AT_ONCE, Outcome, Record
from crm.journal.writing import write
from crm.organisation.models import Employee, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Field):
    """A date without a time."""

    def clean(self, value: Json) -> Json:
        try:
            return date.fromisoformat(text(value, longest=10)).isoformat()
        except ValueError:
            raise Unfit("must be a date, YYYY-MM-DD") from None

    def column(self, value: Json, known: Known) -> Any:
        return date.fromisoformat(value)

    def shown(self, row: Model, name: str) -> Json | None:
        day = getattr(row, self.attribute(name))
        return day and day.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Choice):
    """Who may read it; left out where only colleagues may."""

    def shown(self, row: Model, name: str) -> Json | None:
        value = getattr(row, self.attribute(name))
        return None if value == Visibility.INTERNAL else value


class ArticleRecord(Record[Article]):
    """Drafts are nobody's history; what was out is. The line says how it was written first:
    further versions are lines of their own, so that an old file stays true after a change.

    Without versions it was published as it was written. Who keeps it right, until when, and
    whether it is retired, is the row's own from the import on.
    """

    FIRST = ("title", "text", "language", "tags", "visibility")

    def columns(self, line: Line, known: Known) -> dict[str, Any]:
        columns = super().columns(line, known)
        retired = columns.pop("retired", False)
        columns["state"] = ArticleState.RETIRED if retired else ArticleState.PUBLISHED
        columns["published_at"] = line.at
        columns["told_on"] = columns.get("review_on")  # importing is silent
        return columns

    def rows(self) -> QuerySet[Article]:
        first = ArticleVersion.objects.filter(number=1).order_by()
        rows = super().rows().exclude(published_at=None).defer("search")
        return rows.prefetch_related(Prefetch("versions", first, to_attr="first_versions"))

    def stored(self, ids: Sequence[str]) -> QuerySet[Article]:
        first = ArticleVersion.objects.filter(number=1).order_by()
        rows = super().stored(ids).defer("search")
        return rows.prefetch_related(Prefetch("versions", first, to_attr="first_versions"))

    def is_same(self, there: Article, row: Article) -> bool:
        first = _first(there)
        same = all(getattr(first, name) == getattr(row, name) for name in self.FIRST)
        return same and (there.occurred_at, there.author_id) == (row.occurred_at, row.author_id)

    def shown(self, row: Article) -> dict[str, Json]:
        line = super().shown(row)
        fields = self.form.fields
        said = {name: fields[name].shown(_first(row), name) for name in self.FIRST}
        line = {name: value for name, value in line.items() if name not in self.FIRST}
        line |= {name: value for name, value in said.items() if value is not None}
        return line | ({"retired": True} if row.state == ArticleState.RETIRED else {})


def _first(article: Article) -> Article | ArticleVersion:
    versions: list[ArticleVersion] = getattr(article, "first_versions", [])
    return versions[0] if versions else article


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired(Flag):
    """Read by the record itself: the row's state holds it."""

    def shown(self, row: Model, name: str) -> Json | None:
        return None


ARTICLE = ArticleRecord(
    "article",
    Article,
    title=Text(longest=200, blank=False),
    text=Text(),
    author=Reference(to=Employee),
    language=Text(longest=8, blank=False),
    tags=Texts(longest=60, optional=True),
    visibility=Seen(values=Visibility.values, optional=True),
    unit=Reference(to=Unit, optional=True),
    owner=Reference(to=Employee, optional=True),
    review_on=Day(optional=True),
    retired=Retired(optional=True),
)


def decided(data: dict[str, Json]) -> None:
    if (data["outcome"] == VersionOutcome.WAITING) == bool(data.get("decided_at")):
        raise Unfit("decided_at: what waits has none, what was decided has one")
    if data.get("decided_by") and data["decided_by"] == data["by"]:
        raise Unfit("decided_by: nobody reviews their own version")


class VersionRecord(Record[ArticleVersion]):
    """Versions of what was out once; the newest published one is what the article says."""

    def take(self, lines: Sequence[Line]) -> Outcome:
        self.taken: set[tuple[Any, Any]] = set()
        return super().take(lines)

    def compare(self, line: Line, there: ArticleVersion | None, row: ArticleVersion) -> None:
        super().compare(line, there, row)
        if there is None:
            self.must_be_new(row)

    def must_be_new(self, row: ArticleVersion) -> None:
        """A number is used once, and one version of an article waits at most."""
        others = ArticleVersion.objects.filter(article=row.article_id)
        marks: set[tuple[Any, Any]] = {(row.article_id, row.number)}
        clash = Q(number=row.number)
        if row.outcome == VersionOutcome.WAITING:
            marks.add((row.article_id, row.outcome))
            clash |= Q(outcome=row.outcome)
        if marks & self.taken or others.filter(clash).exists():
            raise Unfit("number: the article has this version already, or another one that waits")
        self.taken |= marks

    def rows(self) -> QuerySet[ArticleVersion]:
        return super().rows().exclude(article__published_at=None)

    def settle(self, fresh: list[tuple[Line, ArticleVersion]], known: Known) -> None:
        for pk in {row.article_id for _, row in fresh}:
            project(Article.objects.defer("search").get(pk=pk))


def project(article: Article) -> None:
    """The article says what its newest published version says."""
    versions = list(article.versions.order_by("number"))
    out = [each for each in versions if each.outcome == VersionOutcome.PUBLISHED]
    waiting = [each.number for each in versions if each.outcome == VersionOutcome.WAITING]
    for name in (*ArticleRecord.FIRST,) if out else ():
        setattr(article, name, getattr(out[-1], name))
    if out and out[0].decided_at:
        article.published_at = out[0].decided_at
    article.number = versions[-1].number
    article.waiting = waiting[-1] if waiting else None
    article.save()


ARTICLE_VERSION = VersionRecord(
    "article_version",
    ArticleVersion,
    check=decided,
    article=Reference(to=Article),
    number=Count(),
    by=Reference(to=Employee),
    title=Text(longest=200, blank=False),
    text=Text(),
    language=Text(longest=8, blank=False),
    tags=Texts(longest=60, optional=True),
    visibility=Seen(values=Visibility.values, optional=True),
    outcome=Choice(values=VersionOutcome.values),
    decided_by=Reference(to=Employee, optional=True),
    decided_at=Instant(optional=True),
    comment=Text(longest=500, optional=True),
)

ARTICLE_REVIEW = Record(
    "article_review",
    ArticleReview,
    article=Reference(to=Article),
    by=Reference(to=Employee),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used(Field):
    """Ids of articles, each once, in the order of the line."""

    def clean(self, value: Json) -> Json:
        if not isinstance(value, list):
            raise Unfit("must be a list of ids")
        return list(dict.fromkeys(text(id_, longest=LONGEST_ID, blank=False) for id_ in value))

    def references(self, value: Json) -> Iterator[tuple[type[Keyed], str]]:
        return ((Article, id_) for id_ in value)

    def column(self, value: Json, known: Known) -> Any:
        return [known.pk(Article, id_) for id_ in value]

    def shown(self, row: Model, name: str) -> Json | None:
        return None  # the message's record shows the uses


class MessageWithArticles(MessageRecord):
    def settle(self, fresh: list[tuple[Line, Message]], known: Known) -> None:
        super().settle(fresh, known)
        uses = [
            ArticleUse(
                article_id=article, message=row, position=position, occurred_at=row.occurred_at
            )
            for _, row in fresh
            for position, article in enumerate(row.articles)
        ]
        write(uses)

    def lines(self) -> Iterator[dict[str, Json]]:
        rows = self.rows().iterator(chunk_size=AT_ONCE)
        while some := list(islice(rows, AT_ONCE)):
            used = uses_of(some)
            for row in some:
                articles = used.get(row.pk)
                yield self.shown(row) | ({"articles": articles} if articles else {})


def uses_of(messages: Sequence[Message]) -> dict[Any, list[str]]:
    used: dict[Any, list[str]] = defaultdict(list)
    uses = ArticleUse.objects.filter(message__in=messages).select_related("article")
    for use in uses.order_by("message_id", "position", "pk"):
        used[use.message_id].append(id_of(use.article))
    return used


MESSAGE = MessageWithArticles(
    "message", Message, check=needs_author, **MESSAGE_FIELDS, articles=Used(optional=True)
)
