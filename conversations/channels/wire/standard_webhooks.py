"""Signing and verifying, Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks).

The signature covers `id.timestamp.body` with HMAC-SHA256 under the base64-decoded secret after
`whsec_`. Several signatures may stand in the header (rotation); one that fits is enough.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

TOLERANCE = 300  # seconds, both ways
LONGEST_ID = 200
_PREFIX = "whsec_"


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX))


def sign(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the `webhook-signature` header."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(secret: str, *, message_id: str, body: bytes) -> dict[str, str]:
    now = int(time.time())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(secret, message_id=message_id, timestamp=now, body=body),
        "content-type": "application/json",
    }


def verify(secret: str, *, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether one of the signatures fits and the timestamp is within the tolerance.

    headers: names in lower case. Never raises; compares in constant time.
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and secret):
        return False
    if abs(now - int(stamp)) > TOLERANCE:
        return False
    try:
        wanted = sign(secret, message_id=message_id, timestamp=int(stamp), body=body).encode()
    except (binascii.Error, ValueError):
        return False
    fits = False
    for candidate in given.split(" ")[:20]:
        fits |= hmac.compare_digest(wanted, candidate.encode("utf-8", "replace"))
    return fits
