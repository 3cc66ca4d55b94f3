"""An offer that was taken back goes out as accepted, then given back, and comes in again so."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from ambassadors.routing import following_up, services
from ambassadors.routing.models import Offer
from tests import house
from tests.config.history.test_export import again, exported

pytestmark = pytest.mark.django_db


def _assignments(lines: list[bytes]) -> list[dict[str, object]]:
    return [said for said in map(json.loads, lines) if said["type"] == "assignment"]


def test_a_taken_back_offer_survives_export_and_import(tmp_path: Path) -> None:
    home = house.unit()
    ada = house.ambassador(house.department(home))
    house.rule(answer_minutes=60, grace_minutes=30)
    house.post_webhook(house.webhook_channel(home), house.event(house.message()))
    house.drain()
    services.accept(Offer.objects.get(), by=ada.acting)
    Offer.objects.update(answer_due_at=timezone.now() - timedelta(seconds=1))
    following_up.follow_up(at=timezone.now())
    Offer.objects.update(answer_due_at=timezone.now() - timedelta(seconds=1))
    following_up.follow_up(at=timezone.now())
    lines = exported(tmp_path)
    (said,) = _assignments(lines)
    assert (said["reason"], bool(said["accepted_at"]), bool(said["declined_at"])) == (
        "not_answered",
        True,
        True,
    )
    assert _assignments(again(tmp_path, lines)) == [said]
