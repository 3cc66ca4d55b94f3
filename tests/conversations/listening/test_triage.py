"""What is decided about mentions: by verb, by the API and on the staff's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from conversations.channels.wire.contract import Mentioned
from conversations.listening import hearing
from conversations.listening.models import Mention, Triage
from conversations.listening.triage import triage, undecided
from crm.access.models import Role
from crm.errors import Conflict, Forbidden, Invalid
from tests import house
from tests.api.hands import Caller
from tests.conversations.listening.conftest import Ear

pytestmark = pytest.mark.django_db
QUEUE = "/admin/conversations/mention/"


@pytest.fixture(name="heard")
def _heard(ear: Ear) -> list[Mention]:
    place = ear.at("http://127.0.0.1:9/feed")
    texts = ("The brand tent is great, thanks", "Rival has a new tent", "Brand, marque de merde")
    items = [
        Mentioned(external_id=str(n), text=text, url=f"https://a.example/{n}", author=f"Nina {n}")
        for n, text in enumerate(texts)
    ]
    said = {"takes_all": False, "at": house.timezone.now()}
    hearing.take(items, source=place.source, matcher=hearing.watches_of(place.source), **said)
    return list(Mention.objects.order_by("url"))


@pytest.fixture(name="page")
def _page(ear: Ear, client: Client) -> Client:
    client.force_login(ear.ada.user)
    return client


# --- the verb ---


def test_each_decision_stays_and_the_latest_holds(ear: Ear, heard: list[Mention]) -> None:
    triage([heard[0]], outcome="watch", by=ear.ada.acting)
    triage([heard[0]], outcome="engage", by=ear.ada.acting)
    row = Mention.objects.get(pk=heard[0].pk)
    assert row.outcome == "engage"
    assert list(row.triages.order_by("pk").values_list("outcome", flat=True)) == ["watch", "engage"]
    assert not Triage.objects.exclude(batch=None).exists()


def test_what_is_decided_together_is_marked_so(ear: Ear, heard: list[Mention]) -> None:
    made = triage(heard, outcome="ignore", by=ear.ada.acting)
    assert len(made) == 3
    assert len({each.batch for each in made}) == 1
    assert made[0].batch is not None
    assert not undecided(ear.ada.user).exists()


def test_a_quicker_colleague_is_not_overruled_unseen(ear: Ear, heard: list[Mention]) -> None:
    ben = house.somebody(ear.ada.employee.department, Role.STAFF, name="Ben")
    triage([heard[0]], outcome="engage", by=ben.acting)
    with pytest.raises(Conflict):
        triage([heard[0]], outcome="ignore", seen="", by=ear.ada.acting)
    assert len(triage(heard, outcome="ignore", seen="", by=ear.ada.acting)) == 2
    assert Mention.objects.get(pk=heard[0].pk).outcome == "engage"


def test_who_is_no_employee_decides_nothing(ear: Ear, heard: list[Mention]) -> None:
    nobody = house.Actor(None, house.Via.AUTOMATION)
    with pytest.raises(Forbidden):
        triage(heard, outcome="ignore", by=nobody)
    with pytest.raises(Invalid):
        triage(heard, outcome="delete", by=ear.ada.acting)
    assert not Triage.objects.exists()


# --- the API ---


def test_the_api_lists_decides_and_says_who_decided(ear: Ear, heard: list[Mention]) -> None:
    caller = Caller(ear.ada.user)
    waiting = caller.get("mentions/", outcome="none").json()["results"]
    assert {each["text"] for each in waiting} == {row.text for row in heard}
    assert caller.get("mentions/", competitor="Rival").json()["results"][0]["seen_by"] == [
        {"watch": str(ear.watch.pk), "name": "Us", "competitor": "Rival"}
    ]
    answer = caller.post(f"mentions/{heard[0].pk}/triage/", {"outcome": "watch", "seen": ""})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["outcome"], shown["language"], shown["sentiment"]) == ("watch", "en", "positive")
    assert [(each["by"]["name"], each["in_bulk"]) for each in shown["triages"]] == [("Ada", False)]
    again = caller.post(f"mentions/{heard[0].pk}/triage/", {"outcome": "ignore", "seen": ""})
    assert (again.status_code, again.json()["code"]) == (409, "triaged_since")


def test_the_api_decides_together_all_or_nothing(ear: Ear, heard: list[Mention]) -> None:
    caller = Caller(ear.ada.user)
    ids = [str(row.pk) for row in heard[:2]]
    unknown = "00000000-0000-7000-8000-000000000000"
    said: dict[str, Any] = {"outcome": "ignore", "mentions": [*ids, unknown]}
    assert caller.post("mentions/triage/", said).status_code == 404
    assert not Triage.objects.exists()
    answer = caller.post("mentions/triage/", {**said, "mentions": ids})
    assert answer.json() == {"triaged": 2}
    assert caller.get(f"mentions/{ids[0]}/").json()["triages"][0]["in_bulk"] is True


# --- the page ---


def test_the_queue_shows_what_waits_and_takes_a_decision(
    page: Client, heard: list[Mention]
) -> None:
    shown = page.get(QUEUE).content.decode()
    for row in heard:
        assert row.headline in shown
    assert "mood unknown" in shown
    where = f"{QUEUE}{heard[0].pk}/do/engage/"
    answer = page.post(where, {"seen": "", "back": f"{QUEUE}?view=waiting"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"{QUEUE}?view=waiting"
    assert heard[0].headline not in answer.content.decode()
    assert heard[0].headline in page.get(f"{QUEUE}?view=engage").content.decode()
    late = page.post(where.replace("engage", "ignore"), {"seen": ""}, follow=True)
    assert "a colleague has decided meanwhile" in late.content.decode()


def test_the_queue_decides_together(page: Client, heard: list[Mention]) -> None:
    said = {"mention": [row.pk for row in heard[:2]], "outcome": "ignore", "seen": ""}
    answer = page.post(f"{QUEUE}together/", said, follow=True)
    assert "2 decided together" in answer.content.decode()
    assert Mention.objects.waiting().count() == 1
    shown = page.get(f"{QUEUE}{heard[0].pk}/change/").content.decode()
    assert "together with others" in shown
    nothing = page.post(f"{QUEUE}together/", {"outcome": "ignore"}, follow=True)
    assert "between 1 and 200" in nothing.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("about=us", [0, 2]),
        ("about=them", [1]),
        ("sentiment=positive", [0]),
        ("language=fr", []),
        ("language=none", [2]),
        ("q=RIVAL", [1]),
        ("q=nina 2", [2]),
        ("watch=nonsense&language=xx&page=-1", [0, 1, 2]),
    ],
)
def test_the_queue_is_narrowed(
    page: Client, heard: list[Mention], query: str, found: list[int]
) -> None:
    shown = page.get(f"{QUEUE}?{query}").content.decode()
    assert [n for n, row in enumerate(heard) if str(row.pk) in shown] == found


def test_an_empty_queue_says_what_to_do(ear: Ear, page: Client) -> None:
    assert "All that was heard is decided" in page.get(QUEUE).content.decode()
    assert "Take a filter away" in page.get(f"{QUEUE}?q=x").content.decode()


def test_a_page_leads_back_into_the_house_only(page: Client, heard: list[Mention]) -> None:
    said = {"seen": "", "back": "https://evil.example/"}
    answer = page.post(f"{QUEUE}{heard[0].pk}/do/ignore/", said)
    assert answer["Location"] == f"{QUEUE}{heard[0].pk}/change/"
