"""Several lists are counted in one statement."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.counting import how_many
from crm.organisation.models import Department, Unit
from tests import house

pytestmark = pytest.mark.django_db


def test_each_list_is_counted_no_further_than_asked_in_one_statement():
    brand = house.unit("100 % Brand")
    for name in ("a", "b", "c"):
        house.department(brand, name)
    lists = [
        Department.objects.all(),
        Unit.objects.filter(name="100 % Brand"),
        Unit.objects.none(),
        Department.objects.filter(name__in=["a", "c"]).order_by("-name"),
    ]
    with CaptureQueriesContext(connection) as asked:
        assert how_many(lists, most=10) == [3, 1, 0, 2]
    assert len(asked) == 1
    assert how_many(lists[:1], most=2) == [2]
    assert how_many([], most=2) == []
