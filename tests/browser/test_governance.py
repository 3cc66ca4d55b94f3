"""Approving an answer side by side, and reading a policy, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ambassadors.governance.approvals import ask
from ambassadors.governance.ladder import Ladder
from ambassadors.governance.models import Acknowledgement
from ambassadors.governance.policies import publish
from ambassadors.routing.services import assign
from conversations.channels.wire.contract import File
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.browser.conftest import Opener

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _held() -> tuple[house.Somebody, Message]:
    """Staff, and an answer of a new ambassador that waits for them."""
    home = house.unit()
    place = house.department(home)
    ada = house.ambassador(place)
    Ladder.objects.create(unit=home)
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message()))
    house.drain()
    conversation = Conversation.objects.get()
    assign(conversation, employee=ada.employee, by=ada.acting)
    label = File("label.pdf", "application/pdf", b"%PDF label")
    message = reply(conversation, text="Its on the way.", files=[label], by=ada.acting)
    ask(message, at=timezone.now())
    return house.somebody(place, Role.STAFF, name="Camille"), message


@pytest.mark.parametrize("width", [390, 1280])
def test_an_answer_is_corrected_side_by_side_and_sent(
    window: Opener, width: int, tmp_path: Path
) -> None:
    staff, message = _held()
    desk = window(width=width, height=800)
    desk.sign_in(staff.user.email, "a long password")
    desk.go("/admin/ambassadors/ladder/approvals/")
    page = desk.page
    expect(page.locator(".gov-question")).to_contain_text("Where is my parcel?")
    expect(page.locator(".gov-text")).to_have_text("Its on the way.")
    expect(page.locator("[data-files] a")).to_contain_text("label.pdf")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.screenshot(path=tmp_path / "approval.png", full_page=True)
    page.fill("textarea[name=text]", "It is on the way.")
    page.click("[data-approve]")
    expect(page.locator(".gov-empty")).to_be_visible()
    message.refresh_from_db()
    assert (message.text, message.approved_by) == ("It is on the way.", staff.employee)
    assert desk.complaints == []


def test_what_was_said_since_is_shown_and_must_be_confirmed(window: Opener) -> None:
    staff, message = _held()
    said = house.message("m2", "Never mind!")
    house.post_webhook(message.channel, house.event(said))
    house.drain()
    desk = window()
    desk.sign_in(staff.user.email, "a long password")
    desk.go(f"/admin/conversations/conversation/{message.conversation_id}/change/")
    stale = desk.page.locator(".gov-stale")
    expect(stale).to_contain_text("Never mind!")
    stale.locator("input[type=checkbox]").check()
    desk.page.click("[data-approve]")
    expect(desk.page.locator(".gov-card")).to_have_count(0)
    assert Message.objects.get(pk=message.pk).delivery.state != "held"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_policy_is_read_and_acknowledged_by_the_person(
    window: Opener, width: int, tmp_path: Path
) -> None:
    ada = house.ambassador(house.department(house.unit()))
    publish("How we answer", version="2", text="Be kind.\n\n<b>Be true.</b>", by=AUTOMATION)
    desk = window(width=width, height=800)
    desk.go("/login/?next=/policies/")
    page = desk.page
    page.fill("[name=username]", ada.user.email)
    page.fill("[name=password]", "a long password")
    page.click("main button[type=submit]")
    expect(page.locator(".pol-text")).to_contain_text("<b>Be true.</b>")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.screenshot(path=tmp_path / "policy.png", full_page=True)
    page.click("main button[type=submit]")
    expect(page.locator(".notice")).to_contain_text("You have read this version.")
    mine = Acknowledgement.objects.get()
    assert (mine.employee, mine.via) == (ada.employee, "own")
    assert mine.session
    assert desk.complaints == []
