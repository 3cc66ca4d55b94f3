"""The journal, to be read."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from crm.journal.models import Act
from crm.pages import Paged, ReadOnly


@admin.register(Act)
class ActAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("occurred_at", "actor", "via", "verb", "subject_type", "subject_id")
    list_select_related = ("actor",)
    list_filter = ("via", "subject_type")
    search_fields = ("=subject_id", "=verb")
    ordering = ("-pk",)
