"""The people outside: known through their units, blocked and unblocked here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.contacts.models import Contact, ContactUnit
from crm.contacts.services import block
from crm.journal.services import record
from crm.pages import Paged


class ContactAdmin(Paged, ModelAdmin):
    """Contacts come from messages and imports; nobody types them in, nobody deletes them here.

    Registered by the privacy room, which adds what can be done with a person.
    """

    list_display = ("name", "relationship", "organization", "shown_block", "occurred_at")
    list_filter = ("relationship", ("blocked_at", admin.EmptyFieldListFilter))
    fields = ("name", "relationship", "organization", "blocked_at", "occurred_at", "units_known")
    readonly_fields = ("blocked_at", "occurred_at", "units_known")
    search_fields = ("name", "identities__handle")
    ordering = ("-pk",)
    actions = ("block_chosen", "unblock_chosen")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        rows: QuerySet[Contact] = super().get_queryset(request)
        units = staffed_units(request.user)
        if units is None:
            return rows
        known = ContactUnit.objects.filter(contact=OuterRef("pk"), unit__in=units)
        return rows.filter(Exists(known))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is written to who was erased."""
        erased = obj is not None and obj.erased_at is not None
        return super().has_change_permission(request, obj) and not erased

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record("contact_changed", obj, by=actor_of(request), fields=form.changed_data)

    @admin.display(description=_("known in"))
    def units_known(self, row: Contact) -> str:
        return ", ".join(str(unit) for unit in row.units.all())

    @display(description=_("blocked"), label={"blocked": "danger"})
    def shown_block(self, row: Contact) -> tuple[str, str] | None:
        return ("blocked", str(_("blocked"))) if row.blocked_at else None

    @admin.action(description=_("Block: what they write goes to spam"), permissions=["change"])
    def block_chosen(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        self._block(request, queryset, blocked=True)

    @admin.action(description=_("Unblock"), permissions=["change"])
    def unblock_chosen(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        self._block(request, queryset, blocked=False)

    def _block(self, request: HttpRequest, rows: QuerySet[Contact], *, blocked: bool) -> None:
        chosen = list(rows)
        for contact in chosen:
            block(contact, blocked=blocked, by=actor_of(request))
        messages.success(request, _("%(count)s contacts changed") % {"count": len(chosen)})
