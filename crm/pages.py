"""What the admin's pages of every room share: quick paging, and rows that only verbs write."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property

EXACT = 10_000  # rows up to which a count is exact


class QuickPaginator(Paginator):  # type: ignore[type-arg]
    """Counts exactly while that is quick, then asks the planner how many rows it expects."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Model]", self.object_list).order_by()
        exact = rows[: EXACT + 1].count()
        return exact if exact <= EXACT else max(exact, self._expected(rows))

    @staticmethod
    def _expected(rows: QuerySet[Model]) -> int:
        sql, params = rows.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            plan: Any = cursor.fetchone()[0]
        return int(plan[0]["Plan"]["Plan Rows"])


def confirmation(request: HttpRequest, question: str) -> HttpResponse | None:
    """Asks before a link of the admin changes something; None once the answer was posted."""
    if request.method == "POST":
        return None
    around = admin.site.each_context(request)
    words = {"question": question, "title": question}
    return render(request, "crm/confirm.html", {**around, **words})


class Paged:
    """A list that stays quick over a million rows."""

    paginator = QuickPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200


class ReadOnly:
    """Rows that the admin shows and only verbs, doors or imports write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields]  # type: ignore[attr-defined]

    def save_model(self, *args: Any) -> None:
        """Nothing on the form is to be written."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """No button that would save nothing."""
        context |= {"show_save": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]
