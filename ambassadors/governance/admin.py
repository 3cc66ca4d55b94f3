"""Policies and what people did about them: imported so far, shown here."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from ambassadors.governance.models import Acknowledgement, Escalation, Policy, Training
from crm.pages import Paged, ReadOnly


@admin.register(Policy)
class PolicyAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("name", "version", "occurred_at", "reviewed_at")
    ordering = ("name", "-occurred_at")


@admin.register(Acknowledgement)
class AcknowledgementAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("employee", "policy_name", "version", "occurred_at", "via")
    list_select_related = ("employee",)
    ordering = ("-occurred_at",)


@admin.register(Training)
class TrainingAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("employee", "course", "occurred_at")
    list_select_related = ("employee",)
    ordering = ("-occurred_at",)


@admin.register(Escalation)
class EscalationAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("rule", "role", "conversation", "occurred_at", "reached_at", "drill")
    list_select_related = ("conversation",)
    ordering = ("-occurred_at",)
