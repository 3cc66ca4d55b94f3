"""The web chat in a real browser, from the visitor's first word to the answer on the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from conversations.channels.models import Channel, Envelope
from conversations.channels.services import open_channel
from conversations.inbox.models import Message
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.browser.conftest import Opener

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def home() -> house.Unit:
    return house.unit("Maison")


@pytest.fixture
def channel(home: house.Unit) -> Channel:
    return open_channel(home, kind="webchat", name="Website", by=AUTOMATION)


@pytest.fixture
def staff(home: house.Unit) -> house.Somebody:
    return house.somebody(house.department(home), Role.STAFF, name="Camille")


def test_a_visitor_asks_staff_answers_the_visitor_sees_it(
    window: Opener, channel: Channel, staff: house.Somebody
) -> None:
    visitor, desk = window(width=390, height=760), window()
    visitor.go(f"/chat/{channel.token}/")
    visitor.page.fill("[data-name]", "Lou")
    visitor.page.fill("[data-text]", "Is the glass recyclable?")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".said.mine .when")).to_have_text("sent")
    house.drain()
    desk.sign_in(staff.user.email, "a long password")
    desk.page.click("text=Is the glass recyclable?")
    desk.page.wait_for_url("**/change/**")
    desk.page.keyboard.press("r")
    desk.page.keyboard.type("It is, and so is the cap.")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator(".ib-message.out .ib-text")).to_have_text("It is, and so is the cap.")
    house.drain()
    answer = visitor.page.locator(".said:not(.mine)")
    expect(answer.locator(".text")).to_have_text("It is, and so is the cap.")
    expect(answer.locator(".who")).to_have_text("Camille")
    expect(desk.page.locator(".ib-delivery.good")).to_have_text("sent")
    visitor.page.reload()
    expect(visitor.page.locator(".said .text")).to_have_count(2)
    assert visitor.complaints == []
    assert desk.complaints == []


def test_what_is_written_without_a_connection_goes_out_once_it_is_back(
    window: Opener, channel: Channel
) -> None:
    visitor = window()
    visitor.go(f"/chat/{channel.token}/")
    visitor.context.set_offline(True)
    visitor.page.fill("[data-text]", "written in a tunnel")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("[data-notice]")).to_contain_text("No connection")
    assert not Envelope.objects.exists()
    visitor.context.set_offline(False)
    expect(visitor.page.locator(".said.mine .when")).to_have_text("sent")
    house.drain()
    assert Message.objects.get().text == "written in a tunnel"


def test_a_closed_window_loses_no_unsent_word(window: Opener, channel: Channel) -> None:
    visitor = window()
    visitor.go(f"/chat/{channel.token}/")
    visitor.page.route("**/say/", lambda route: route.abort())
    visitor.page.fill("[data-text]", "never sent yet")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".said.mine .when")).to_have_text("sending…")
    visitor.page.unroute("**/say/")
    visitor.page.reload()
    expect(visitor.page.locator(".said.mine .when")).to_have_text("sent")
    assert Envelope.objects.count() == 1


def test_markup_of_either_side_is_shown_as_text(
    window: Opener, channel: Channel, staff: house.Somebody
) -> None:
    visitor = window()
    visitor.go(f"/chat/{channel.token}/")
    visitor.page.fill("[data-text]", "<img src=x onerror=alert(1)> javascript:alert(2)")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".said.mine .text")).to_contain_text("<img src=x")
    expect(visitor.page.locator(".said img, .said a")).to_have_count(0)
