"""API v1: who you are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.access.models import Role, RoleGrant
from crm.organisation.models import Employee, User


class RoleWords(serializers.Serializer[Any]):
    """unit: its source's id, null for everywhere."""

    role = serializers.ChoiceField(choices=Role.choices)
    unit = serializers.CharField(allow_null=True)


class EmployedWords(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    department = serializers.CharField()
    unit = serializers.CharField()


class PersonWords(serializers.ModelSerializer[User]):
    language = serializers.ChoiceField(choices=settings.LANGUAGES, allow_blank=True)
    roles = serializers.SerializerMethodField()
    employee = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "email", "name", "language", "roles", "employee"]
        read_only_fields = fields

    @extend_schema_field(RoleWords(many=True))
    def get_roles(self, user: User) -> list[dict[str, Any]]:
        if user.is_superuser:
            return [{"role": role.value, "unit": None} for role in Role]
        grants = RoleGrant.objects.filter(user=user).select_related("unit").order_by("pk")
        return [
            {"role": grant.role, "unit": grant.unit.source_id if grant.unit else None}
            for grant in grants
        ]

    @extend_schema_field(EmployedWords(allow_null=True))
    def get_employee(self, user: User) -> dict[str, Any] | None:
        employee = Employee.objects.filter(user=user).select_related("department__unit").first()
        if employee is None:
            return None
        return {
            "id": employee.pk,
            "name": employee.name,
            "department": employee.department.name,
            "unit": employee.department.unit.source_id,
        }
