"""What every door asks of a request: who is it, and from where."""

from __future__ import annotations

import hashlib

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
