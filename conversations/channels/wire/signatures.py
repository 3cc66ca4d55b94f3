"""How providers sign what they post: over raw bytes, in constant time, and nothing ever raises."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

TOLERANCE = 300  # seconds, both ways


def same(given: str, wanted: str) -> bool:
    """False for an empty `wanted`: a secret that is not set opens nothing."""
    return bool(wanted) and hmac.compare_digest(
        given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace")
    )


def meta(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """`X-Hub-Signature-256` of the Graph products; the older SHA-1 header opens nothing."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(secret) and same(headers.get("x-hub-signature-256", ""), f"sha256={digest}")


def x(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """`x-twitter-webhooks-signature`, base64; no time is signed."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    wanted = f"sha256={base64.b64encode(mac).decode()}"
    return bool(secret) and same(headers.get("x-twitter-webhooks-signature", ""), wanted)


def linkedin(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """`X-LI-Signature`: the beginning is part of what is signed; some write it before the digest
    as well."""
    digest = hmac.new(secret.encode(), b"hmacsha256=" + body, hashlib.sha256).hexdigest()
    given = headers.get("x-li-signature", "").removeprefix("hmacsha256=")
    return bool(secret) and same(given, digest)


def slack(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Version 0: the time and the body, not older than five minutes."""
    stamp = headers.get("x-slack-request-timestamp", "")
    if not (secret and stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    signed = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    fits = same(headers.get("x-slack-signature", ""), f"v0={digest}")
    return fits and abs(now - int(stamp)) <= TOLERANCE


def twilio(secret: str, headers: Mapping[str, str], body: bytes, *, url: str) -> bool:
    """Over the public address and the sorted fields; a JSON body is bound by `bodySHA256`.

    Twilio signs with or without the port, by no rule that it tells: both are tried. A shared key
    of a subaccount signs with SHA-256 and says so.
    """
    how = headers.get("x-twilio-webhooks-signature-settings", "")
    digest = hashlib.sha256 if "HMAC_SHA256" in how.upper() else hashlib.sha1
    bound = parse_qs(urlsplit(url).query).get("bodySHA256")
    if bound:
        if not same(hashlib.sha256(body).hexdigest(), bound[0].lower()):
            return False
        signed = ""
    else:
        signed = _fields(body)
    given, fits = headers.get("x-twilio-signature", ""), False
    for address in _with_and_without_port(url):
        mac = hmac.new(secret.encode(), (address + signed).encode(), digest)
        fits |= same(given, base64.b64encode(mac.digest()).decode())
    return bool(secret) and fits


def _fields(body: bytes) -> str:
    """Each name once, then its values, each once: all in order, blank ones too."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    values: dict[str, set[str]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    return "".join(name + value for name in sorted(values) for value in sorted(values[name]))


def _with_and_without_port(url: str) -> Iterable[str]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return (url,)
    usual = 443 if parts.scheme == "https" else 80
    bare = parts.hostname or ""
    other = f"{bare}:{usual}" if port is None else bare
    return (url, urlunsplit((parts.scheme, other, parts.path, parts.query, parts.fragment)))
