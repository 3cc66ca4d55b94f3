"""Pages of the admin whose rows belong to a unit, or to the whole company."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from crm.access.services import staffed_units
from crm.organisation.models import Unit
from crm.pages import Paged


class Scoped(Paged):
    """Rows of the units that a person serves, and of the whole company; only who serves a row's
    unit may change it. unit_of: the way from the row to its unit."""

    unit_of = "unit"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        units = staffed_units(request.user)
        if units is None:
            return rows
        return rows.filter(Q(**{f"{self.unit_of}__in": units}) | Q(**{self.unit_of: None}))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """obj: the row, or its id, as actions ask."""
        if isinstance(obj, str):
            obj = self.found(request, obj)
        may = super().has_change_permission(request, obj)  # type: ignore[misc]
        return bool(may) and (obj is None or self.is_served(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def is_served(self, request: HttpRequest, obj: Any) -> bool:
        units = staffed_units(request.user)
        return units is None or self.unit_id(obj) in units

    def unit_id(self, obj: Any) -> Any:
        return obj.unit_id

    def found(self, request: HttpRequest, object_id: str) -> Any:
        try:
            return self.get_queryset(request).filter(pk=object_id).first()
        except (ValueError, ValidationError):
            return None

    def one(self, request: HttpRequest, object_id: str) -> Any:
        row = self.found(request, object_id)
        if row is None or not self.is_served(request, row):
            raise Http404
        return row

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **said: Any
    ) -> Any:
        """The form, which knows what units may be chosen."""
        form = super().get_form(request, obj, change, **said)  # type: ignore[misc]
        served = staffed_units(request.user)
        units = Unit.objects.order_by("name")
        units = units if served is None else units.filter(pk__in=served)

        class Narrowed(form):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, units=units, everywhere=served is None, **kwargs)

        return Narrowed
