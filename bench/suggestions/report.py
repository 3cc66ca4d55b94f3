"""Does the right article stand among the first five? Beside ILIKE and a plain tsvector.

The questions of `en.toml` and `fr.toml` were paraphrased by hand, from what an article is about
and not from its words; the list of kindred words was written by the same hand. So the questions
and answers of the sample company, which know nothing of either, are asked too ("held out"). All
articles of both languages lie in one table, as they would. Everything is rolled back.
"""

from __future__ import annotations

import re
import time
import tomllib
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from config.sample.writing import PHRASES
from conversations.knowledge.models import Article
from conversations.knowledge.suggesting import ranked
from crm.organisation.models import Department, Employee, Unit

HERE = Path(__file__).parent
LANGUAGES = {"en": "english", "fr": "french"}
FIRST = 5
_WORD = re.compile(r"\w{3,}")

Finder = Callable[[str, str], list[uuid.UUID]]


@dataclass(frozen=True, slots=True)
class Asked:
    """part: "own", or "held out" for the sample company's."""

    part: str
    language: str
    question: str
    article: uuid.UUID


def main() -> None:
    with transaction.atomic():
        asked = list(fill())
        _report(asked)
        transaction.set_rollback(True)


def fill() -> Iterator[Asked]:
    """Writes the articles; the questions with the article that answers each."""
    Article.objects.all().delete()
    unit = Unit.objects.create(name="suggestions")
    place = Department.objects.create(name="suggestions", unit=unit)
    author = Employee.objects.create(name="Author", department=place)
    for language in LANGUAGES:
        corpus = tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))
        for each in corpus["article"]:
            article = _article(each["title"], each["text"], language, author)
            for question in each["asked"]:
                yield Asked("own", language, question, article)
        for topic in PHRASES["topic"]:
            said = topic[language]
            for question, answer in zip(said["open"], said["answer"], strict=False):
                article = _article(said["subject"][0], answer, language, author)
                yield Asked("held out", language, question, article)


def _article(title: str, text: str, language: str, author: Employee) -> uuid.UUID:
    now = timezone.now()
    made = Article.objects.create(
        title=title, text=text, language=language, author=author, state="published",
        occurred_at=now, published_at=now,
    )  # fmt: skip
    return made.pk


def recalls(finder: Finder, asked: list[Asked]) -> tuple[float, float]:
    """Among the first five, and as the very first."""
    five = one = 0
    for each in asked:
        found = finder(each.question, each.language)
        five += each.article in found[:FIRST]
        one += found[:1] == [each.article]
    return five / len(asked), one / len(asked)


def _report(asked: list[Asked]) -> None:
    columns: dict[str, list[Asked]] = {}
    for each in asked:
        columns.setdefault(f"{each.part} {each.language}", []).append(each)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_article")
    print(f"{Article.objects.count()} articles; recall@{FIRST} (and @1); questions:")
    heads = [f"{name}: {len(rows)}" for name, rows in columns.items()]
    print(f"{'':30}" + "".join(f"{head:>18}" for head in heads) + f"{'ms each':>10}")
    for name, finder in FINDERS.items():
        _line(name, finder, columns.values(), len(asked))


def _line(name: str, finder: Finder, columns: Iterable[list[Asked]], many: int) -> None:
    began = time.perf_counter()
    shares = [recalls(finder, rows) for rows in columns]
    spent = (time.perf_counter() - began) * 1000 / many
    figures = "".join(f"{f'{five:.2f} ({one:.2f})':>18}" for five, one in shares)
    print(f"{name:30}{figures}{spent:>10.1f}", flush=True)


def _ilike(question: str, language: str) -> list[uuid.UUID]:
    """Whichever holds most of the question's words."""
    words = [f"%{word}%" for word in _WORD.findall(question)] or ["%"]
    holds = " + ".join(["(title || ' ' || text ILIKE %s)::int"] * len(words))
    return _ids(f"SELECT id FROM conversations_article ORDER BY {holds} DESC, id LIMIT 5", words)


_PLAIN = """
SELECT id FROM conversations_article, (SELECT {query} AS query) AS asked
WHERE to_tsvector(%(config)s::regconfig, title || ' ' || text) @@ query
ORDER BY ts_rank(to_tsvector(%(config)s::regconfig, title || ' ' || text), query) DESC, id LIMIT 5
"""
_ALL = "plainto_tsquery(%(config)s::regconfig, %(asked)s)"
_ANY = f"replace({_ALL}::text, '&', '|')::tsquery"


def _plain(query: str) -> Finder:
    def find(question: str, language: str) -> list[uuid.UUID]:
        values = {"config": LANGUAGES[language], "asked": question}
        return _ids(_PLAIN.format(query=query), values)

    return find


def _ids(statement: str, values: object) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)  # type: ignore[arg-type]
        return [row[0] for row in cursor.fetchall()]


FINDERS: dict[str, Finder] = {
    "ILIKE, most words": _ilike,
    "plain tsvector, all words": _plain(_ALL),
    "plain tsvector, any word": _plain(_ANY),
    "ours, without kindred words": lambda question, language: ranked(
        question, language=language, kindred=False
    ),
    "ours": lambda question, language: ranked(question, language=language),
}
