"""Who may do what: roles, limited to a unit where one is named."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.organisation.models import Unit
from crm.values import uuid7


class Role(models.TextChoices):
    """staff: sees and serves every conversation of the unit. ambassador: answers what is
    offered. executive: reads the maturity page, no conversation."""

    STAFF = "staff", _("support and community staff")
    AMBASSADOR = "ambassador", _("ambassador")
    EXECUTIVE = "executive", _("executive")


class RoleGrant(models.Model):
    """`user` holds `role` in `unit`, or everywhere when no unit is named."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants"
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("unit")
    )
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "unit"], name="one_grant_per_unit", nulls_distinct=False
            ),
            models.CheckConstraint(name="role_is_known", condition=models.Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class IdempotencyKey(models.Model):
    """What `user` was answered to the write that carried `key`; kept for a day.

    digest: of method, path and body. status is null only inside the transaction that claims it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer: models.JSONField[Any, Any] = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="a_key_acts_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_keys_by_age")]

    def __str__(self) -> str:
        return self.key


class PersonalToken(models.Model):
    """What its maker said of a token: its name, and what it may be used for (`Scope`).

    The secret is kept nowhere, its digest in knox's row, which also says when it ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = models.OneToOneField("knox.AuthToken", on_delete=models.CASCADE, related_name="said")
    name = models.CharField(_("name"), max_length=100)
    scopes: models.JSONField[Any, Any] = models.JSONField(_("scopes"))
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")

    def __str__(self) -> str:
        return self.name
