"""Articles are found by words within a second, and alike ones while somebody writes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from conversations.knowledge.duplicates import duplicates
from conversations.knowledge.models import Article
from conversations.knowledge.search import Found, alike, find, published
from crm.access.models import Role
from tests import house
from tests.api.hands import Caller
from tests.conversations.knowledge import shelf

pytestmark = pytest.mark.django_db
MANY = 3_000


@pytest.fixture
def sam():
    return house.somebody(house.department(house.unit()), Role.STAFF, name="Sam")


def titles(words: str) -> list[str]:
    rows = published().in_bulk(find(words, published()).ids)
    return [rows[pk].title for pk in find(words, published()).ids]


def test_words_beginnings_stems_and_phrases_find_the_title_first(sam):
    reader = shelf.reader(sam.employee.department)
    for title, text in {
        "Waterproofing boots": "Wax them when they are dry. Running shoes are another matter.",
        "Returns": "Boots come back within sixty days, never worn outside.",
        "Remboursement": "Nous remboursons sous quatorze jours, port compris.",
    }.items():
        shelf.published(title, text=text, by=sam, reviewer=reader)
    assert titles("boots") == ["Waterproofing boots", "Returns"]
    assert titles("boot") == ["Waterproofing boots", "Returns"]
    assert titles("rembourser") == ["Remboursement"]
    assert titles("runn") == ["Waterproofing boots"]
    assert titles('"sixty days"') == ["Returns"]
    assert titles("boots -worn") == ["Waterproofing boots"]
    assert titles("zebra") == titles("& !:*") == titles("") == []


def _filled(sam) -> None:
    shelf.published("The rare one", text="A zebra and a parcel.", by=sam)
    rows = [
        Article(
            title=f"Parcel {number}", text=f"Where a parcel is, number {number}.",
            author=sam.employee, state="published",
            occurred_at=timezone.now(), published_at=timezone.now(),
        )
        for number in range(MANY)
    ]  # fmt: skip
    Article.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_article")


def test_a_search_that_may_not_last_says_so_and_gives_what_it_has(sam):
    _filled(sam)
    found = find("parcel", published(), seconds=0.001)
    assert (found.ids, found.is_all) == ([], False)
    assert alike(["parcel"], seconds=0.001) == []
    found = find("parcel", published())
    assert (len(found.ids), found.is_all) == (200, False)
    assert find("zebra", published()) == Found(
        [Article.objects.get(title="The rare one").pk], is_all=True
    )


def test_the_page_says_that_it_is_not_all(client, sam, monkeypatch):
    _filled(sam)
    client.force_login(sam.user)
    page = "/admin/conversations/article/?q=parcel"
    assert "others may be missing" in client.get(page).content.decode()
    monkeypatch.setitem(find.__kwdefaults__, "seconds", 0.001)
    answer = client.get(page)
    assert (answer.status_code, b"others may be missing" in answer.content) == (200, True)


def test_the_api_finds_what_one_may_see(sam):
    shelf.published("Parcels", text="They come by post.", by=sam)
    shelf.submitted("Parcels by bike", text="On Sundays.", by=sam.acting)
    other = house.somebody(sam.employee.department)
    asks = {"search": "parcel"}

    def seen(who, **query):
        return [
            row["title"] for row in Caller(who.user).get("articles/", **query).json()["results"]
        ]

    assert seen(other, **asks) == ["Parcels"]
    assert seen(other, state="review", **asks) == []
    assert seen(sam, state="review", **asks) == ["Parcels by bike"]
    assert Caller(sam.user).get("articles/", **asks)["Search-Complete"] == "true"


def test_what_says_it_already_is_shown_while_one_writes(client, sam):
    text = "You can follow your parcel with the number in the mail we sent when it left."
    there = shelf.published("Follow a parcel", text=text, by=sam)
    shelf.published("Opening hours", text="From nine to six, but not on Sundays.", by=sam)
    reworded = "Your parcel can be followed: the number is in the mail we sent when it left."
    found = duplicates("How to follow parcels", reworded, user=sam.user)
    assert [each.article for each in found] == [there]
    assert found[0].percent > 50
    assert duplicates("Gift cards", "They never expire.", user=sam.user) == []
    client.force_login(sam.user)
    said = {"title": "Follow a parcel", "text": ""}
    answer = client.post("/admin/conversations/article/similar/", said)
    assert [row["title"] for row in answer.json()["found"]] == ["Follow a parcel"]
    said["article"] = str(there.pk)
    assert client.post("/admin/conversations/article/similar/", said).json() == {"found": []}


def test_nobodys_draft_is_shown_to_another(sam):
    shelf.services.write_article("Follow a parcel", text="The number is Zed.", by=sam.acting)
    other = house.somebody(sam.employee.department, Role.STAFF)
    assert len(duplicates("Follow a parcel", "", user=sam.user)) == 1
    assert duplicates("Follow a parcel", "", user=other.user) == []
