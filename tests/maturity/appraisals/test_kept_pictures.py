from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from maturity.appraisals import services
from maturity.appraisals.services import PastReading, remembered_picture, warm_picture

pytestmark = pytest.mark.django_db
READING = PastReading.CORRECTED


def today():
    return remembered_picture(timezone.localdate(), reading=READING)


@pytest.fixture
def slow(monkeypatch):
    """Every derivation counts as one that takes long."""
    monkeypatch.setattr(services, "SLOW", -1.0)


def test_what_takes_long_is_shown_until_the_worker_has_drawn_the_next(slow):
    first = today()
    assert today().made_at == first.made_at
    with time_machine.travel(timezone.now() + timedelta(seconds=30), tick=True):
        assert today().made_at == first.made_at  # older than five times what it took
        warm_picture()
        assert today().made_at > first.made_at


def test_the_worker_does_not_draw_what_is_fresh(slow, monkeypatch):
    monkeypatch.setattr(services, "KEPT_FOR", 10_000)
    first = today()
    warm_picture()
    assert today().made_at == first.made_at


def test_another_day_is_kept_no_longer_than_before(slow, monkeypatch):
    monkeypatch.setattr(services, "KEPT_FOR", 0)
    day = timezone.localdate() - timedelta(days=9)
    first = remembered_picture(day, reading=READING)
    assert remembered_picture(day, reading=READING).made_at > first.made_at
