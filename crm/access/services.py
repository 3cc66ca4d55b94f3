"""Questions about a person's rights. Nothing above decides by itself what a role opens."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AnonymousUser

from crm.access.models import Role, RoleGrant
from crm.organisation.models import User

Person = User | AnonymousUser


def roles_of(user: Person) -> set[Role]:
    if not isinstance(user, User) or not user.is_active:
        return set()
    if user.is_superuser:
        return set(Role)
    return {Role(role) for role in user.role_grants.values_list("role", flat=True)}


def has_role(user: Person, *roles: Role) -> bool:
    return bool(roles_of(user) & set(roles))


def staffed_units(user: Person) -> set[uuid.UUID] | None:
    """The units whose conversations `user` serves as staff; None means all of them."""
    if not isinstance(user, User) or not user.is_active:
        return set()
    if user.is_superuser:
        return None
    units = set(
        RoleGrant.objects.filter(user=user, role=Role.STAFF).values_list("unit_id", flat=True)
    )
    return None if None in units else {unit for unit in units if unit is not None}


def grant(user: User, role: Role) -> None:
    """Gives `role` everywhere. Staff may then enter the admin."""
    RoleGrant.objects.get_or_create(user=user, role=role, unit=None)
    if role is Role.STAFF and not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
