"""Raw bytes: envelopes that nothing links to a message are found by the addresses in them."""

from __future__ import annotations

import json

from django.core.files.storage import default_storage
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from conversations.channels.models import (
    Channel,
    ChannelHealth,
    ChannelVersion,
    Claim,
    Envelope,
    EnvelopeState,
    NetworkSession,
    Polling,
    Posted,
    Source,
)
from crm.journal.personal import Holdings, Step, Subject, Table

ERASED = "erased on request"
# Still waiting, or failed: nobody may read it again. What was read stays as it ended.
EMPTIED = {
    "body": b"",
    "file": "",
    "headers": {},
    "reason": ERASED,
    "state": Case(
        When(state__in=[EnvelopeState.WAITING, EnvelopeState.FAILED], then=Value("ignored")),
        default=F("state"),
    ),
}
NOT_EMPTY = Q(body__isnull=True) | ~Q(body=b"")


def empty_bytes_of(rows: QuerySet[Envelope], *, reason: str) -> None:
    """The bytes of what its author took back: how the delivery ended stays as it is."""
    for path in rows.exclude(file="").values_list("file", flat=True):
        default_storage.delete(path)
    rows.update(body=b"", file="", headers={}, reason=reason)


def empty_envelopes(rows: QuerySet[Envelope], *, most: int = 200) -> int:
    """Deletes the bytes of these, in the row or in the file storage."""
    left = rows.filter(NOT_EMPTY).order_by("pk")[:most]
    held = Envelope.objects.filter(pk__in=list(left.values_list("pk", flat=True)))
    files = dict(held.order_by("pk").select_for_update().values_list("pk", "file"))
    for path in filter(None, files.values()):
        default_storage.delete(path)
    return held.filter(pk__in=files).update(**EMPTIED)


def needles(subject: Subject) -> list[str]:
    """An address as it stands in raw bytes: a plain word only as a whole value of JSON."""
    both = (True, False)  # escaped as JSON may be, and not
    quoted = [
        json.dumps(each, ensure_ascii=each_way) for each in subject.handles for each_way in both
    ]
    return list(dict.fromkeys([*subject.marks, *quoted]))


def channels_of(subject: Subject) -> QuerySet[Channel]:
    scopes = [scope for _, scope, _ in subject.addresses if scope]
    everywhere = {kind for kind, scope, _ in subject.addresses if not scope}
    theirs = Q(pk__in=[scope for scope in scopes if _is_id(scope)]) | Q(kind__in=everywhere)
    return Channel.objects.filter(theirs)


def _is_id(scope: str) -> bool:
    return len(scope) == 36 and scope.count("-") == 4


def _of(subject: Subject) -> QuerySet[Envelope]:
    said = needles(subject)
    rows = Envelope.objects.filter(
        channel__in=channels_of(subject).values("pk"), received_at__lt=subject.until
    )
    if not said:
        return rows.none()
    found = RawSQL(_HOLDS, [[each.lower() for each in said]])  # noqa: S611 - parameters
    return rows.annotate(holds=found).filter(holds=True)


# Bytes as text: what is not ASCII is escaped alike on both sides.
_HOLDS = """
EXISTS (
  SELECT 1 FROM unnest(%s::text[]) AS needle
  WHERE position(lower(encode(convert_to(needle, 'UTF8'), 'escape'))
          IN lower(encode(conversations_envelope.body, 'escape'))) > 0
     OR position(needle IN lower(conversations_envelope.headers::text)) > 0
)
"""


def _in_files(subject: Subject) -> int:
    """Bytes over a megabyte lie in the file storage: looked into one by one."""
    said = [each.lower().encode() for each in needles(subject)]
    rows = Envelope.objects.filter(
        channel__in=channels_of(subject).values("pk"), received_at__lt=subject.until
    ).exclude(file="")
    found = [each.pk for each in rows.only("pk", "file").order_by("pk") if _holds(each, said)]
    return empty_envelopes(Envelope.objects.filter(pk__in=found)) if found else 0


def _holds(envelope: Envelope, said: list[bytes]) -> bool:
    if not default_storage.exists(envelope.file):
        return False
    with default_storage.open(envelope.file) as file:
        content = file.read().lower()
    return any(each in content for each in said)


HOLDINGS: Holdings = [
    Table(
        model=Channel,
        free="key kind name address token secret inbox_url callback_url options credentials",
    ),
    Table(model=ChannelHealth, free="name cause remarks"),
    Table(model=ChannelVersion, free="kind name"),
    Table(model=Source, free="key kind name"),
    Table(model=Polling, free="cursor cause"),
    Table(model=NetworkSession, free="tokens"),
    Table(model=Posted, free="external_id"),
    Table(
        model=Envelope,
        of=_of,
        blank="headers",
        values={name: value for name, value in EMPTIED.items() if name not in {"headers", "file"}},
        left=NOT_EMPTY,
        file="file",
        free="key",
        exported=False,
    ),
    Step("conversations.Envelope (large)", _in_files),
    Table(model=Claim, free="envelopes"),
]
