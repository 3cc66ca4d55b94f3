"""What lists of people are narrowed by."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters import CharFilter, FilterSet

from crm.contacts.models import Contact, Identity


class PersonFilters(FilterSet):
    """q: a part of the name or of an address."""

    q = CharFilter(method="find", max_length=100)

    class Meta:
        model = Contact
        fields: list[str] = []

    def find(self, rows: QuerySet[Contact], _name: str, said: str) -> QuerySet[Contact]:
        said = said.replace("\0", "")
        named = Identity.objects.filter(handle__icontains=said.lower()).values("contact")
        return rows.filter(Q(name__icontains=said) | Q(pk__in=named))
