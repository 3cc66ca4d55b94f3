"""What people have let apps do: one grant from the consent to its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from crm.access.scopes import Scope
from crm.journal.services import record
from crm.organisation.models import User
from crm.values import Actor

LIVING = (Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN)
ACCESS_PREFIX = "rla"  # starts every access token: who reads a token knows its kind by that
KEPT = timedelta(days=1)  # after its end: a code that comes again is still known as used


def facts(row: Token) -> dict[str, Any]:
    """grant: the consent it came of. used: it was, and works no more. A code has more."""
    return row.data or {}


def offered(client: Client | None) -> set[str]:
    """What `client` may ask for: never a person's tokens."""
    if client is None:
        return set()
    return (set(Scope.values) - {Scope.ALL.value}) & set(client.get_scopes())


def tokens_with(value: str, kinds: Sequence[str], client: Client) -> QuerySet[Token]:
    found: QuerySet[Token] = Token.objects.by_value(value).filter(type__in=kinds, client=client)
    return found


def end_grant(row: Token) -> None:
    """What came of the same consent works no more. Used codes and tokens stay known as used."""
    Token.objects.filter(
        client=row.client_id, user=row.user_id, type__in=LIVING, data__grant=facts(row)["grant"]
    ).exclude(data__has_key="used").delete()


def apps_of(user: User) -> list[dict[str, Any]]:
    """The apps that `user` has let in and that still may do something."""
    rows = Token.objects.valid().filter(user=user, type__in=LIVING).exclude(data__has_key="used")
    found = rows.values("client", "client__name").annotate(
        since=Min("created_at"), until=Max("expires_at")
    )
    scopes: dict[str | None, set[str]] = defaultdict(set)
    for row in rows:
        scopes[row.client_id] |= set(row.get_scopes())
    return [
        {**app, "scopes": sorted(scopes[app["client"]])} for app in found.order_by("client__name")
    ]


def put_out(user: User, *, client_id: str, by: Actor) -> bool:
    """Ends all that `user` has let the app do; whether there was anything."""
    with transaction.atomic():
        rows = Token.objects.filter(user=user, client=client_id)
        gone, _ = rows.delete()
        if gone:
            record("app_put_out", user, by=by, client=client_id)
    return bool(gone)


def forget_ended() -> int:
    """Deletes what ended a day ago and more. Returns how many."""
    ended = Token.objects.filter(expires_at__lt=timezone.now() - KEPT)
    return int(ended.delete()[0])
