"""Deadlines in the list, and two people on one conversation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ambassadors.routing import services as routing
from conversations.inbox.models import Conversation, Deadline
from conversations.service_levels.models import Target
from conversations.service_levels.services import save_target
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.browser.conftest import Opener, Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def home() -> house.Unit:
    return house.unit()


@pytest.fixture
def camille(home: house.Unit) -> house.Somebody:
    return house.somebody(house.department(home), Role.STAFF, name="Camille")


@pytest.fixture
def sam(home: house.Unit) -> house.Somebody:
    return house.somebody(house.department(home), Role.STAFF, name="Sam")


def written(home: house.Unit, *names: str) -> None:
    channel = house.webhook_channel(home)
    for name in names:
        said = house.message(name, f"I am {name}", thread=name, **{"from": {"handle": name}})
        house.post_webhook(channel, house.event(said))
    house.drain()


def at_desk(window: Opener, person: house.Somebody, *, width: int = 1280) -> Window:
    opened = window(width=width, height=900)
    opened.sign_in(person.user.email, "a long password")
    return opened


def due(name: str, minutes: float) -> None:
    """That conversation's first answer is due then; a third of the time before it, it is near."""
    at = timezone.now() + timedelta(minutes=minutes)
    Deadline.objects.filter(conversation__thread=name).update(
        due_at=at, warn_at=at - timedelta(hours=1)
    )


def test_what_is_due_is_seen_sorted_and_filtered(
    window: Opener, home: house.Unit, camille: house.Somebody
) -> None:
    save_target(Target(name="Everybody", first_answer="4 h"), by=AUTOMATION)
    written(home, "anna", "berta", "carla")
    due("berta", 20.5)
    due("carla", -90.5)
    desk = at_desk(window, camille)
    expect(desk.page.locator(".ib-due.late")).to_have_text("late by 1 h")
    expect(desk.page.locator(".ib-due.soon")).to_have_text("due in 20 min")
    expect(desk.page.locator(".ib-due.fine")).to_have_count(1)
    desk.page.select_option("[name=sort]", "due")
    expect(desk.page.locator("[data-row]").first).to_contain_text("carla")
    desk.page.click("text=Due soon or late")
    expect(desk.page.locator("[data-row]")).to_have_count(2)
    desk.page.click("text=I am carla")
    expect(desk.page.locator(".ib-state .ib-due.late")).to_contain_text("first answer")
    desk.page.select_option("[name=priority]", "urgent")
    desk.page.click("[data-levels] button")
    expect(desk.page.locator(".ib-state")).to_contain_text("priority urgent")
    assert desk.complaints == []


def test_two_at_one_conversation_see_each_other_and_the_customer(
    window: Opener, home: house.Unit, camille: house.Somebody, sam: house.Somebody
) -> None:
    written(home, "anna")
    first, second = at_desk(window, camille), at_desk(window, sam)
    for desk in (first, second):
        desk.page.click("text=I am anna")
    there = second.page.locator("[data-there]")
    expect(there).to_have_text("Camille is looking at this too")
    first.page.locator("[data-text]").press_sequentially("Dear Anna")
    expect(there).to_have_text("Camille is writing an answer")
    channel = Conversation.objects.get().channel
    said = house.message("anna2", "Are you there?", thread="anna", **{"from": {"handle": "anna"}})
    house.post_webhook(channel, house.event(said))
    house.drain()
    expect(first.page.locator("[data-wrote]")).to_be_visible()
    expect(first.page.locator("[data-text]")).to_have_value("Dear Anna")
    first.page.keyboard.press("Control+Enter")
    expect(first.page.locator(".ib-message.out")).to_have_count(1)
    expect(first.page.locator("[data-wrote]")).to_be_hidden()
    first.page.click("[data-key=u]")
    expect(there).to_be_hidden()
    assert (first.complaints, second.complaints) == ([], [])


def test_a_takeover_is_asked_and_handed_over(
    window: Opener, home: house.Unit, camille: house.Somebody, sam: house.Somebody
) -> None:
    written(home, "anna")
    conversation = Conversation.objects.get()
    routing.assign(conversation, employee=camille.employee, by=camille.acting)
    owner, asker = at_desk(window, camille), at_desk(window, sam)
    for desk in (owner, asker):
        desk.page.click("text=I am anna")
    asker.page.click("text=Ask to take over")
    expect(asker.page.locator("[data-takeover]")).to_contain_text("Sam has asked Camille")
    banner = owner.page.locator("[data-takeover]")
    expect(banner).to_contain_text("Sam asks to take this conversation over")
    owner.page.click("text=Hand over")
    expect(owner.page.locator(".ib-state")).to_contain_text("Sam")
    conversation.refresh_from_db()
    assert conversation.assignee == sam.employee
    assert (owner.complaints, asker.complaints) == ([], [])


@pytest.mark.parametrize("width", [390, 1280])
def test_a_colleague_is_asked_in_and_out_again(
    window: Opener, home: house.Unit, camille: house.Somebody, width: int
) -> None:
    written(home, "anna")
    eve = house.somebody(house.department(home, "Lab"), Role.AMBASSADOR, name="Eve")
    desk = at_desk(window, camille, width=width)
    desk.page.click("text=I am anna")
    desk.page.click("text=Ask somebody in")
    desk.page.select_option("[data-invite] [name=employee]", str(eve.employee.pk))
    desk.page.click("[data-invite] button")
    shown = desk.page.locator("[data-colleagues]")
    expect(shown).to_contain_text("advises")
    wide = desk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    seen = Conversation.objects.visible_to(eve.user)
    assert seen.count() == 1
    desk.page.click("[data-colleagues] .ib-invited button")
    expect(shown).not_to_contain_text("advises")
    assert seen.count() == 0
    assert desk.complaints == []
