"""The editorial plan in a real browser: a card is dragged, moved by keys, approved by another."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conversations.editorial import calendar, life
from conversations.editorial.models import Publication
from crm.organisation.services import save_unit
from crm.values import AUTOMATION
from tests.browser.conftest import Opener, Window
from tests.conversations.editorial.plan import Desk, desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PARIS = ZoneInfo("Europe/Paris")
PLAN = "/admin/conversations/publication/"


def _desk() -> Desk:
    made = desk()
    made.channel.unit.timezone = "Europe/Paris"
    save_unit(made.channel.unit, by=AUTOMATION, at=timezone.now() + timedelta(seconds=1))
    return made


def _monday() -> date:
    """Of the week after next: in the future whatever today is."""
    today = timezone.now().astimezone(PARIS).date()
    return today + timedelta(days=14 - today.weekday())


def _planned(made: Desk, day: date, text: str, state: str = "draft") -> Publication:
    at = calendar.at_local(day, time(9, 30), PARIS)
    act = {"draft": made.planned, "submitted": made.submitted, "approved": made.approved}[state]
    return act(publish_at=at, text=text)


def _signed_in(window: Opener, made: Desk, *, width: int = 1280, dark: bool = False) -> Window:
    opened = window(width=width, height=900)
    opened.page.emulate_media(color_scheme="dark" if dark else "light")
    opened.sign_in(made.ada.user.email, "a long password")
    if dark:
        opened.page.evaluate("document.documentElement.classList.add('dark')")
    return opened


def _day_of(row: Publication) -> date:
    row.refresh_from_db()
    local: datetime = row.publish_at.astimezone(PARIS)
    assert (local.hour, local.minute) == (9, 30)
    return local.date()


def test_a_card_is_dragged_and_moved_by_keys_at_the_same_wall_time(window: Opener) -> None:
    made, monday = _desk(), _monday()
    row = _planned(made, monday, "New tents", "approved")
    opened = _signed_in(window, made)
    opened.go(f"{PLAN}?view=week&day={monday}")
    page = opened.page
    wednesday = monday + timedelta(days=2)
    page.drag_and_drop(f"#p-{row.pk}", f"[data-day='{wednesday}']")
    expect(page.locator(f"[data-day='{wednesday}'] #p-{row.pk}")).to_be_visible()
    assert _day_of(row) == wednesday
    assert row.state == "submitted"  # what was approved has to be approved again
    expect(page.locator(f"#p-{row.pk}")).to_be_focused()
    page.keyboard.press("Alt+ArrowRight")
    thursday = monday + timedelta(days=3)
    expect(page.locator(f"[data-day='{thursday}'] #p-{row.pk}")).to_be_focused()
    assert _day_of(row) == thursday
    page.keyboard.press("Enter")
    expect(page.locator("[data-state=submitted]")).to_be_visible()
    assert opened.complaints == []


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_month_week_list_and_one_fit_the_window(
    window: Opener, width: int, dark: bool, tmp_path: Path
) -> None:
    made, monday = _desk(), _monday()
    rows = [
        _planned(made, monday + timedelta(days=n), f"Publication {n}", state)
        for n, state in enumerate(("draft", "submitted", "approved", "approved"))
    ]
    life.confirm(rows[3], by=made.ben.acting)
    Publication.objects.filter(pk=rows[2].pk).update(state="failed", cause="HTTP 400")
    opened = _signed_in(window, made, width=width, dark=dark)
    pages = {view: f"{PLAN}?view={view}&day={monday}" for view in ("month", "week", "list")}
    pages |= {"trouble": f"{PLAN}?view=trouble", "learnt": f"{PLAN}?view=learnt"}
    pages |= {"one": f"{PLAN}{rows[1].pk}/change/", "out": f"{PLAN}{rows[3].pk}/change/"}
    pages |= {"failed": f"{PLAN}{rows[2].pk}/change/", "new": f"{PLAN}add/"}
    for name, path in pages.items():
        opened.go(path)
        if dark:
            opened.page.evaluate("document.documentElement.classList.add('dark')")
        expect(opened.page.locator("section.plan")).to_be_visible()
        wider = opened.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, name
        shot = tmp_path / f"{name}-{width}{'-dark' if dark else ''}.png"
        opened.page.screenshot(path=shot, full_page=True)
    assert opened.complaints == []


def test_a_plan_is_written_submitted_and_approved_by_a_colleague(window: Opener) -> None:
    made, monday = _desk(), _monday()
    opened = _signed_in(window, made)
    opened.go(f"{PLAN}add/?day={monday}")
    page = opened.page
    page.select_option("[name=channel]", str(made.channel.pk))
    page.fill("[name=text]", "The winter boots are back")
    page.fill("[name=audience]", "Hikers")
    page.fill("[name=expected_metric]", "likes")
    page.click("section.plan button[type=submit]")
    expect(page.locator(".plan-error")).to_contain_text("both")
    page.fill("[name=expected_value]", "40")
    page.click("section.plan button[type=submit]")
    page.click("[data-do=submit]")
    expect(page.locator("[data-state=submitted]")).to_be_visible()
    expect(page.locator("[data-do=approve]")).to_have_count(0)
    row = Publication.objects.get()
    other = window()
    other.sign_in(made.ben.user.email, "a long password")
    other.go(f"{PLAN}?view=waiting")
    other.page.click("[data-open]")
    other.page.click("[data-do=approve]")
    expect(other.page.locator("[data-state=approved]")).to_be_visible()
    row.refresh_from_db()
    assert (row.approved_by, row.expected_value) == (made.ben.employee, 40.0)
    assert row.publish_at.astimezone(PARIS).hour == 9
