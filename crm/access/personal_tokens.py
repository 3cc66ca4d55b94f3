"""Personal tokens: made and revoked by their person alone; the secret is told once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import AuthToken

from crm.access.models import PersonalToken
from crm.access.tokens import PREFIX
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.organisation.models import User
from crm.values import Actor, uuid7

MOST = 50  # tokens of one person
LONGEST = timedelta(days=366)


def make_token(
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime,
    by: Actor,
    pk: uuid.UUID | None = None,
) -> tuple[PersonalToken, str]:
    """The token and its secret, which is known at this moment only.

    pk: what the asker calls it, so that asking twice makes one: Conflict `made_already`.
    """
    now = timezone.now()
    if not now < expires_at <= now + LONGEST:
        raise Invalid(_("a token ends in the future, within a year"), code="out_of_range")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if pk is not None and PersonalToken.objects.filter(pk=pk).exists():
            raise Conflict(_("this token was made already"), code="made_already")
        if tokens_of(user).count() >= MOST:
            raise Conflict(_("revoke a token first: you have too many"), code="too_many_tokens")
        token, secret = AuthToken.objects.create(  # type: ignore[no-untyped-call]
            user, expiry=expires_at - now, prefix=PREFIX
        )
        said = PersonalToken.objects.create(
            pk=pk or uuid7(), token=token, name=name, scopes=sorted(set(scopes))
        )
        record("token_made", user, by=by, token=str(said.pk), scopes=said.scopes)
    return said, secret


def revoke_token(said: PersonalToken, *, by: Actor) -> None:
    """The next request with it is refused."""
    with transaction.atomic():
        record("token_revoked", said.token.user, by=by, token=str(said.pk))
        said.token.delete()


def tokens_of(user: User) -> QuerySet[PersonalToken]:
    """Those that still work, or were not used since they ended."""
    return PersonalToken.objects.filter(token__user=user).select_related("token")
