"""Reasons to decline: a list of the company's own, of which four codes always stay."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.utils import timezone, translation

from ambassadors.routing import reasons
from ambassadors.routing.models import Absence, DeclineReason, Offer
from ambassadors.routing.reasons import Reason
from crm.organisation.models import User
from tests import house
from tests.api.hands import Caller, hear, offered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_list_of_a_new_installation() -> None:
    """The migration's own rows, which the end of a test with real commits empties."""
    import_module("ambassadors.migrations.0005_reasons_to_decline").seed(apps, None)


@pytest.fixture
def ada() -> house.Somebody:
    brand = house.unit()
    person = house.ambassador(house.department(brand), name="Ada")
    hear(house.webhook_channel(brand))
    return person


def _known() -> set[str]:
    return {each.code for each in reasons.choices()}


def test_the_company_adds_a_reason_and_people_decline_with_it(ada: house.Somebody) -> None:
    offer = offered(ada)
    caller, path = Caller(ada.user), f"offers/{offer.pk}/decline/"
    refused = caller.post(path, {"reason": "legal"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert refused.json()["errors"][0]["pointer"] == "/reason"
    assert Offer.objects.get().state == "open"
    Reason.objects.create(code="legal", label_en="Needs a lawyer", label_fr="Pour un juriste")
    assert caller.post(path, {"reason": "legal"}).status_code == 200
    assert Offer.objects.get().reason == "legal"


def test_the_list_speaks_the_callers_language(ada: house.Somebody) -> None:
    listed = Caller(ada.user).get("decline-reasons/").json()["results"]
    assert [each["code"] for each in listed] == ["no_time", "not_my_topic", "absent", "other"]
    assert [each["proposes_absence"] for each in listed] == [False, False, True, False]
    with translation.override("fr"):
        assert reasons.choices()[0].label == "Pas le temps"


@pytest.mark.parametrize("code", DeclineReason.values)
def test_the_four_codes_can_not_be_dropped_renamed_or_switched_off(code: str) -> None:
    for change in (
        lambda row: row.delete(),
        lambda row: row.update(code="gone"),
        lambda row: row.update(active=False),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(Reason.objects.filter(code=code))
    assert set(DeclineReason.values) <= _known()
    Reason.objects.filter(code=code).update(label_en="Other words")
    with translation.override("en"):
        assert {each.label for each in reasons.choices() if each.code == code} == {"Other words"}


def test_a_reason_of_the_companys_own_can_be_switched_off(ada: house.Somebody) -> None:
    Reason.objects.create(code="legal", label_en="x", label_fr="x", active=False)
    assert "legal" not in _known()


def test_the_admin_saves_a_fixed_reason_and_offers_no_way_to_delete_it(client) -> None:
    client.force_login(User.objects.create_superuser("root@company.example", "x", name="Root"))
    row = Reason.objects.get(code="absent")
    page = f"/admin/ambassadors/reason/{row.pk}"
    words = {"label_en": "Away", "label_fr": "En congé", "position": "5", "active": "on"}
    assert client.post(f"{page}/change/", words).status_code == 302
    row.refresh_from_db()
    assert (row.code, row.label_en) == ("absent", "Away")
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert Reason.objects.filter(pk=row.pk).exists()


def test_declining_as_absent_may_note_the_absence(ada: house.Somebody) -> None:
    offer = offered(ada)
    until = timezone.now().replace(microsecond=0) + timedelta(days=3)
    caller, path = Caller(ada.user), f"offers/{offer.pk}/decline/"
    for reason, moment, code in (
        ("no_time", until, "no_absence"),
        ("absent", timezone.now() - timedelta(days=1), "in_the_past"),
    ):
        refused = caller.post(path, {"reason": reason, "absent_until": moment.isoformat()})
        assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert not Absence.objects.exists()
    assert Offer.objects.get().state == "open"
    body = {"reason": "absent", "absent_until": until.isoformat()}
    assert caller.post(path, body).status_code == 200
    assert Absence.objects.get().ends_at == until
