"""How long a search lasts, beside a plain ILIKE over the same rows in the same run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from statistics import quantiles

from django.db import connection

from bench.search.filling import OFTEN, OFTEN_TOO, RARE, fill
from conversations.inbox.finding import find
from conversations.inbox.models import Conversation, Message
from conversations.knowledge.models import Article
from conversations.knowledge.search import find as find_articles
from conversations.knowledge.search import published

TIMES = 20
TIMES_ILIKE = 3  # it lasts
PAGE = 30
ASKED = {
    "a rare word (20 messages)": RARE,
    "a word of every hundredth message": "w" + f"{300 * 7919:x}",
    "the most common word": OFTEN,
    "two common words": f"{OFTEN} {OFTEN_TOO}",
    "a common and a rare word": f"{OFTEN} {RARE}",
    "two words one after the other": f'"{OFTEN} {OFTEN_TOO}"',
    "a person": "person.1eef",
    "no message holds it": "qwertzuiop",
}

ARTICLES = {
    "articles: a rarer word": "w" + f"{300 * 7919:x}",
    "articles: the most common word": OFTEN,
}


def main(*, messages: int) -> None:
    _prepare(messages)
    print(f"{Message.objects.count():,} messages, {Article.objects.count():,} articles; ms")
    print(f"{'':36}{'p50':>8}{'p95':>8}  found all?   ILIKE p50  ratio")
    for name, words in ASKED.items():
        _line(name, words)
    _articles()


def _prepare(messages: int) -> None:
    """What an earlier run left is used again when it is as much."""
    if Message.objects.count() < messages:
        articles = int(os.environ.get("ARTICLES", messages // 25))
        fill(messages=messages, articles=max(articles, 1))


def _line(name: str, words: str) -> None:
    found = find(words, Conversation.objects.all())
    ours = _times(lambda: find(words, Conversation.objects.all()), TIMES)
    plain = _times(lambda: _ilike("conversations_message", words), TIMES_ILIKE)
    said = f"{len(found.ids):>4} {'yes' if found.is_all else 'newest':>7}"
    ratio = f"{plain[0] / ours[0]:>6.1f}"
    print(f"{name:36}{ours[0]:>8.0f}{ours[1]:>8.0f} {said}{plain[0]:>12.0f} {ratio}", flush=True)


def _articles() -> None:
    for name, words in ARTICLES.items():
        ours = _times(partial(_page_of_articles, words), TIMES)
        plain = _times(partial(_ilike, "conversations_article", words), TIMES_ILIKE)
        figures = f"{ours[0]:>8.0f}{ours[1]:>8.0f}{'':13}{plain[0]:>12.0f}"
        print(f"{name:36}{figures} {plain[0] / ours[0]:>6.1f}")


def _page_of_articles(words: str) -> None:
    list(published().filter(pk__in=find_articles(words, published()).ids[:PAGE]))


def _times(call: Callable[[], object], times: int) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(spent, n=20)
    return cuts[9], max(spent) if times < 20 else cuts[18]


def _ilike(table: str, words: str) -> None:
    """What one would write first: every word anywhere in the text, the newest first."""
    asked = [f"%{word}%" for word in words.strip('"').replace(".", " ").split()]
    conditions = " AND ".join(["text ILIKE %s"] * len(asked))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE {conditions} ORDER BY occurred_at DESC LIMIT 200", asked
        )
        cursor.fetchall()
