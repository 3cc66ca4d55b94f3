"""Raw bytes to a tree of parts: the standard parser under caps, headers kept as they came.

`email`'s default policy parses header values while reading, in quadratic time; compat32 does
not, and nothing here asks a `Message` for a header by name.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesFeedParser, BytesHeaderParser
from email.policy import compat32
from itertools import count
from typing import Any, cast

from conversations.channels.wire.email.limits import (
    DEPTH,
    HEADER_CHARS,
    HEADERS,
    PARTS,
    STRUCTURE_HEADER_CHARS,
    Budget,
    TooCostly,
)

CHUNK = 64 * 1024
KIND = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")


class Part(Message):
    """One part of a mail; refuses to grow beyond the caps while the parser builds it."""

    _payload: Any  # the parser's own, declared nowhere

    def __init__(self, policy: Any = compat32) -> None:
        super().__init__(policy)
        self.depth = 0
        self.cut = False
        self._count = 0

    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        if payload.depth > DEPTH:
            raise TooCostly(f"parts are nested more than {DEPTH} deep")
        super().attach(payload)

    def set_raw(self, name: str, value: str) -> None:
        self._count += 1
        size = STRUCTURE_HEADER_CHARS if name.lower().startswith("content-") else HEADER_CHARS
        if self._count > HEADERS or len(value) > size:
            self.cut = True
        if self._count <= HEADERS:
            super().set_raw(name, value[:size])

    def fields(self, name: str) -> list[str]:
        """The raw, still folded values of a field, 8-bit bytes as surrogates."""
        wanted = name.lower()
        return [str(value) for field, value in self.raw_items() if field.lower() == wanted]

    def field(self, name: str) -> str:
        return next(iter(self.fields(name)), "")

    @property
    def kind(self) -> str:
        """type/subtype in lower case; text/plain when it is missing or nonsense (RFC 2045 5.2)."""
        kind = "".join(self.field("content-type").partition(";")[0].split()).lower()
        return kind if KIND.fullmatch(kind) else "text/plain"

    @property
    def children(self) -> list[Part]:
        """The parts inside; none where a multipart's boundary never came."""
        payload = self._payload
        return cast("list[Part]", payload) if isinstance(payload, list) else []

    def own_text(self) -> str:
        """The body as it stands in the mail; get_payload() would guess at a charset, or raise."""
        return self._payload if isinstance(self._payload, str) else ""

    def content(self) -> bytes:
        """The body with its transfer encoding undone, as far as it can be; never raises."""
        words = self.field("content-transfer-encoding").replace(";", " ").split()
        return _undo(
            words[0].lower() if words else "", self.own_text().encode("ascii", "surrogateescape")
        )


def _undo(encoding: str, raw: bytes) -> bytes:
    if encoding == "base64":
        return _base64(raw)
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        return _uudecoded(raw)
    return raw


def _base64(raw: bytes) -> bytes:
    for padding in (b"", b"=", b"=="):
        try:
            return binascii.a2b_base64(raw + padding)
        except binascii.Error:
            continue
    return raw


def _uudecoded(raw: bytes) -> bytes:
    lines = iter(raw.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return raw
    return b"".join(_uudecoded_lines(lines))


def _uudecoded_lines(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line.rstrip() in {b"end", b"`", b""}:
            return
        try:
            yield binascii.a2b_uu(line)
        except binascii.Error:  # a mailer counted wrongly; the length byte says what is meant
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            yield binascii.a2b_uu(line[:size])


def tree(raw: bytes, budget: Budget) -> Part:
    """The whole mail. Raises TooCostly; the parser recurses, so DEPTH also guards its stack."""
    numbers = count(1)

    def new_part(policy: Any = compat32) -> Part:
        if next(numbers) > PARTS:
            raise TooCostly(f"more than {PARTS} parts")
        return Part(policy)

    parser: BytesFeedParser[Any] = BytesFeedParser(new_part, policy=compat32)
    for start in range(0, len(raw), CHUNK):
        parser.feed(raw[start : start + CHUNK])
        budget.check()
    return cast("Part", parser.close())


def head(raw: bytes) -> Part:
    """The mail's own header alone, for a mail whose body is beyond us."""
    block = raw[: HEADERS * 1024]
    ends = [at for mark in (b"\r\n\r\n", b"\n\n", b"\r\r") if (at := block.find(mark)) >= 0]
    parser: BytesHeaderParser[Any] = BytesHeaderParser(Part, policy=compat32)
    return cast("Part", parser.parsebytes(block[: min(ends, default=len(block))]))
