"""Reports about mail of ours: RFC 3464 (delivery), RFC 8098 (read), and older bounces."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from itertools import islice
from typing import Any

from flufl.bounce import all_failures

from conversations.channels.wire.contract import Ignored, Item, Receipt
from conversations.channels.wire.email.addresses import UNKNOWN
from conversations.channels.wire.email.headers import (
    charset_text,
    clean,
    decoded,
    message_ids,
    one_line,
)
from conversations.channels.wire.email.limits import MESSAGE_ID_CHARS
from conversations.channels.wire.email.structure import Part

CAUSE_CHARS = 300
RECIPIENTS = 20
# What the older detectors may see: they run patterns of their own over every line.
LEGACY_BYTES = 64 * 1024
LEGACY_LINE = 1_000
LEGACY_LINES = 2_000
SEVEN_BIT = bytes(range(128)) + b"?" * 128
QUOTED_ID = re.compile(
    rf"^[ \t>]{{0,20}}Message-ID:[ \t]{{0,9}}(<[^<>\s]{{1,{MESSAGE_ID_CHARS}}}>)",
    re.IGNORECASE | re.MULTILINE,
)
SENDERS = re.compile(r"mailer-?daemon|postmaster|mail delivery|daemon@|uucp@", re.IGNORECASE)
SUBJECTS = re.compile(
    r"returned mail|mail delivery (failed|failure)|delivery (status )?(notification|failure)"
    r"|undeliver|non[- ]?delivery|could not be delivered|delivery failed|non remis"
    r"|failure notice|delivery has failed|unzustellbar|non distribu",
    re.IGNORECASE,
)
NOT_GIVEN_UP = {"delayed", "delivered", "relayed", "expanded"}


def reported(part: Part, raw: bytes, *, token: str, null_sender: bool) -> Item | None:
    """The report that this mail is, or None when it is an ordinary mail.

    token: our own token in the address it was sent to. null_sender: the envelope came from <>.
    """
    kinds = {child.kind for child in part.children}
    if part.kind == "multipart/report" or "message/delivery-status" in kinds:
        report = _delivery_report(part, token) or _read_report(part, token)
        if report:
            return report
    if null_sender or token or _looks_returned(part):
        return _legacy_report(part, raw, token)
    return None


def _looks_returned(part: Part) -> bool:
    """A person may quote a bounce: only what names itself one is searched for the old forms."""
    if part.kind == "multipart/report" or part.fields("x-failed-recipients"):
        return True
    if any(value.strip() == "<>" for value in part.fields("return-path")):
        return True
    sender = decoded(part.field("from")[:1000])
    return bool(SENDERS.search(sender) or SUBJECTS.search(decoded(part.field("subject")[:1000])))


def _fields(part: Part, kind: str) -> Iterator[Part]:
    """The groups of fields inside the report's part of this kind."""
    for child in part.children:
        if child.kind == kind:
            yield from child.children


def _delivery_report(part: Part, token: str) -> Receipt | None:
    groups = [group for group in _fields(part, "message/delivery-status") if group.field("action")]
    if not groups:
        return None
    actions = {_action(group) for group in groups}
    given_up = actions - NOT_GIVEN_UP
    delayed = "delayed" in actions
    return Receipt(
        references=tuple(_returned_ids(part)),
        state="failed" if given_up or delayed else "delivered",
        cause=_cut("; ".join(_cause(group) for group in groups[:RECIPIENTS])),
        transient=delayed and not given_up,
        bounce_token=token,
    )


def _action(group: Part) -> str:
    """What became of one recipient. "failed" is final whatever the status says (RFC 3464 2.3.3);
    what is no word of the standard, real ones say "error", is judged by the status."""
    words = one_line(group.field("action"), 40).lower().split()
    action = words[0] if words else ""
    soft = group.field("status").strip().startswith("4")
    return "delayed" if soft and action not in {"failed", *NOT_GIVEN_UP} else action


def _cause(group: Part) -> str:
    who = one_line(group.field("final-recipient") or group.field("original-recipient"), 200)
    why = one_line(decoded(group.field("diagnostic-code")), CAUSE_CHARS)
    why = why[5:].lstrip() if why.lower().startswith("smtp;") else why
    return " ".join(
        filter(
            None, (who.partition(";")[2].strip() or who, one_line(group.field("status"), 40), why)
        )
    )


def _cut(text: str) -> str:
    return text if len(text) <= CAUSE_CHARS else f"{text[:CAUSE_CHARS]}…"


def _read_report(part: Part, token: str) -> Item | None:
    for fields in _fields(part, "message/disposition-notification"):
        disposition = one_line(fields.field("disposition"), 200).lower().rpartition(";")[2].strip()
        ids = [*message_ids(fields.field("original-message-id")), *_returned_ids(part)]
        if disposition.startswith("displayed"):
            return Receipt(tuple(dict.fromkeys(ids)), "read", bounce_token=token)
        return Ignored(f"a read report that says: {disposition or 'nothing'}")
    return None


def _returned_ids(part: Part) -> Iterator[str]:
    """Ids of the mail that the report returns, whole or as headers alone."""
    for child in part.children[1:]:
        if child.kind == "message/rfc822":
            for enclosed in child.children:
                yield from message_ids(enclosed.field("message-id"))
        elif child.kind == "text/rfc822-headers":
            yield from QUOTED_ID.findall(clean(charset_text(child.content()[:LEGACY_BYTES])))


def _legacy_report(part: Part, raw: bytes, token: str) -> Receipt | None:
    temporary, permanent = _recipients(raw)
    if not temporary and not permanent:
        return None
    head_ids = set(message_ids(part.field("message-id")))
    text = clean(charset_text(_shortened(raw)))
    ids = dict.fromkeys([*_returned_ids(part), *QUOTED_ID.findall(text)])
    return Receipt(
        references=tuple(found for found in ids if found not in head_ids),
        state="failed",
        cause=_cut(", ".join(sorted(permanent | temporary)[:RECIPIENTS])),
        transient=not permanent,
        bounce_token=token,
    )


def _shortened(raw: bytes) -> bytes:
    lines = islice(io.BytesIO(raw[:LEGACY_BYTES]), LEGACY_LINES)
    return b"".join(line for line in lines if len(line) <= LEGACY_LINE)


def _recipients(raw: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """(temporary, permanent) failures; whatever goes wrong inside means: not recognised."""
    none: frozenset[str] = frozenset()
    try:
        # its detectors stumble over 8-bit headers and a missing sender, and then find nothing
        message: Message = message_from_bytes(_shortened(raw).translate(SEVEN_BIT))
        if not message.get("from"):
            message["From"] = UNKNOWN
        found: tuple[Any, Any] = all_failures(message)
        return _names(found[0]), _names(found[1])
    except Exception:  # a third party's parser over a stranger's bytes
        return none, none


def _names(found: Any) -> frozenset[str]:
    texts = (name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in found)
    return frozenset(one_line(str(text), 200) for text in texts)
