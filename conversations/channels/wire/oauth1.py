"""Requests signed for one user, OAuth 1.0a with HMAC-SHA1 (RFC 5849), as X still takes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import quote


def header(
    method: str, url: str, keys: Mapping[str, str], *, stamp: str = "", nonce: str = ""
) -> str:
    """Of a request without a query whose body is no form. keys: consumer_key, consumer_secret,
    access_token, access_token_secret. stamp, nonce: now and a new one."""
    said = {
        "oauth_consumer_key": keys.get("consumer_key", ""),
        "oauth_nonce": nonce or secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": stamp or str(int(time.time())),
        "oauth_token": keys.get("access_token", ""),
        "oauth_version": "1.0",
    }
    listed = "&".join(f"{_coded(name)}={_coded(said[name])}" for name in sorted(said))
    base = "&".join((method.upper(), _coded(url), _coded(listed)))
    names = ("consumer_secret", "access_token_secret")
    key = "&".join(_coded(keys.get(name, "")) for name in names)
    mac = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
    said["oauth_signature"] = base64.b64encode(mac).decode()
    return "OAuth " + ", ".join(f'{_coded(name)}="{_coded(said[name])}"' for name in sorted(said))


def _coded(value: str) -> str:
    return quote(value, safe="-._~")
