import pytest
from django.core.cache import cache
from django.db import connection

from crm.journal.models import Pulse
from crm.journal.services import beat


@pytest.mark.django_db
def test_the_suite_runs_on_a_postgresql_of_its_own() -> None:
    beat("test")
    assert Pulse.objects.get().name == "test"
    assert str(connection.settings_dict["NAME"]).startswith("test_relais_")


@pytest.mark.django_db
def test_text_is_ordered_by_code_point_as_in_production() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'é' < 'f', lower('ÉCOLE')")
        assert cursor.fetchone() == (False, "école")


def test_the_cache_is_a_real_redis() -> None:
    cache.set("a", 1)
    assert cache.get("a") == 1
    assert type(cache).__name__ != "LocMemCache"
