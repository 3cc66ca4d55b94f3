"""What goes out, in a real browser: files beside an answer, approved texts, the chat on a site."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from conversations.channels.models import Channel
from conversations.channels.services import open_channel
from conversations.inbox.models import Attachment, Conversation, Message
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.browser.conftest import Opener, Window
from tests.conversations.inbox import whatsapp
from tests.conversations.inbox.test_templates import NAMED, PARCEL

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PDF = {"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF offer"}
PICTURE = {"name": "a picture of the parcel.png", "mimeType": "image/png", "buffer": b"\x89PNG"}


@pytest.fixture
def home() -> house.Unit:
    return house.unit("Maison")


@pytest.fixture
def camille(home: house.Unit) -> house.Somebody:
    return house.somebody(house.department(home), Role.STAFF, name="Camille")


def _shot(opened: Window, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        opened.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def _in_french_at_night(opened: Window, path: str) -> None:
    opened.context.add_cookies([{"name": "django_language", "value": "fr", "url": opened.address}])
    opened.page.emulate_media(color_scheme="dark")
    opened.page.set_viewport_size({"width": 390, "height": 844})
    opened.go(path)


def test_files_are_chosen_left_out_and_sent(
    window: Opener, home: house.Unit, camille: house.Somebody
) -> None:
    house.post_webhook(house.webhook_channel(home), house.event(house.message()))
    house.drain()
    conversation = Conversation.objects.get()
    path = f"/admin/conversations/conversation/{conversation.pk}/change/"
    opened = window()
    opened.sign_in(camille.user.email, "a long password")
    opened.go(path)
    page = opened.page
    page.set_input_files("[data-files]", [PDF])
    page.set_input_files("[data-files]", [PICTURE])  # a second turn adds
    expect(page.locator("[data-along] li")).to_have_count(2)
    page.fill("[data-text]", "Here it is.")
    _shot(opened, "files")
    page.get_by_role("button", name="Leave out: offer.pdf").click()
    expect(page.locator("[data-along] li")).to_have_count(1)
    page.click("[data-mode=note]")
    expect(page.locator("[data-along]")).to_be_hidden()
    page.click("[data-mode=reply]")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".ib-message.out .ib-files li")).to_contain_text("a picture")
    expect(page.locator("[data-along] li")).to_have_count(0)
    [file] = Attachment.objects.all()
    assert (file.name, file.type) == (PICTURE["name"], "image/png")
    page.set_input_files("[data-files]", [PDF])  # without a word
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".ib-message.out")).to_have_count(2)
    assert opened.complaints == []
    _in_french_at_night(opened, path)
    page.set_input_files("[data-files]", [PDF, PICTURE])
    _shot(opened, "files-fr-dark-390")


def test_an_approved_text_is_filled_in_and_sent(
    window: Opener,
    home: house.Unit,
    camille: house.Somebody,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    cache.clear()
    meta = whatsapp.meta(monkeypatch, settings)
    meta.templates = [PARCEL, NAMED]
    conversation = whatsapp.begun(home)
    Message.objects.update(occurred_at=timezone.now() - timedelta(hours=25))
    path = f"/admin/conversations/conversation/{conversation.pk}/change/"
    opened = window()
    opened.sign_in(camille.user.email, "a long password")
    opened.go(path)
    page = opened.page
    page.get_by_role("link", name="Answer with an approved text").click()
    page.get_by_text("parcel_on_its_way").click()
    page.get_by_label("1", exact=True).fill("Bob")
    page.get_by_label("2", exact=True).fill("tomorrow")
    _shot(opened, "templates")
    page.get_by_role("button", name="Send this text").first.click()
    expect(page.locator(".ib-message.out .ib-text")).to_contain_text("your parcel comes tomorrow")
    assert opened.complaints == []
    _in_french_at_night(opened, f"{path}?templates=1")
    page.get_by_text("parcel_on_its_way").click()
    _shot(opened, "templates-fr-dark-390")


def test_the_chat_opens_on_another_site_under_a_strict_policy(
    window: Opener, home: house.Unit
) -> None:
    channel = open_channel(home, kind="webchat", name="Website", by=AUTOMATION)
    opened = window(width=1000, height=760)
    with _site(f"{opened.address}/chat/{channel.token}/widget.js") as address:
        Channel.objects.update(options={"embed": address})
        opened.page.goto(address)
        _opens_and_closes(opened)


@contextmanager
def _site(script: str) -> Iterator[str]:
    """A shop that lets in nothing but scripts and frames of this house, and names them twice."""
    own = "/".join(script.split("/")[:3])
    lines = 2 * f"<script src='{script}' async></script>"
    page = f"<!DOCTYPE html><title>Shop</title><h1>Shop</h1>{lines}"

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            policy = f"default-src 'none'; script-src {own}; frame-src {own}"
            self.send_header("content-security-policy", policy)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _opens_and_closes(opened: Window) -> None:
    button = opened.page.get_by_role("button", name="Chat with us")
    expect(button).to_have_count(1)
    expect(opened.page.locator("iframe")).to_have_count(0)
    button.click()
    frame = opened.page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Maison")).to_be_visible()
    _shot(opened, "widget")
    opened.page.get_by_role("button", name="Close the chat").click()
    expect(opened.page.locator("iframe")).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    opened.page.set_viewport_size({"width": 390, "height": 760})
    button.click()
    expect(frame.get_by_role("heading", name="Maison")).to_be_visible()
    _shot(opened, "widget-390")
