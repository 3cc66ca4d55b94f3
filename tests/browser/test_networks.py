"""Connecting a network in a real browser: what is wrong is said, and no secret comes back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from conversations.channels import polling
from conversations.channels.models import Channel
from conversations.channels.wire.registry import CHANNELS
from conversations.channels.wire.telegram.adapter import Telegram
from crm.access.models import Role
from crm.organisation.models import User
from tests import house
from tests.browser.conftest import Opener, Window
from tests.conversations.channels.wire.worlds.mastodon import MastodonWorld

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOKEN = "123456:ABC-DEF_ghi"


def _telegram(request: httpx.Request) -> httpx.Response:
    method, told = request.url.path.rpartition("/")[2], json.loads(request.content or b"{}")
    if TOKEN not in request.url.path:
        return httpx.Response(401, json={"ok": False, "description": "Unauthorized"})
    if method == "setWebhook":
        _telegram.door = told["url"]  # type: ignore[attr-defined]
    results = {
        "getMe": {"id": 5, "username": "brand_bot"},
        "getWebhookInfo": {"url": getattr(_telegram, "door", ""), "pending_update_count": 0},
    }
    return httpx.Response(200, json={"ok": True, "result": results.get(method, True)})


def _shot(opened: Window, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        opened.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_network_is_connected_by_hand(window: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "telegram", Telegram(httpx.MockTransport(_telegram)))
    olga = house.somebody(house.department(house.unit()), Role.STAFF, name="Olga")
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True, is_staff=True)
    opened = window()
    opened.sign_in(olga.user.email, "a long password")
    opened.go("/admin/conversations/channel/connect/")
    _shot(opened, "networks")
    opened.page.get_by_role("link", name="Connect Telegram").click()
    opened.page.get_by_label("Unit").select_option(label="Brand")
    opened.page.get_by_label("Name").fill("Our bot")
    opened.page.get_by_label("Bot token").fill("1:wrong")
    _shot(opened, "connect")
    opened.page.get_by_role("button", name="Connect and test").click()
    expect(opened.page.get_by_text("does not work")).to_be_visible()
    expect(opened.page.get_by_text("does not know this bot token").first).to_be_visible()
    _shot(opened, "wrong")
    opened.page.get_by_label("Bot token").fill(TOKEN)
    opened.page.get_by_role("button", name="Keep and test").click()
    expect(opened.page.get_by_text("works", exact=True)).to_be_visible()
    assert TOKEN not in opened.page.content()
    _shot(opened, "works")
    small = window(width=390, height=800)
    small.sign_in(olga.user.email, "a long password")
    small.page.emulate_media(color_scheme="dark")
    small.go(f"/admin/conversations/channel/{Channel.objects.get().pk}/connection/")
    wide = small.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    _shot(small, "works-small-dark")
    assert opened.complaints == []


def test_an_account_that_is_read_has_no_door_and_says_when_it_was_read(
    window: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = MastodonWorld()
    monkeypatch.setitem(CHANNELS, "mastodon", world.adapter())
    olga = house.somebody(house.department(house.unit()), Role.STAFF, name="Olga")
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True, is_staff=True)
    opened = window()
    opened.sign_in(olga.user.email, "a long password")
    opened.go("/admin/conversations/channel/connect/mastodon/")
    opened.page.get_by_label("Unit").select_option(label="Brand")
    opened.page.get_by_label("Name").fill("Our Mastodon")
    opened.page.get_by_label("Account").fill(world.values["account"])
    opened.page.get_by_label("Access token").fill(world.values["access_token"])
    _shot(opened, "polled-connect")
    opened.page.get_by_role("button", name="Connect and test").click()
    expect(opened.page.get_by_text("works", exact=True)).to_be_visible()
    expect(opened.page.get_by_text("Address of the door")).to_have_count(0)
    assert world.values["access_token"] not in opened.page.content()
    expect(opened.page.locator("dt", has_text="Last read")).to_be_visible()
    assert polling.read_due() == 1
    opened.page.reload()
    _shot(opened, "polled-works")
    world.trouble = httpx.Response(401, json={"error": "The access token was revoked"})
    opened.page.get_by_role("button", name="Test the connection").click()
    expect(opened.page.get_by_text("does not work")).to_be_visible()
    expect(opened.page.get_by_text("was revoked").first).to_be_visible()
    small = window(width=390, height=800)
    small.sign_in(olga.user.email, "a long password")
    small.page.emulate_media(color_scheme="dark")
    small.go(f"/admin/conversations/channel/{Channel.objects.get().pk}/connection/")
    assert small.page.evaluate("document.documentElement.scrollWidth") <= 390
    _shot(small, "polled-wrong-small-dark")
    assert opened.complaints == []
