"""The pages of a person who answers, the editor of hours, rules and their dry run, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from ambassadors.governance import approvals
from ambassadors.governance.ladder import Ladder
from ambassadors.governance.models import EscalationRule, NamedRole
from ambassadors.routing.models import Availability, Offer, OfferState, Rule, Topic
from ambassadors.routing.services import assign
from conversations.channels.wire.contract import File
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.organisation.models import User
from tests import house
from tests.browser.conftest import Opener, Window
from tests.conversations.knowledge import shelf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Company:
    def __init__(self) -> None:
        self.home = house.unit()
        place = house.department(self.home)
        Topic.objects.create(name="parcels", keywords=["parcel"])
        self.ada = house.ambassador(place, topics=["parcels"], levels={"parcels": 3})
        self.bob = house.somebody(place, name="Bob")
        self.sam = house.somebody(place, Role.STAFF, name="Sam")
        self.channel = house.webhook_channel(self.home)
        house.rule("Parcels", topics=["parcels"])

    def hear(self, number: int = 1, text: str = "Where is my parcel?") -> Conversation:
        said = house.message(f"m{number}", text, thread=f"t{number}")
        house.post_webhook(self.channel, house.event(said))
        house.drain()
        return Conversation.objects.get(thread=f"t{number}")


@pytest.fixture
def company() -> Company:
    return Company()


def enter(
    window: Opener,
    person: house.Somebody,
    path: str,
    *,
    width: int = 1280,
    dark: bool = False,
    french: bool = False,
) -> Window:
    opened = window(width=width, height=900)
    opened.page.emulate_media(color_scheme="dark" if dark else "light")
    if french:
        opened.context.add_cookies(
            [{"name": "django_language", "value": "fr", "url": opened.address}]
        )
    opened.go(f"/login/?next={path}")
    opened.page.fill("[name=username]", person.user.email)
    opened.page.fill("[name=password]", "a long password")
    opened.page.click("main button[type=submit]")
    opened.page.wait_for_url(f"**{path}*")
    return opened


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


LOOKS = [(1280, False, False), (390, False, False), (1280, True, True)]  # width, dark, French


@pytest.mark.parametrize(("width", "dark", "french"), LOOKS)
def test_a_question_is_accepted_and_answered_without_any_role(
    window: Opener, company: Company, tmp_path: Path, width: int, dark: bool, french: bool
) -> None:
    shelf.published("Parcels", text="Parcels come by post.", by=company.sam)
    Ladder.objects.create(unit=company.home, threshold=3)
    company.hear()
    mine = enter(window, company.ada, "/my/", width=width, dark=dark, french=french)
    page = mine.page
    expect(page.locator("[data-offer] blockquote")).to_have_text("Where is my parcel?")
    page.locator("[data-offer] details summary").last.click()
    page.locator("[data-offer] input[data-away]").check()
    expect(page.locator(".desk-away input")).to_be_visible()
    assert fits(page)
    page.screenshot(path=tmp_path / "my.png", full_page=True)
    page.locator("[data-offer] form .button").first.click()
    page.wait_for_url("**/my/conversations/**")
    page.locator("button[name=use]").click()
    expect(page.locator("[data-composer] textarea")).to_have_value("Parcels come by post.")
    page.locator("[data-composer] textarea").fill("It comes by post, on Monday.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-own] textarea")).to_have_value("It comes by post, on Monday.")
    assert fits(page)
    page.screenshot(path=tmp_path / "conversation.png", full_page=True)
    message = Message.objects.get(direction="out")
    assert (message.author_employee, message.delivery.state) == (company.ada.employee, "held")
    mine.go("/my/figures/")
    assert fits(page)
    page.screenshot(path=tmp_path / "figures.png", full_page=True)
    assert mine.complaints == []


def test_an_approver_without_a_role_decides_side_by_side(
    window: Opener, company: Company, tmp_path: Path
) -> None:
    role = NamedRole.objects.create(name="Mentors")
    role.people.add(company.bob.employee)
    Ladder.objects.create(unit=company.home, role=role)
    conversation = company.hear()
    assign(conversation, employee=company.ada.employee, by=company.ada.acting)
    label = File("label.pdf", "application/pdf", b"%PDF label")
    message = reply(conversation, text="Its coming.", files=[label], by=company.ada.acting)
    approvals.ask(message, at=timezone.now())
    for width in (390, 1280):
        bob = enter(window, company.bob, "/approvals/", width=width)
        expect(bob.page.locator(".desk-written")).to_have_text("Its coming.")
        with bob.page.expect_download() as download:
            bob.page.get_by_role("link", name="label.pdf").click()
        assert download.value.suggested_filename == "label.pdf"
        assert fits(bob.page)
        bob.page.screenshot(path=tmp_path / f"approvals-{width}.png", full_page=True)
    bob.page.locator("textarea[name=text]").fill("It is coming.")
    bob.page.get_by_role("button", name="Approve and send").click()
    expect(bob.page.locator(".empty")).to_be_visible()
    message.refresh_from_db()
    assert (message.text, message.approved_by) == ("It is coming.", company.bob.employee)
    assert bob.complaints == []


@pytest.mark.parametrize(("width", "dark", "french"), LOOKS)
def test_hours_are_fields_of_time(
    window: Opener, company: Company, tmp_path: Path, width: int, dark: bool, french: bool
) -> None:
    mine = enter(window, company.ada, "/my/hours/", width=width, dark=dark, french=french)
    page = mine.page
    monday = page.locator(".hours").first
    monday.get_by_role("button").first.click()
    monday.locator("input[type=time]").nth(1).fill("12:30")
    monday.locator("button").nth(1).click()  # one more
    expect(monday.locator("input[type=time]")).to_have_count(4)
    page.locator(".hours-copy").click()
    expect(page.locator(".hours input[type=time]")).to_have_count(20)
    page.locator(".hours").nth(1).locator(".hours-period button").last.click()
    assert fits(page)
    page.screenshot(path=tmp_path / "hours.png", full_page=True)
    page.locator("form button.button").first.click()
    page.wait_for_selector(".note.success")
    kept = Availability.objects.get().hours
    assert [(each["from"], each["to"]) for each in kept if each["day"] == 0] == [
        ("09:00", "12:30"),
        ("13:30", "16:30"),
    ]
    assert {each["day"]: 0 for each in kept}.keys() == {0, 1, 2, 3, 4}
    assert len([each for each in kept if each["day"] == 1]) == 1
    expect(page.locator(".hours input[type=time]")).to_have_count(18)
    assert mine.complaints == []


def test_the_staff_edits_hours_the_same_way(
    window: Opener, company: Company, tmp_path: Path
) -> None:
    row = Availability.objects.get()
    where = f"/admin/ambassadors/availability/{row.pk}/change/"
    desk = enter(window, company.sam, where)
    page = desk.page
    page.get_by_text("Hours", exact=True).first.wait_for()
    page.locator(".hours").first.scroll_into_view_if_needed()
    page.get_by_role("button", name="Add a period, Monday").click()
    page.screenshot(path=tmp_path / "admin-hours.png", full_page=True)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/availability/")
    row.refresh_from_db()
    assert row.hours == [{"day": 0, "from": "09:00", "to": "17:00"}]


def test_rules_are_listed_and_tried_before_they_are_on(
    window: Opener, company: Company, tmp_path: Path
) -> None:
    extra = Rule.objects.create(name="To staff", position=1, active=False, target="staff")
    for number in range(3):
        company.hear(number, f"Where is parcel {number}?")
    desk = enter(window, company.sam, "/admin/ambassadors/rule/")
    page = desk.page
    expect(page.locator("#result_list, table").first).to_contain_text("Parcels")
    page.screenshot(path=tmp_path / "rules.png", full_page=True)
    page.get_by_role("link", name="Try on past conversations").click()
    expect(page.locator("[data-tried] tbody tr")).to_have_count(3)
    expect(page.locator("[data-differs]")).to_have_count(0)
    page.select_option("select[name=with]", str(extra.pk))
    page.get_by_role("button", name="Try").click()
    expect(page.locator("[data-differs]")).to_have_count(3)
    assert fits(page)
    page.screenshot(path=tmp_path / "dry-run.png", full_page=True)
    assert Offer.objects.filter(state=OfferState.OPEN).count() == 3  # nothing was changed


def test_a_drill_is_started_and_followed(window: Opener, company: Company, tmp_path: Path) -> None:
    role = NamedRole.objects.create(name="Legal")
    role.people.add(company.bob.employee)
    EscalationRule.objects.create(name="Accidents", role=role, keywords=["accident"])
    desk = enter(window, company.sam, "/admin/ambassadors/escalation/drill/")
    page = desk.page
    page.fill("textarea[name=text]", "Your stove burnt the tent.")
    page.get_by_role("button", name="Start the drill").click()
    page.wait_for_load_state()
    house.drain()
    desk.go("/admin/ambassadors/escalation/drill/")
    expect(page.locator(".gov-table")).to_contain_text("Accidents")
    page.screenshot(path=tmp_path / "drills.png", full_page=True)
    page.locator(".gov-table a").first.click()
    expect(page.locator("[data-drill]").first).to_be_visible()
    page.screenshot(path=tmp_path / "drill-thread.png", full_page=True)
    assert User.objects.filter(pk=company.bob.user.pk, is_staff=False).exists()
