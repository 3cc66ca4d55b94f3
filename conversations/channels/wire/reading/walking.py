"""Going through a search that shows the newest first, page by page, and losing nothing.

How far it was read is three stamps a term, in the reader's cursor: everything up to `since` is
known; a walk that could not reach down to it goes on below `until` the next time, and only when it
is through does `since` rise to `top`, where that walk began.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard

PAGES = 5  # of one term in one reading
MOST_TERMS = 60
Stamped = tuple[str, Mentioned]  # stamps sort as text


@dataclass(frozen=True, slots=True)
class Page:
    """found: newest first. full: there may be more below."""

    found: Sequence[Stamped]
    full: bool


Fetch = Callable[[str, str, str], Page]  # (term, since, until), both included, "" for no end


@dataclass(slots=True)
class _Reach:
    since: str = ""
    until: str = ""
    top: str = ""

    def said(self, term: str) -> dict[str, str]:
        words = {"since": self.since, "until": self.until, "top": self.top}
        return {f"{name} {term}": value for name, value in words.items() if value}


@dataclass(slots=True)
class _Walk:
    items: dict[str, Mentioned] = field(default_factory=dict)
    cursor: dict[str, str] = field(default_factory=dict)
    remark: str = ""


def walk(asked: Asked, fetch: Fetch) -> Heard:
    """Every term in turn, beginning with the one that the last reading did not come to.

    What one term fails with is shown, and the others are still asked; where nothing at all could
    be read, that is the failure.
    """
    terms = list(dict.fromkeys(asked.terms))[:MOST_TERMS]
    if not terms:
        return Heard(cursor=asked.cursor, unchanged=True)
    first = int(asked.cursor.get("next", "0") or 0) % len(terms)
    done = _Walk(cursor={"next": "0"})
    failures: list[NotHeard] = []
    for step in range(len(terms)):
        term = terms[(first + step) % len(terms)]
        reach = _reach(asked, term)
        if asked.traffic.seconds >= asked.bounds.seconds * 0.8:
            done.cursor.setdefault("left", str((first + step) % len(terms)))
        elif not failures:
            try:
                _down(term, reach, fetch, done)
            except NotHeard as failure:
                failures.append(failure)
        done.cursor |= reach.said(term)
    done.cursor["next"] = done.cursor.pop("left", "0")
    if failures and not done.items:
        raise failures[0]
    done.remark = str(failures[0]) if failures else ""
    return Heard(items=list(done.items.values()), cursor=done.cursor, remark=done.remark)


def _reach(asked: Asked, term: str) -> _Reach:
    said = asked.cursor
    return _Reach(*(said.get(f"{name} {term}", "") for name in ("since", "until", "top")))


def _down(term: str, reach: _Reach, fetch: Fetch, done: _Walk) -> None:
    for _ in range(PAGES):
        page = fetch(term, reach.since, reach.until)
        for _, item in page.found:
            done.items.setdefault(item.external_id, item)
        stamps = [stamp for stamp, _ in page.found]
        reach.top = reach.top or max(stamps, default="")
        lowest = min(stamps, default="")
        begins = not reach.since  # a term that is new here: its past is not fetched
        if begins or not page.full or not lowest or lowest == reach.until:
            reach.since, reach.until, reach.top = reach.top or reach.since, "", ""
            return
        reach.until = lowest
