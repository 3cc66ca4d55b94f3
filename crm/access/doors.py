"""What every door asks of a request: who is it, and from where."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

from django.conf import settings
from django.http import HttpRequest

from crm.organisation.models import User
from crm.values import Actor, Via


def actor_of(request: HttpRequest) -> Actor:
    """The person signed in by session. The session is named by a digest: its key is a secret."""
    user = request.user if isinstance(request.user, User) else None
    key = request.session.session_key or ""
    session = hashlib.sha256(key.encode()).hexdigest()[:32] if key else ""
    return Actor(user=user, via=Via.OWN, session=session)


def address_of(request: HttpRequest) -> str:
    """The caller's address; of X-Forwarded-For only what our own proxies wrote is believed."""
    proxies = int(settings.TRUSTED_PROXIES)
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if proxies and len(forwarded) >= proxies and forwarded[-proxies]:
        return forwarded[-proxies][:64]
    return str(request.META.get("REMOTE_ADDR", ""))


def visitor_of(request: HttpRequest, day: date, *, purpose: str) -> str:
    """The same browser at the same address on the same day; nothing that holds longer.

    purpose: so that what is counted for one thing can't be joined with another.
    """
    told = f"{day} {address_of(request)} {request.headers.get('User-Agent', '')}"
    key = hashlib.sha256(f"{purpose} {settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, told.encode(errors="replace"), "sha256").hexdigest()[:32]
