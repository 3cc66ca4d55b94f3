"""Importing a history: stream, clean, stage, then one pass a type in the order of references.

Every batch is one transaction. A killed import has written whole batches; run again, it finds
them unchanged and goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from config.history.progress import Progress
from config.history.registry import RECORDS
from config.history.rejects import Rejects
from config.history.staging import Staging
from config.history.stream import Source, parse
from crm.errors import Conflict
from crm.journal.lines import Line, Unfit
from crm.journal.records import Outcome, RecordType
from crm.organisation.records import COMPANY, UNDATED

LOCK = 0x52454C41  # one import at a time in a database
RACES = 3  # how often a batch that met a concurrent writer is tried


@dataclass
class Summary:
    """Counts of lines by type; `rejected_at`: where the rejected ones are listed."""

    new: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_at: Path | None = None

    @property
    def lines(self) -> int:
        return self.new.total() + self.unchanged.total() + self.rejected.total()


class Import:
    def __init__(self, path: Path, *, trusted: bool, progress: Progress) -> None:
        self.path = path
        self.trusted = trusted
        self.progress = progress
        self.summary = Summary()
        self.rejects = Rejects(path, fallback=settings.VAR)

    def run(self, *, dry: bool = False) -> Summary:
        """Takes the file in. dry: counts and reports the same, and writes nothing."""
        with _lock():
            try:
                with Staging() as staging:
                    self._stage(staging)
                    self._pass_all(staging, dry=dry)
            finally:
                self.rejects.close()
        if self.rejects.count:
            self.summary.rejected_at = self.rejects.path
        return self.summary

    # --- lines -> staging ---

    def _stage(self, staging: Staging) -> None:
        with Source(self.path) as source:
            self.progress.begin("reading", source.size)
            staging.fill(self._cleaned(source))
            self.progress.end()

    def _cleaned(self, source: Source) -> Iterator[tuple[str, Line]]:
        for number, line in source.lines():
            self.progress.reach(source.position)
            if isinstance(line, Unfit):
                self._reject(number, str(line), "")
                continue
            try:
                raw = parse(line)
            except Unfit as error:
                self._reject(number, str(error), "")
                continue
            try:
                record = record_type(raw)
                yield record.type, record.clean(raw, number, trusted=self.trusted)
            except Unfit as error:
                type_ = raw.get("type")
                known = type_ if isinstance(type_, str) and type_ in RECORDS else ""
                self._reject(number, str(error), known, raw.get("id"))

    def _reject(self, number: int, reason: str, type_: str, id_: object = None) -> None:
        self.summary.rejected[type_] += 1
        self.rejects.add(number, reason, type_=type_, id_=id_)

    # --- staging -> rows ---

    def _pass_all(self, staging: Staging, *, dry: bool) -> None:
        self.progress.begin("writing", sum(staging.batches.values()))
        if dry:
            with transaction.atomic():
                self._passes(staging)
                transaction.set_rollback(True)
        else:
            self._passes(staging)
        self.progress.end()

    def _passes(self, staging: Staging) -> None:
        dated = staging.earliest(but=UNDATED) or timezone.now()
        for type_, record in RECORDS.items():
            waiting: list[tuple[Line, str]] = []
            for number in range(staging.batches.get(type_, 0)):
                lines = staging.batch(type_, number)
                if record is COMPANY:
                    lines = [replace(ln, at=dated) if ln.at == UNDATED else ln for ln in lines]
                waiting += self._take(record, lines)
                self.progress.step()
            self._take_waiting(record, waiting)

    def _take_waiting(self, record: RecordType, waiting: list[tuple[Line, str]]) -> None:
        """Lines that refer to lines of their own type (a unit's parent), as long as that helps."""
        while waiting:
            still = self._take(record, [line for line, _ in waiting])
            if len(still) == len(waiting):
                for line, reason in still:
                    self._reject(line.number, reason, record.type, line.id)
                return
            waiting = still

    def _take(self, record: RecordType, lines: Sequence[Line]) -> list[tuple[Line, str]]:
        if not lines:
            return []
        try:
            outcome = _in_one_transaction(lambda: record.take(lines))
        except (IntegrityError, DataError) as error:
            if len(lines) == 1:
                self._reject(lines[0].number, _first_line(error), record.type, lines[0].id)
                return []
            half = len(lines) // 2
            return self._take(record, lines[:half]) + self._take(record, lines[half:])
        self.summary.new[record.type] += outcome.new
        self.summary.unchanged[record.type] += outcome.unchanged
        for line, reason in outcome.rejected:
            self._reject(line.number, reason, record.type, line.id)
        return outcome.waiting


def record_type(raw: dict[str, object]) -> RecordType:
    type_ = raw.get("type")
    if type_ is None:
        raise Unfit("type: is missing")
    if not isinstance(type_, str) or type_ not in RECORDS:
        raise Unfit(f"type: unknown type {str(type_)[:60]!r}")
    return RECORDS[type_]


def _in_one_transaction(act: Callable[[], Outcome]) -> Outcome:
    for _ in range(RACES - 1):
        try:
            with transaction.atomic():
                return act()
        except IntegrityError:  # a door wrote the same address meanwhile: look again
            continue
    with transaction.atomic():
        return act()


def _first_line(error: Exception) -> str:
    return f"the database refused it: {str(error).splitlines()[0]}"


class _lock:  # noqa: N801  # reads as a word of the with statement
    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise Conflict("another import is running", code="import_running")

    def __exit__(self, *_: object) -> None:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
