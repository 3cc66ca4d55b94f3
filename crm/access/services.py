"""Questions about a person's rights. Nothing above decides by itself what a role opens."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import AnonymousUser

from crm.access.models import Role, RoleGrant
from crm.organisation.models import User

Person = User | AnonymousUser
Grants = list[tuple[Role, uuid.UUID | None]]

_read: ContextVar[dict[int, Grants] | None] = ContextVar("grants_read", default=None)


@contextmanager
def grants_read_once() -> Iterator[None]:
    """Inside, each person's grants are asked of the database once: for the length of a request.

    What is streamed after the request asks anew each time.
    """
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def _grants(user: User) -> Grants:
    """(role, unit) pairs; no unit means everywhere."""
    read = _read.get()
    if read is not None and user.pk in read:
        return read[user.pk]
    rows = RoleGrant.objects.filter(user=user).values_list("role", "unit_id")
    grants: Grants = [(Role(role), unit) for role, unit in rows]
    if read is not None:
        read[user.pk] = grants
    return grants


def roles_of(user: Person) -> set[Role]:
    if not isinstance(user, User) or not user.is_active:
        return set()
    if user.is_superuser:
        return set(Role)
    return {role for role, _ in _grants(user)}


def has_role(user: Person, *roles: Role) -> bool:
    return bool(roles_of(user) & set(roles))


def staffed_units(user: Person) -> set[uuid.UUID] | None:
    """The units whose conversations `user` serves as staff; None means all of them."""
    if not isinstance(user, User) or not user.is_active:
        return set()
    if user.is_superuser:
        return None
    units = {unit for role, unit in _grants(user) if role is Role.STAFF}
    return None if None in units else {unit for unit in units if unit is not None}


def grant(user: User, role: Role) -> None:
    """Gives `role` everywhere. Staff may then enter the admin."""
    RoleGrant.objects.get_or_create(user=user, role=role, unit=None)
    (_read.get() or {}).pop(user.pk, None)
    if role is Role.STAFF and not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
