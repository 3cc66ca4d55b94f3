"""The inbox by keyboard alone, and a draft that nothing takes away."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from conversations.inbox import services
from conversations.inbox.models import Conversation, Message
from crm.access.models import Role
from tests import house
from tests.browser.conftest import Opener, Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> house.Somebody:
    home = house.unit()
    channel = house.webhook_channel(home)
    for name in ("anna", "berta", "carla"):
        said = house.message(name, f"I am {name}", thread=name, **{"from": {"handle": name}})
        house.post_webhook(channel, house.event(said))
        house.drain()
    return house.somebody(house.department(home), Role.STAFF, name="Camille")


@pytest.fixture
def desk(window: Opener, staff: house.Somebody) -> Window:
    opened = window()
    opened.sign_in(staff.user.email, "a long password")
    return opened


def test_from_the_list_to_the_end_without_a_mouse(desk: Window, staff: house.Somebody) -> None:
    keys = desk.page.keyboard
    keys.press("j")
    keys.press("j")
    keys.press("k")
    keys.press("o")
    expect(desk.page.locator(".ib-text").first).to_have_text("I am anna")
    keys.press("a")
    expect(desk.page.locator("[data-state-here]")).to_contain_text("Camille")
    keys.press("n")
    keys.type("one of the regulars")
    keys.press("Control+Enter")
    expect(desk.page.locator(".ib-message.note .ib-text")).to_have_text("one of the regulars")
    keys.press("Escape")
    keys.press("r")
    keys.type("Hello jke Anna")  # the keys of the page are letters here
    keys.press("Control+Enter")
    expect(desk.page.locator(".ib-message.out:not(.note) .ib-text")).to_have_text("Hello jke Anna")
    keys.press("Escape")
    keys.press("e")
    expect(desk.page.locator(".ib-text").first).to_have_text("I am berta")
    keys.press("j")
    expect(desk.page.locator(".ib-text").first).to_have_text("I am carla")
    keys.press("k")
    expect(desk.page.locator(".ib-text").first).to_have_text("I am berta")
    keys.press("s")
    keys.press("Enter")
    expect(desk.page.locator(".ib-text").first).to_have_text("I am carla")
    keys.press("?")
    expect(desk.page.locator("dialog")).to_be_visible()
    keys.press("Escape")
    keys.press("u")
    expect(desk.page.locator("[data-row]")).to_have_count(1)
    statuses = {row.thread: row.status for row in Conversation.objects.all()}
    assert statuses == {"anna": "closed", "berta": "snoozed", "carla": "open"}
    assert desk.complaints == []


def test_a_colleagues_word_appears_and_the_draft_stays(desk: Window, staff: house.Somebody) -> None:
    desk.page.click("text=I am berta")
    desk.page.fill("[data-text]", "a long draft")
    berta = Conversation.objects.get(thread="berta")
    services.note(berta, text="I am on it", by=staff.acting)
    expect(desk.page.locator(".ib-message.note")).to_contain_text("I am on it")
    expect(desk.page.locator("[data-text]")).to_have_value("a long draft")
    desk.page.reload()
    expect(desk.page.locator("[data-text]")).to_have_value("a long draft")


def test_two_answers_at_once_are_not_both_sent(desk: Window, staff: house.Somebody) -> None:
    desk.page.click("text=I am berta")
    desk.page.fill("[data-text]", "my answer")
    services.reply(Conversation.objects.get(thread="berta"), text="hers", by=staff.acting)
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator("[data-trouble]")).to_have_text("somebody wrote meanwhile")
    expect(desk.page.locator(".ib-message.out")).to_contain_text("hers")
    expect(desk.page.locator("[data-text]")).to_have_value("my answer")
    assert Message.objects.filter(direction="out").count() == 1
    desk.page.click("[data-send]")
    expect(desk.page.locator(".ib-message.out")).to_have_count(2)


def test_what_arrives_is_announced_in_the_list(desk: Window) -> None:
    channel = Conversation.objects.first().channel
    said = house.message("dora", "I am dora", thread="dora", **{"from": {"handle": "dora"}})
    house.post_webhook(channel, house.event(said))
    house.drain()
    news = desk.page.locator("[data-news] a")
    expect(news).to_contain_text("1 change")
    news.click()
    expect(desk.page.locator("[data-row]")).to_have_count(4)


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_no_page_is_wider_than_its_window(
    window: Opener, staff: house.Somebody, width: int
) -> None:
    desk = window(width=width, height=800)
    desk.sign_in(staff.user.email, "a long password")
    for _ in range(2):
        wide = desk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
        if desk.page.locator("[data-open]").count():
            desk.page.locator("[data-open]").first.click()
            desk.page.wait_for_selector("[data-thread]")
