"""Knowledge in a real browser: an article out of a conversation, and the public help centre."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ambassadors.routing.services import assign
from conversations.inbox.models import Conversation
from conversations.inbox.services import reply
from conversations.knowledge.models import Article, ArticleFeedback, HelpCentre, Visibility
from crm.access.models import Role
from tests import house
from tests.browser.conftest import Opener
from tests.conversations.knowledge import shelf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long password"
LOCKERS = (
    "Hello, could you deliver order 4411 to a locker in Lyon?",
    "Is delivery to a locker possible for my order?",
    "My order leaves tomorrow: can it be delivered to a locker?",
)


def _asked(workshop: object, text: str, number: int) -> Conversation:
    said = house.message(f"m{number}", text, thread=f"t{number}")
    said["from"] = {"handle": f"nina{number}@peak.example", "name": "Nina Peak"}
    house.post_webhook(workshop, house.event(said))
    house.drain()
    return Conversation.objects.latest("occurred_at")


def test_a_missing_article_is_found_made_of_a_conversation_and_published(window: Opener) -> None:
    workshop = house.department(house.unit())
    channel = house.webhook_channel(workshop.unit)
    ada, rita = (house.somebody(workshop, Role.STAFF, name=name) for name in ("Ada", "Rita"))
    for number, text in enumerate(LOCKERS):
        row = _asked(channel, text, number)
        assign(row, employee=ada.employee, by=ada.acting)
        reply(row, text="Hello Nina,\n\nYes: choose the locker when you pay.\n\nAda", by=ada.acting)
    mine = window()
    mine.sign_in(ada.user.email, PASSWORD)
    mine.go("/admin/conversations/article/debt/")
    page = mine.page
    expect(page.locator(".kn-often b")).to_have_text("3")
    page.get_by_role("button", name="Make an article").click()
    text = page.get_by_label("Text", exact=True)
    expect(text).to_contain_text("choose the locker")
    assert "Nina" not in text.input_value()
    page.get_by_label("Title", exact=True).fill("Delivery to a locker")
    page.get_by_label("Who may read it").select_option(Visibility.PUBLIC)
    page.locator(".kn-form button[type=submit], form button[type=submit]").last.click()
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.locator("[data-state=review]")).to_be_visible()
    hers = window()
    hers.sign_in(rita.user.email, PASSWORD)
    hers.go(f"/admin/conversations/article/{Article.objects.get().pk}/change/")
    hers.page.get_by_role("button", name="Approve").click()
    expect(hers.page.locator("[data-state=published]")).to_be_visible()
    assert mine.complaints == hers.complaints == []


def test_a_visitor_searches_the_help_centre_and_says_that_it_helped(window: Opener) -> None:
    workshop = house.department(house.unit())
    ada = house.somebody(workshop, Role.STAFF)
    for title, text in (
        ("Washing a sleeping bag", "At **30 °C**.\n\n- alone"),
        ("Returns", "Free"),
    ):
        shelf.published(title, text=text, by=ada, visibility=Visibility.PUBLIC, unit=workshop.unit)
    HelpCentre.objects.create(unit=workshop.unit, slug="brand", title="Brand")
    visitor = window(width=390)
    visitor.go("/help/brand/")
    page = visitor.page
    expect(page.locator(".cards a")).to_have_count(2)
    gap = "document.querySelector('h1').getBoundingClientRect().top"
    gap += " - document.querySelector('header').getBoundingClientRect().bottom"
    assert page.evaluate(gap) >= 8
    page.get_by_role("searchbox").fill("sleeping")
    page.keyboard.press("Enter")
    expect(page.locator(".cards a")).to_have_count(1)
    page.locator(".cards a").click()
    expect(page.locator("article strong")).to_have_text("30 °C")
    expect(page.locator("article li")).to_have_text("alone")
    page.get_by_role("button", name="Yes").click()
    expect(page.locator("[data-thanked]")).to_be_visible()
    assert list(ArticleFeedback.objects.values_list("helped", flat=True)) == [True]
    assert visitor.complaints == []
