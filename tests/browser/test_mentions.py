"""The queue of mentions in a real browser: decided by keys alone, one by one and together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conversations.channels.wire.contract import Mentioned
from conversations.inbox.models import Conversation
from conversations.listening import hearing, places, watches
from conversations.listening.models import Mention
from crm.access.models import Role
from tests import house
from tests.browser.conftest import Opener, Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/conversations/mention/"
SAID = (
    ("The brand tent held all winter, thanks", "Nine pairs of us slept in it for a month."),
    ("Rival ouvre une boutique à Lyon", "Une grande surface de plus, face à la gare."),
    ("Le sac brand est nul, la fermeture a lâché", "Toujours pas de réponse du service client."),
    ("Brand XT-200", ""),
    ("Anyone tried the brand stove?", "Looking for something light for the Alps."),
)


def _heard() -> house.Somebody:
    home = house.unit()
    ada = house.somebody(house.department(home), Role.STAFF)
    terms = {"terms": ["brand"], "competitors": ["Rival"]}
    watches.begin_watch(name="Tents", unit=home, by=ada.acting, **terms)
    said = {"kind": "feed", "name": "Mountain News", "unit": home, "by": ada.acting}
    source = places.add_place(url="http://127.0.0.1:9/feed", **said).source
    items = [
        Mentioned(external_id=title, title=title, text=text, author="Nina Peak", reach=number,
                  url=f"https://news.example/{number}")
        for number, (title, text) in enumerate(SAID)
    ]  # fmt: skip
    matcher = hearing.watches_of(source)
    for item in items:
        hearing.take([item], source=source, matcher=matcher, takes_all=False, at=timezone.now())
    return ada


def _signed_in(window: Opener, ada: house.Somebody, width: int = 1280) -> Window:
    opened = window(width=width, height=900)
    opened.sign_in(ada.user.email, "a long password")
    return opened


def _shot(opened: Window, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        opened.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_the_queue_is_worked_through_by_keys(window: Opener) -> None:
    ada = _heard()
    opened = _signed_in(window, ada)
    opened.go(QUEUE)
    page = opened.page
    _shot(opened, "queue")
    page.keyboard.press("j")
    page.keyboard.press("i")
    expect(page.locator(".mn-row")).to_have_count(4)
    assert Mention.objects.get(text__startswith=SAID[0][0]).outcome == "ignore"
    expect(page.locator(".mn-row").first.locator("[data-open]")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-number]")).to_have_text("2")
    _shot(opened, "chosen")
    page.locator("[data-chosen] button[value=watch]").click()
    expect(page.locator(".mn-row")).to_have_count(2)
    assert Mention.objects.filter(outcome="watch", triages__batch__isnull=False).count() == 2
    page.keyboard.press("j")
    page.keyboard.press("p")
    expect(page.locator("[data-thread]")).to_be_visible()
    expect(page.get_by_text("answer there, by hand").first).to_be_visible()
    assert Conversation.objects.count() == 1
    _shot(opened, "thread")
    opened.go(f"{QUEUE}week/")
    expect(page.locator(".mn-table tbody tr")).to_have_count(2)
    _shot(opened, "week")
    opened.go(f"{QUEUE}{Mention.objects.latest('pk').pk}/change/")
    _shot(opened, "mention")
    assert opened.complaints == []


def test_on_a_phone_nothing_runs_out_of_the_page(window: Opener) -> None:
    opened = _signed_in(window, _heard(), width=390)
    opened.go(QUEUE)
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    _shot(opened, "phone")
