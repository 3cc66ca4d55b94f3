"""What a token may be used for: the first word of an address decides, here and nowhere else.

An address that no line names takes `all`: a new one must be named before less opens it.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    PROFILE = "profile", _("who you are, your hours and absences")
    OFFERS = "offers", _("offers and the stream of what happens")
    CONVERSATIONS_READ = "conversations:read", _("read conversations")
    CONVERSATIONS_WRITE = "conversations:write", _("write in conversations")
    KNOWLEDGE = "knowledge", _("articles")
    GOVERNANCE = "governance", _("policies, trainings, approvals, the people you lead")
    COMMUNITIES = "communities", _("communities and ideas")
    MATURITY = "maturity", _("the stage of the company and its load")
    ADMIN = "admin", _("channels, what came in by them, and contacts")
    ALL = "all", _("everything you may do, your tokens included")


_CONVERSATIONS = (Scope.CONVERSATIONS_READ, Scope.CONVERSATIONS_WRITE)
# the first word after /api/v1/: its scope, or one to read and one to write
_SCOPES: dict[str, Scope | tuple[Scope, Scope]] = {
    "me": Scope.PROFILE,
    "offers": Scope.OFFERS,
    "decline-reasons": Scope.OFFERS,
    "stream": Scope.OFFERS,
    "webhooks": Scope.OFFERS,
    "conversations": _CONVERSATIONS,
    "files": _CONVERSATIONS,
    "messages": _CONVERSATIONS,
    "drafts": _CONVERSATIONS,
    "round-trips": _CONVERSATIONS,
    "publications": _CONVERSATIONS,
    "mentions": _CONVERSATIONS,
    "places": Scope.ADMIN,
    "watches": Scope.ADMIN,
    "articles": Scope.KNOWLEDGE,
    "ready-answers": Scope.KNOWLEDGE,
    "approvals": Scope.GOVERNANCE,
    "policies": Scope.GOVERNANCE,
    "trainings": Scope.GOVERNANCE,
    "escalations": Scope.GOVERNANCE,
    "corrections": Scope.GOVERNANCE,
    "escalation-rules": Scope.GOVERNANCE,
    "people": Scope.GOVERNANCE,
    "communities": Scope.COMMUNITIES,
    "threads": Scope.COMMUNITIES,
    "posts": Scope.COMMUNITIES,
    "insights": Scope.COMMUNITIES,
    "maturity": Scope.MATURITY,
    "load": Scope.MATURITY,
    "contacts": Scope.ADMIN,
    "duplicates": Scope.ADMIN,
    "exports": Scope.ALL,
    "erasures": Scope.ALL,
    "channels": Scope.ADMIN,
    "envelopes": Scope.ADMIN,
    "undelivered": Scope.ADMIN,
}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def first_word(path: str) -> str:
    return path.removeprefix("/api/v1").strip("/").partition("/")[0]


def scope_of(method: str, path: str) -> Scope:
    """The least that opens this."""
    scope = _SCOPES.get(first_word(path), Scope.ALL)
    if isinstance(scope, tuple):
        return scope[0] if method in _READING else scope[1]
    return scope


def opens(scopes: Iterable[str], method: str, path: str) -> bool:
    return bool({scope_of(method, path).value, Scope.ALL.value} & set(scopes))
