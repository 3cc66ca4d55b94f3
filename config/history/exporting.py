"""Exporting everything that the history format has a word for, in a stable order."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction
from django.db.models import QuerySet

from ambassadors.governance.ladder import Ladder
from ambassadors.governance.models import EscalationRule
from ambassadors.routing.models import Absence, Availability, Rule
from config.history.registry import RECORDS
from conversations.inbox.models import (
    Attachment,
    Conversation,
    Direction,
    Message,
    MessageChange,
    MessageKind,
    Status,
)
from conversations.inbox.records import ELSEWHERE
from conversations.knowledge.models import (
    Article,
    ArticleFeedback,
    ArticleFlag,
    ReadyAnswer,
)
from conversations.knowledge.records import MESSAGE
from crm.contacts.models import Contact, ContactMerge
from crm.journal.models import Act
from crm.organisation.models import User


def export(path: Path) -> tuple[Counter[str], dict[str, int]]:
    """Writes the file; answers the lines by type, and how many things it has no field for.

    Everything is read at one moment. The file appears under its name when it is whole.
    """
    counts: Counter[str] = Counter()
    part = path.with_name(path.name + ".part")
    with _one_moment(), _opened(part, packed=path.name.endswith(".gz")) as out:
        for record in RECORDS.values():
            for line in record.lines():
                out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode())
                out.write(b"\n")
                counts[record.type] += 1
        left = {what: count for what, rows in left_out().items() if (count := rows.count())}
    part.replace(path)
    return counts, left


@contextmanager
def _one_moment() -> Iterator[None]:
    outer = connection.in_atomic_block
    with transaction.atomic():
        if not outer:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _opened(path: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as raw:
        if not packed:
            yield raw
            return
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
            yield out  # type: ignore[misc]  # GzipFile writes bytes


def left_out() -> dict[str, QuerySet[Any]]:
    """What the format has no field for."""
    unsent = Message.objects.filter(direction=Direction.OUT, kind=MessageKind.REPLY)
    return {
        "internal notes": Message.objects.filter(kind=MessageKind.NOTE),
        "messages not sent, or failed": unsent.exclude(pk__in=MESSAGE.rows().values("pk")).exclude(
            ELSEWHERE
        ),
        "messages written in a network's own app": Message.objects.filter(ELSEWHERE),
        "earlier wordings of messages": MessageChange.objects.all(),
        "HTML bodies": Message.objects.exclude(html=""),
        "attachments": Attachment.objects.all(),
        "topics of conversations": Conversation.objects.exclude(topics=[]),
        "snoozed or spam conversations": Conversation.objects.filter(
            status__in=[Status.SNOOZED, Status.SPAM]
        ),
        "drafts of articles": Article.objects.filter(published_at=None),
        "conversations that articles were written from": Article.objects.exclude(conversation=None),
        "flags of articles": ArticleFlag.objects.all(),
        "ready answers": ReadyAnswer.objects.all(),
        "feedback of the help centres": ArticleFeedback.objects.all(),
        "blocked contacts": Contact.objects.exclude(blocked_at=None),
        "merges of contacts": ContactMerge.objects.all(),
        "routing rules": Rule.objects.all(),
        "escalation rules": EscalationRule.objects.all(),
        "approval ladders": Ladder.objects.all(),
        "availabilities": Availability.objects.all(),
        "absences": Absence.objects.all(),
        "sign-ins and roles": User.objects.all(),
        "lines of the journal": Act.objects.all(),
    }
