"""The plan as a table (CSV): out for a spreadsheet, in as drafts, all of them or none."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from conversations.channels.models import Channel
from conversations.editorial import life
from conversations.editorial.calendar import at_local
from conversations.editorial.models import Publication
from crm.errors import Invalid, RelaisError
from crm.values import Actor

LARGEST = 1024 * 1024  # bytes
MOST = 1_000  # lines that are taken
MOST_SHOWN = 10_000
NEEDED = ("channel", "publish_at", "text")
PLAN = (*NEEDED, "audience", "segment", "topic", "metric", "value", "count_clicks")
SHOWN = ("id", "state", "author", "planned_at", "approved_by", "published_at")
_LONGEST = {"audience": 200, "segment": 200, "topic": 60, "metric": 60}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_YES = {"1", "yes", "true", "oui", "x"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """line: of the file, its header is 1."""

    line: int
    words: str


class NotTaken(Invalid):
    """Nothing was written; `wrong` says why, by line."""

    code = "table_refused"

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__(_("Nothing was taken: the table has mistakes."))
        self.wrong = wrong


def answer(rows: QuerySet[Publication], zone: ZoneInfo, *, begins: str = "") -> HttpResponse:
    """Of rows `with_names`: by planned time, at most MOST_SHOWN of them."""
    shown = rows.order_by("publish_at", "pk")[:MOST_SHOWN]
    told = HttpResponse(begins, content_type="text/csv; charset=utf-8")
    csv.writer(told).writerows(lines(shown, zone))
    return told


def lines(rows: Iterable[Publication], zone: ZoneInfo) -> Iterator[list[str]]:
    """The header, then a line each; times in `zone`, with their offset."""
    yield [*PLAN, *SHOWN]
    for row in rows:
        value = "" if row.expected_value is None else f"{row.expected_value:g}"
        plan = [
            row.channel.name, _said(row.publish_at, zone), row.text, row.audience, row.segment,
            row.topic, row.expected_metric, value, "yes" if row.count_clicks else "",
        ]  # fmt: skip
        shown = [
            str(row.pk), row.state, row.author.name, _said(row.planned_at, zone),
            row.approved_by.name if row.approved_by else "", _said(row.published_at, zone),
        ]  # fmt: skip
        yield [_harmless(cell) for cell in (*plan, *shown)]


def take(data: bytes, *, channels: QuerySet[Channel], zone: ZoneInfo, by: Actor) -> int:
    """Drafts of every line. Times without an offset are of `zone`. Raises NotTaken."""
    found = list(_read(data))
    known = {channel.name: channel for channel in channels}
    wrong: list[Wrong] = []
    with transaction.atomic():
        for number, cells in found:
            try:
                life.plan(by=by, **_plan(cells, known, zone))
            except RelaisError as error:
                wrong.append(Wrong(number, str(error)))
        if wrong:
            raise NotTaken(wrong)
    return len(found)


def _read(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by column); a file that is no such table is refused as a whole."""
    if len(data) > LARGEST:
        raise NotTaken([Wrong(1, _("the file is too large"))])
    try:
        text = data.decode("utf-8-sig")
        header = text.partition("\n")[0]
        mark = ";" if header.count(";") > header.count(",") else ","
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        _check_header(table.fieldnames or ())
        number = 0
        for number, cells in enumerate(table, start=1):
            if number > MOST:
                raise NotTaken([Wrong(table.line_num, _("too many lines"))])
            yield table.line_num, _row(cells, table.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotTaken([Wrong(1, _("this is no CSV in UTF-8"))]) from error
    if not number:
        raise NotTaken([Wrong(1, _("the table is empty"))])


def _check_header(names: Iterable[str]) -> None:
    given = list(names)
    missing = [name for name in NEEDED if name not in given]
    unknown = [name for name in given if name not in (*PLAN, *SHOWN)]
    if missing:
        raise NotTaken([Wrong(1, _("columns are missing: %s") % ", ".join(missing))])
    if unknown:
        raise NotTaken([Wrong(1, _("unknown columns: %s") % ", ".join(map(str, unknown)))])


def _row(cells: Mapping[Any, Any], line: int) -> dict[str, str]:
    if None in cells or None in cells.values():
        raise NotTaken([Wrong(line, _("has not as many cells as the header"))])
    return {name: _without_guard(str(value)).strip() for name, value in cells.items()}


def _plan(cells: dict[str, str], known: Mapping[str, Channel], zone: ZoneInfo) -> dict[str, Any]:
    if cells.get("id"):
        raise Invalid(_("has an id: only new publications are taken"))
    if "\0" in "".join(cells.values()):
        raise Invalid(_("holds a NUL character"))
    channel = known.get(cells["channel"])
    if channel is None:
        raise Invalid(_("unknown channel: %s") % cells["channel"])
    for name, longest in _LONGEST.items():
        if len(cells.get(name, "")) > longest:
            raise Invalid(_("%(name)s is too long") % {"name": name})
    return {
        "channel": channel,
        "publish_at": _moment(cells["publish_at"], zone),
        "text": cells["text"],
        "audience": cells.get("audience", ""),
        "segment": cells.get("segment", ""),
        "topic": cells.get("topic", ""),
        "expected_metric": cells.get("metric", ""),
        "expected_value": _number(cells.get("value", "")),
        "count_clicks": cells.get("count_clicks", "").casefold() in _YES,
    }


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        typed = datetime.fromisoformat(text)
        return typed if typed.tzinfo else at_local(typed.date(), typed.time(), zone)
    except (ValueError, OverflowError) as error:
        raise Invalid(_("publish_at is no date with a time: %s") % text[:40]) from error


def _number(text: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(_("value is no number: %s") % text[:40])
    return number


def _said(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else ""


def _harmless(cell: str) -> str:
    """A spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _without_guard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
