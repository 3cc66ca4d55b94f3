"""Signed tokens for local parts: `support+c.TOKEN@example.org`.

Some servers write local parts in lower case, so a token is base32 in lower case. It tells who
holds the conversation's address, not who writes: a stranger may have been forwarded it.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32decode, b32encode
from binascii import Error
from uuid import UUID

REPLY = "c"  # a conversation's reply address
BOUNCE = "b"  # a message's envelope sender
COLLEAGUE = "o"  # where one of our own people answers what they were offered
MAC_BYTES = 10
TOKEN_CHARS = 42  # of 16 + MAC_BYTES bytes in base32, without padding


def sign(key: str, subject: UUID, *, purpose: str) -> str:
    raw = subject.bytes + _mac(key, subject, purpose)
    return b32encode(raw).decode().rstrip("=").lower()


def verify(key: str, token: str, *, purpose: str) -> UUID | None:
    """Whose token it is; None unless it was signed by us for this purpose."""
    if len(token) != TOKEN_CHARS or not token.isascii():
        return None
    try:
        raw = b32decode(token.upper() + "=" * (-TOKEN_CHARS % 8))
    except Error:
        return None
    subject = UUID(bytes=raw[:16])
    return subject if hmac.compare_digest(raw[16:], _mac(key, subject, purpose)) else None


def tagged(address: str, token: str, *, purpose: str) -> str:
    """The address with the token as its tag: support@x.org -> support+c.TOKEN@x.org."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{purpose}.{token}@{domain}"


def _mac(key: str, subject: UUID, purpose: str) -> bytes:
    text = b"relais.mail." + purpose.encode() + b"." + subject.bytes
    return hmac.new(key.encode(), text, hashlib.sha256).digest()[:MAC_BYTES]
