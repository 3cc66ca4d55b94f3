"""The pages of Google reviews and of a mail channel's keys, in a real browser: what is wrong is
said, what is shown once is shown once, and nothing is wider than a telephone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from conversations.channels import claiming, polling
from conversations.channels.accounts import credentials_of
from conversations.channels.models import Channel
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox import delivery
from conversations.inbox.models import Conversation
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.organisation.models import User
from tests import house
from tests.browser.conftest import Opener, Window
from tests.conversations.channels.wire.worlds.google import GoogleWorld

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _shot(opened: Window, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        opened.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def _small(window: Opener, email: str, path: str, name: str) -> Window:
    """The same page on a telephone, in French, in the dark."""
    small = window(width=390, height=800)
    small.sign_in(email, "a long password")
    cookie = {"name": "django_language", "value": "fr", "url": small.address}
    small.page.context.add_cookies([cookie])  # type: ignore[list-item]
    small.page.emulate_media(color_scheme="dark")
    small.go(path)
    _shot(small, name)
    wide = small.page.evaluate("""[...document.querySelectorAll('*')].filter(
        e => e.getBoundingClientRect().right > 390.5 && !e.children.length).map(
        e => e.parentElement.outerHTML.slice(0, 300))""")
    assert small.page.evaluate("document.documentElement.scrollWidth") <= 390, wide
    return small


def test_reviews_are_connected_and_answered(
    window: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = GoogleWorld()
    monkeypatch.setitem(CHANNELS, world.kind, world.adapter())
    olga = house.somebody(house.department(house.unit()), Role.STAFF, name="Olga")
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True, is_staff=True)
    opened = window()
    opened.sign_in(olga.user.email, "a long password")
    opened.go("/admin/conversations/channel/connect/google_reviews/")
    opened.page.get_by_label("Unit").select_option(label="Brand")
    opened.page.get_by_label("Name").fill("Our shop in Lyon")
    opened.page.get_by_label("Location").fill(world.values["location"])
    opened.page.get_by_label("client id").fill(world.values["client_id"])
    opened.page.get_by_label("client secret").fill(world.values["client_secret"])
    opened.page.get_by_label("refresh token").fill("another one")
    _shot(opened, "google-connect")
    connect = "/admin/conversations/channel/connect/google_reviews/"
    _small(window, olga.user.email, connect, "google-connect-small-fr-dark")
    opened.page.get_by_role("button", name="Connect and test").click()
    expect(opened.page.get_by_text("Token has been revoked").first).to_be_visible()
    opened.page.get_by_label("refresh token").fill(world.values["refresh_token"])
    opened.page.get_by_role("button", name="Keep and test").click()
    expect(opened.page.get_by_text("works", exact=True)).to_be_visible()
    expect(opened.page.get_by_text("Bivouac, Lyon").first).to_be_visible()
    for secret in world.secrets:
        assert secret not in opened.page.content()
    _shot(opened, "google-works")

    world.say("It leaks.", stars="ONE")
    polling.read_due()
    claiming.ingest()
    conversation = Conversation.objects.get()
    delivery.deliver(reply(conversation, text="A new one is on its way.", by=olga.acting).pk)
    thread = f"/admin/conversations/conversation/{conversation.pk}/change/"
    opened.go(thread)
    expect(opened.page.get_by_text("★☆☆☆☆ (1/5)").first).to_be_visible()
    expect(opened.page.get_by_text("yours takes the place of the one before")).to_be_visible()
    _shot(opened, "google-thread")
    _small(window, olga.user.email, thread, "google-thread-small-fr-dark")
    assert opened.complaints == []


def test_a_provider_of_mail_is_named_and_its_addresses_are_shown_once(window: Opener) -> None:
    olga = house.somebody(house.department(house.unit()), Role.STAFF, name="Olga")
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True, is_staff=True)
    channel = house.mail_channel(olga.employee.department.unit)
    path = f"/admin/conversations/channel/{channel.pk}/change/"
    opened = window()
    opened.sign_in(olga.user.email, "a long password")
    opened.go(path)
    opened.page.get_by_label("Provider of mail").select_option("postmark")
    opened.page.get_by_label("API key").fill("server-token-of-ours")
    _shot(opened, "mail-keys")
    opened.page.get_by_role("button", name="Save and continue editing").click()
    word = credentials_of(Channel.objects.get())["esp_word"]
    expect(opened.page.get_by_text(word).first).to_be_visible()
    _shot(opened, "mail-keys-saved")
    opened.go(path)
    expect(opened.page.get_by_text("Postmark: mail goes out by it")).to_be_visible()
    expect(opened.page.get_by_text("nothing leaves this machine")).to_have_count(0)
    assert word not in opened.page.content()
    assert "server-token-of-ours" not in opened.page.content()
    _small(window, olga.user.email, path, "mail-keys-small-fr-dark")
    assert opened.complaints == []
