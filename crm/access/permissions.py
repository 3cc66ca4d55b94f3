"""Which roles a view of the API is for."""

from __future__ import annotations

from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from crm.access.models import Role
from crm.access.services import has_role


class _Roles(IsAuthenticated):
    roles: tuple[Role, ...] = ()

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and has_role(request.user, *self.roles)


class StaffOnly(_Roles):
    roles = (Role.STAFF,)


class StaffOrExecutive(_Roles):
    roles = (Role.STAFF, Role.EXECUTIVE)


class Answering(_Roles):
    """Staff and ambassadors: those who talk with customers."""

    roles = (Role.STAFF, Role.AMBASSADOR)


class ReadAllWriteAnswering(BasePermission):
    """Whoever is signed in reads; those who talk with customers write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return IsAuthenticated().has_permission(request, view)
        return Answering().has_permission(request, view)


class OwnerOnly(IsAuthenticated):
    """Who runs the installation: secrets of the company go in here."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and bool(request.user.is_superuser)
