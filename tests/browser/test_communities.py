"""A question goes inside and comes back, and the load board, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ambassadors.communities.models import RoundTrip
from ambassadors.communities.services import open_community
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.organisation.services import save_employee
from crm.values import AUTOMATION
from tests import house
from tests.browser.conftest import Opener, Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company() -> dict[str, house.Somebody]:
    home = house.unit()
    shop, lab = house.department(home, "Shop"), house.department(home, "Lab")
    staff = house.somebody(shop, Role.STAFF, name="Camille")
    staff.employee.social_team = True
    save_employee(staff.employee, by=AUTOMATION)
    names = ("Bea", "Cid", "Dan", "Eve", "Fay")
    lab_people = [house.somebody(lab, Role.AMBASSADOR, name=name) for name in names]
    channel = house.webhook_channel(home)
    text = "Hello, Anna Berg here (anna@home.example). Which glue holds the soles?"
    who = {"handle": "anna", "name": "Anna Berg"}
    said = house.message("m1", text, thread="anna", **{"from": who})
    house.post_webhook(channel, house.event(said))
    house.drain()
    open_community(
        "Those who answer", dimension="internal", practice=True, by=staff.acting,
        purpose="How do we answer what nobody knows alone?",
    )  # fmt: skip
    return {"staff": staff, "bea": lab_people[0]}


def enter(opened: Window, person: house.Somebody, path: str) -> Window:
    opened.go(f"/login/?next={path}")
    opened.page.fill("[name=username]", person.user.email)
    opened.page.fill("[name=password]", "a long password")
    opened.page.click("main button[type=submit]")
    opened.page.wait_for_selector("#main, [data-inbox]")
    return opened


def test_a_question_is_asked_inside_answered_and_returned(
    window: Opener, company: dict[str, house.Somebody]
) -> None:
    desk = enter(window(), company["staff"], "/admin/")
    conversation = Conversation.objects.get()
    desk.go(f"/admin/conversations/conversation/{conversation.pk}/change/")
    desk.page.get_by_role("link", name="Ask inside").click()
    page = desk.page
    expect(page.get_by_label("The question, without personal data")).to_have_value(
        "Hello, [name] [name] here ([address]). Which glue holds the soles?"
    )
    page.get_by_label("Where").select_option(label="Those who answer")
    page.get_by_label("Title").fill("Which glue for soles?")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-preview]")).to_contain_text("Which glue holds the soles?")
    page.get_by_role("button", name="Change it").click()
    page.get_by_label("The question, without personal data").fill("Which glue holds old soles?")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Post it").click()
    expect(page.locator("[data-trip]")).to_contain_text("Camille asks for a customer")

    bea = enter(window(width=390, height=844), company["bea"], "/communities/")
    bea.page.get_by_role("link", name="Which glue for soles?").click()
    expect(bea.page.locator(".post").first).to_contain_text("A conversation you may not see")
    bea.page.get_by_label("Your answer").fill("Contact glue, two thin coats.")
    bea.page.get_by_role("button", name="Post").click()
    expect(bea.page.locator(".post")).to_have_count(2)

    page.reload()
    page.get_by_role("link", name="Return this to the customer").click()
    expect(page.get_by_label("What the customer reads")).to_have_value(
        "Contact glue, two thin coats."
    )
    page.get_by_label("What the customer reads").fill("Use contact glue, please.")
    page.get_by_role("button", name="Send to the customer").click()
    expect(page.locator("[data-trip]")).to_contain_text("the answer of Bea is on its way outside")
    assert Message.objects.get(direction="out").text == "Use contact glue, please."
    assert RoundTrip.objects.get().answer.author_employee == company["bea"].employee
    bea.page.reload()
    expect(bea.page.locator(".mark.good")).to_have_text("returned to the customer")
    assert desk.complaints == bea.complaints == []


def test_the_load_board_draws_who_carries_what(
    window: Opener, company: dict[str, house.Somebody]
) -> None:
    reply(Conversation.objects.get(), text="Contact glue.", by=company["staff"].acting)
    desk = enter(window(), company["staff"], "/load/")
    outside = desk.page.locator("[data-side]").first
    expect(outside.locator("svg.chart rect")).to_have_count(1)
    expect(outside.get_by_role("row", name="Lab (5)")).to_be_visible()
    expect(desk.page.locator("[data-side]").last).to_contain_text("Nothing in these weeks")
    desk.page.get_by_role("link", name="26 weeks").click()
    expect(outside.locator("thead th")).to_have_count(30)
    assert desk.complaints == []
