"""What the list of ideas is filtered by."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import BooleanFilter, ChoiceFilter, FilterSet

from ambassadors.communities.insights import in_state
from ambassadors.communities.models import Insight

STATES = [
    ("undecided", _("undecided")),
    ("overdue", _("overdue")),
    ("shipped", _("shipped")),
    ("rejected", _("rejected")),
    ("untold", _("author not told")),
]


class InsightFilters(FilterSet):
    """overdue: undecided for more than thirty days. owned: by you. written: by you."""

    state = ChoiceFilter(method="in_state", choices=STATES)
    owned = BooleanFilter(method="owned_by_reader")
    written = BooleanFilter(method="written_by_reader")

    class Meta:
        model = Insight
        fields: list[str] = []

    def in_state(self, found: QuerySet[Insight], name: str, value: str) -> QuerySet[Insight]:
        return in_state(found, value)

    def owned_by_reader(self, found: QuerySet[Insight], name: str, value: bool) -> Any:
        theirs = {"owner__user": self.request.user}
        return found.filter(**theirs) if value else found.exclude(**theirs)

    def written_by_reader(self, found: QuerySet[Insight], name: str, value: bool) -> Any:
        theirs = {"author__user": self.request.user}
        return found.filter(**theirs) if value else found.exclude(**theirs)
