from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config import health
from crm.journal.models import Pulse
from crm.journal.services import beat


@pytest.mark.django_db
def test_livez_asks_no_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/livez").status_code == 200


@pytest.mark.django_db
def test_readyz_names_each_part(client: Client) -> None:
    beat("worker")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert [answer.json()[part]["ok"] for part in ("database", "redis", "worker")] == [True] * 3


@pytest.mark.django_db
def test_readyz_fails_while_no_task_has_run(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["worker"] == {"ok": False, "reason": "no task has run yet"}
    assert answer.json()["database"] == {"ok": True}


@pytest.mark.django_db
def test_readyz_fails_when_the_last_task_is_old(client: Client) -> None:
    old = timezone.now() - timedelta(seconds=health.PULSE_MAX_SECONDS + 1)
    Pulse.objects.create(name="worker", at=old)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["worker"]["ok"] is False


@pytest.mark.django_db
def test_readyz_says_which_server_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    beat("worker")
    monkeypatch.setitem(health.CHECKS, "redis", _gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["redis"] == {"ok": False, "reason": "ConnectionRefusedError"}


def _gone() -> dict[str, object]:
    raise ConnectionRefusedError
