"""What is asked without an article, and whose articles help whom; who sees what of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ambassadors.routing.services import assign
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from conversations.knowledge import debt
from conversations.knowledge.models import Article, ArticleUse
from crm.access.models import Role, RoleGrant
from crm.organisation.models import Employee
from tests import house
from tests.api.hands import Caller
from tests.conversations.knowledge import shelf

pytestmark = pytest.mark.django_db
LOCKER = (
    "Bonjour, pouvez-vous livrer ma commande 63006 dans un point relais à Lyon ?",
    "Est-il possible de livrer la commande 4411 en point relais plutôt qu'à la maison ?",
    "Livrez-vous en point relais ? Ma commande part demain.",
    "Livraison en point relais possible pour la commande 99 ?",
)
OTHERS = ("Mon réchaud ne s'allume plus depuis hier.", "Who repairs torn tents near Dublin?")


@pytest.fixture
def shop() -> dict[str, Any]:
    workshop = house.department(house.unit())
    return {
        "channel": house.webhook_channel(workshop.unit),
        "desk": house.somebody(workshop, Role.STAFF, name="Sam"),
        "colleague": house.somebody(workshop, Role.STAFF, name="Rita"),
        "workshop": workshop,
    }


def asked(channel: Any, *texts: str, people: int = 0, language: str = "fr") -> list[Conversation]:
    """Each text by another person, or by `people` in turn."""
    start = Conversation.objects.count()
    for number, text in enumerate(texts, start):
        handle = f"h{number % people if people else number}"
        said = house.message(f"m{number}", text, thread=f"t{number}")
        said["from"] = {"handle": handle, "name": handle}
        house.post_webhook(channel, house.event(said))
    house.drain()
    Conversation.objects.update(language=language)
    return list(Conversation.objects.order_by("occurred_at", "pk"))[start:]


def used(article: Article, conversation: Conversation, by: house.Somebody) -> None:
    assign(conversation, employee=by.employee, by=by.acting)
    message = reply(conversation, text=article.text, by=by.acting)
    ArticleUse.objects.create(article=article, message=message, occurred_at=timezone.now())


def missing(person: house.Somebody) -> Any:
    return Caller(person.user).get("articles/missing/").json()


def test_what_is_asked_in_other_words_by_several_people_is_one_missing_article(shop):
    locker = asked(shop["channel"], *LOCKER)
    asked(shop["channel"], *OTHERS)
    said = missing(shop["desk"])
    assert (said["read"], said["is_all"]) == (6, True)
    (gap,) = said["missing"]
    assert (gap["asked"], gap["without"], gap["people"]) == (4, 4, 4)
    assert gap["question"] in LOCKER
    assert set(gap["conversations"]) == {str(one.pk) for one in locker}
    assert gap["nearest"] is None


def test_an_article_that_goes_out_pays_the_debt_and_one_that_lies_there_does_not(shop):
    locker = asked(shop["channel"], *LOCKER)
    article = shelf.published(
        "Livraison en point relais", text="Oui, en point relais.", by=shop["colleague"],
        reviewer=shop["desk"], language="fr",
    )  # fmt: skip
    (gap,) = missing(shop["desk"])["missing"]
    assert gap["nearest"] == {"id": str(article.pk), "title": article.title}
    used(article, locker[0], shop["desk"])
    (gap,) = missing(shop["desk"])["missing"]
    assert (gap["asked"], gap["without"]) == (4, 3)
    for one in locker[1:3]:
        used(article, one, shop["desk"])
    assert missing(shop["desk"])["missing"] == []


@pytest.mark.parametrize("how", ["one person", "twice", "spam", "long ago"])
def test_what_one_person_asks_or_few_do_is_no_debt(shop, how):
    locker = asked(shop["channel"], *LOCKER, people=1 if how == "one person" else 0)
    rows = Conversation.objects.filter(pk__in=[one.pk for one in locker[:2]])
    if how == "twice":
        rows.delete()
    if how == "spam":
        rows.update(status="spam")
    if how == "long ago":
        rows.update(occurred_at=timezone.now() - timedelta(days=91))
    assert missing(shop["desk"])["missing"] == []


def test_each_reader_is_shown_what_their_own_conversations_owe(shop):
    locker = asked(shop["channel"], *LOCKER)
    ann = house.ambassador(shop["workshop"], name="Ann")
    assert (missing(ann)["read"], missing(ann)["missing"]) == (0, [])
    for one in locker[:3]:
        assign(one, employee=ann.employee, by=shop["desk"].acting)
    (gap,) = missing(ann)["missing"]
    assert gap["asked"] == 3
    assert str(locker[3].pk) not in gap["conversations"]


def test_questions_that_take_too_long_to_read_are_said_to_be_missing(shop, monkeypatch):
    asked(shop["channel"], *LOCKER)
    monkeypatch.setattr(debt, "_ASKED", "SELECT pg_sleep(5) WHERE %s::uuid[] IS NOT NULL")
    found = debt.debt_of(shop["desk"].user, seconds=0.05)
    assert (found.gaps, found.is_all) == ([], False)


def test_the_page_makes_an_article_of_it(shop):
    asked(shop["channel"], *LOCKER)
    browser = Client()
    browser.force_login(shop["desk"].user)
    page = browser.get("/admin/conversations/article/debt/").content.decode()
    assert "point relais" in page
    assert "/admin/conversations/article/from/" in page
    Message.objects.all().delete()
    assert "Nothing is owed" in browser.get("/admin/conversations/article/debt/").content.decode()


def test_the_department_of_who_wrote_it_is_credited_and_nobody_for_their_own(shop):
    unit = shop["workshop"].unit
    sales = house.department(unit, "Sales")
    five = [house.somebody(sales, Role.STAFF, name=f"S{number}") for number in range(5)]
    for number in range(3):
        house.somebody(shop["workshop"], Role.STAFF, name=f"W{number}")
    assert Employee.objects.filter(department=shop["workshop"]).count() == 5
    article = shelf.published("Glue", text="Dry.", by=shop["desk"], reviewer=shop["colleague"])
    rows = asked(shop["channel"], *LOCKER, *OTHERS)
    used(article, rows[0], five[0])
    used(article, rows[1], five[1])
    used(article, rows[2], shop["colleague"])
    used(article, rows[3], shop["desk"])  # their own
    said = Caller(shop["desk"].user).get("articles/reuse/").json()
    assert said["uses"] == 3
    given = {row["name"]: row for row in said["departments"]}
    assert (given["Workshop"]["beyond"], given["Workshop"]["within"]) == (2, 1)
    assert (given["Workshop"]["articles"], given["Workshop"]["taken"]) == (1, 1)
    assert (given["Sales"]["articles"], given["Sales"]["taken"]) == (0, 2)
    (best,) = said["articles"]
    assert (best["uses"], best["groups"], best["by"]) == (3, 2, "Workshop")
    Employee.objects.filter(pk=five[0].employee.pk).update(left_at=timezone.now())
    said = Caller(shop["desk"].user).get("articles/reuse/").json()
    assert {row["name"] for row in said["departments"]}.isdisjoint({"Sales"})
    assert Caller(shop["desk"].user).get("articles/reuse/", days="31").status_code == 400
    browser = Client()
    browser.force_login(shop["desk"].user)
    page = browser.get("/admin/conversations/article/reuse/?days=30").content.decode()
    assert "Glue" in page


def test_staff_of_another_unit_is_shown_no_use_of_this_one(shop):
    article = shelf.published("Glue", text="Dry.", by=shop["desk"], reviewer=shop["colleague"])
    used(article, asked(shop["channel"], LOCKER[0])[0], shop["colleague"])
    elsewhere = house.somebody(house.department(house.unit("Other"), "There"))
    there = elsewhere.employee.department.unit
    RoleGrant.objects.create(user=elsewhere.user, role=Role.STAFF, unit=there)
    assert Caller(shop["desk"].user).get("articles/reuse/").json()["uses"] == 1
    assert Caller(elsewhere.user).get("articles/reuse/").json()["uses"] == 0
