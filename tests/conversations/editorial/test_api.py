"""The plan through the API: a life in calls, what is refused, and how much a list costs."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from conversations.editorial import learning, life
from conversations.editorial.models import Publication
from tests import house
from tests.api.hands import Caller, a_key
from tests.conversations.editorial.plan import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(desk: Desk) -> Caller:
    return Caller(desk.ada.user)


@pytest.fixture
def ben(desk: Desk) -> Caller:
    return Caller(desk.ben.user)


def _plan(desk: Desk, **fields: Any) -> dict[str, Any]:
    return {
        "channel": str(desk.channel.pk),
        "publish_at": (timezone.now() + timedelta(days=3)).isoformat(),
        "text": "New boots",
        "audience": "Hikers",
        "segment": "Regulars",
        "topic": "boots",
        "expected": {"metric": "likes", "value": 40},
        **fields,
    }


def test_a_life_in_calls(desk: Desk, ada: Caller, ben: Caller) -> None:
    key = a_key()
    made = ada.post("publications/", _plan(desk), key=key)
    assert made.status_code == 201
    assert ada.post("publications/", _plan(desk), key=a_key()).status_code == 201
    shown = made.json()
    assert (shown["state"], shown["expected"]) == ("draft", {"metric": "likes", "value": 40})
    one = f"publications/{shown['id']}/"
    assert ada.post(one + "submit/").json()["state"] == "submitted"
    refused = ada.post(one + "approve/", {"edition": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "own_publication")
    assert ben.post(one + "approve/", {"edition": 1}).json()["state"] == "approved"
    changed = ada.patch(one, {"expected": {"metric": "likes", "value": 50}}).json()
    assert (changed["state"], changed["edition"], changed["approved_by"]) == ("submitted", 2, None)
    stale = ben.post(one + "approve/", {"edition": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_since")
    assert ben.post(one + "approve/", {"edition": 2}).status_code == 200
    assert ada.post(one + "confirm/", {"external_id": "p-1"}).json()["state"] == "published"
    late = ada.patch(one, {"expected": {"metric": "likes", "value": 1}})
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert ada.post(one + "compare/", {"value": 44, "lesson": "Fine."}).status_code == 200
    assert ada.post(one + "compare/", {"value": 50}).json()["code"] == "compared"
    own = ada.post(one + "decisions/", {"text": "More."})
    assert (own.status_code, own.json()["code"]) == (403, "own_comparison")
    told = ben.post(one + "decisions/", {"text": "More of it."})
    assert told.status_code == 201
    said = ben.get(one).json()
    assert said["comparison"]["value"] == 44
    assert [each["text"] for each in said["decisions"]] == ["More of it."]


def test_the_same_key_plans_once(desk: Desk, ada: Caller) -> None:
    key, plan = a_key(), _plan(desk)
    assert ada.post("publications/", plan, key=key).json() == (
        ada.post("publications/", plan, key=key).json()
    )
    assert Publication.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"text": ""}, 400),
        ({"text": 3}, 400),
        ({"publish_at": "2026-12-01T08:00:00"}, 400),
        ({"channel": "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0001"}, 400),
        ({"expected": {"metric": "likes"}}, 400),
        ({"expected": {"metric": "likes", "value": "many"}}, 400),
        ({"expected": {"metric": "", "value": 3}}, 400),
        ({"expected": {"metric": "likes", "value": 10**400}}, 400),
        ({"expected": {"metric": "likes", "value": 1e13}}, 400),
        ({"publish_at": "9999-12-31T23:59:59+00:00"}, 400),
        ({"publish_at": "0001-01-01T00:00:00+14:00"}, 400),
        ({"state": "approved"}, 400),
        ({"approved_by": "me"}, 400),
    ],
)
def test_what_is_no_plan_is_refused(desk: Desk, ada: Caller, change: Any, status: int) -> None:
    answer = ada.post("publications/", _plan(desk, **change), key=a_key())
    assert answer.status_code == status
    assert not Publication.objects.exists()


def test_a_list_is_filtered_and_costs_the_same_for_many(
    desk: Desk, ada: Caller, django_assert_max_num_queries: Any
) -> None:
    rows = [desk.planned(topic=f"t{n % 2}") for n in range(6)]
    desk.submitted()
    with django_assert_max_num_queries(6):
        listed = ada.get("publications/", state="draft").json()["results"]
    assert len(listed) == 6
    assert len(ada.get("publications/", topic="t1").json()["results"]) == 3
    until = (timezone.now() + timedelta(days=1)).isoformat()
    assert ada.get("publications/", until=until).json()["results"] == []
    mine = ada.get("publications/", author=str(desk.ada.employee.pk)).json()["results"]
    assert len(mine) == len(rows) + 1
    assert ada.get("publications/", colour="red").status_code == 400


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00Z", "2000-01-01T00:00:00Z"]
)
def test_no_plan_is_moved_out_of_the_calendar(desk: Desk, ada: Caller, moment: str) -> None:
    row = desk.planned()
    assert ada.post(f"publications/{row.pk}/move/", {"publish_at": moment}).status_code == 400
    assert Publication.objects.get().publish_at == row.publish_at


def test_another_units_channel_is_unknown(desk: Desk) -> None:
    elsewhere = house.unit("Elsewhere")
    eve = house.somebody(house.department(elsewhere), name="Eve")
    eve.user.role_grants.create(role="staff", unit=elsewhere)
    answer = Caller(eve.user).post("publications/", _plan(desk), key=a_key())
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_channel")


def test_the_plan_goes_out_as_a_table_and_comes_back_as_drafts(desk: Desk, ada: Caller) -> None:
    desk.planned(text="New boots", topic="boots")
    out = ada.get("publications/table/")
    assert out.headers["Content-Type"].startswith("text/csv")
    header, line = csv.reader(io.StringIO(out.content.decode()))
    cells = dict(zip(header, line, strict=True))
    assert (cells["text"], cells["topic"], cells["state"]) == ("New boots", "boots", "draft")

    shown = ["id", "state", "author", "planned_at", "approved_by", "published_at"]
    table = "\n".join(
        ",".join(f'"{cells[name]}"' for name in header if name not in shown)
        if row
        else ",".join(name for name in header if name not in shown)
        for row in (0, 1, 1)
    )
    key = a_key()
    taken = ada.post("publications/table/", {"table": table}, key=key)
    assert (taken.status_code, taken.json()) == (201, {"drafts": 2})
    assert ada.post("publications/table/", {"table": table}, key=key).json() == {"drafts": 2}
    assert Publication.objects.filter(text="New boots").count() == 3

    wrong = ada.post("publications/table/", {"table": table.replace(cells["channel"], "Nobody", 1)})
    assert wrong.status_code == 400
    assert [each["detail"] for each in wrong.json()["errors"]] == ["2: unknown channel: Nobody"]
    assert Publication.objects.count() == 3


def test_another_units_plan_is_in_no_table_and_no_forecast(desk: Desk) -> None:
    desk.planned()
    elsewhere = house.unit("Elsewhere")
    eve = house.somebody(house.department(elsewhere), name="Eve")
    eve.user.role_grants.create(role="staff", unit=elsewhere)
    other = Caller(eve.user)
    assert len(other.get("publications/table/").content.decode().splitlines()) == 1
    assert other.get("publications/forecast/").json() == {
        "author": [], "topic": [], "channel": [], "to_compare": [],
    }  # fmt: skip


def test_forecasts_say_who_expects_too_much_and_what_waits(desk: Desk, ada: Caller) -> None:
    compared = desk.due()
    life.confirm(compared, external_id="p-1", by=desk.ada.acting)
    learning.compare(compared, value=10, lesson="Too cold", by=desk.ada.acting)
    waiting = desk.due()
    life.confirm(waiting, external_id="p-2", by=desk.ada.acting)
    found = ada.get("publications/forecast/").json()
    assert found["author"] == [
        {"name": "Ada", "compared": 1, "error": 0.5, "bias": -0.5, "is_few": True}
    ]
    assert [each["id"] for each in found["to_compare"]] == [str(waiting.pk)]


def test_a_feeds_address_is_told_once_and_ends(desk: Desk, ada: Caller, client: Client) -> None:
    nothing = {"address": None, "made_at": None, "read_at": None}
    assert ada.get("publications/feed/").json() == nothing
    key = a_key()
    made = ada.post("publications/feed/", key=key)
    assert made.status_code == 201
    where = urlsplit(made.json()["address"]).path
    assert client.get(where).status_code == 200
    assert ada.post("publications/feed/", key=key).json()["address"] is None
    shown = ada.get("publications/feed/").json()
    assert (shown["address"], shown["read_at"] is not None) == (None, True)
    assert ada.delete("publications/feed/").status_code == 204
    assert client.get(where).status_code == 404
    assert ada.get("publications/feed/").json() == nothing
