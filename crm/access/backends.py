"""What a role opens in the staff's pages: a table in the settings, nothing stored a person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db.models import Model

from crm.access.models import Role
from crm.access.services import has_role
from crm.organisation.models import User


class RoleBackend(ModelBackend):
    """Who holds the staff's role may do what `STAFF_PERMISSIONS` names. Superusers may all.

    Remembered on the user's object, which lives as long as a request.
    """

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        known: set[str] | None = getattr(user_obj, "_role_permissions", None)
        if known is None:
            known = set(settings.STAFF_PERMISSIONS) if has_role(user_obj, Role.STAFF) else set()
            user_obj._role_permissions = known  # type: ignore[attr-defined]  # noqa: SLF001 - kept as Django keeps its own
        return known
