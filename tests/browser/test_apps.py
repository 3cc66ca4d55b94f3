"""An app asks a person, who allows it; the browser is led back to the app's own address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from crm.access.models import Role
from tests import house
from tests.crm.access.oauth_hands import App, calling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class _Back(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>back</title>Back in the app.")

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def back() -> Iterator[str]:
    served = HTTPServer(("127.0.0.1", 0), _Back)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}/back"
    served.shutdown()
    served.server_close()


def test_a_person_lets_an_app_in_and_is_led_back(window: Any, back: str) -> None:
    ada = house.somebody(house.department(house.unit()), Role.AMBASSADOR)
    ada.user.set_password("a long password")
    ada.user.save()
    app = App(back="http://127.0.0.1/back")
    app.back = back
    here = window(width=390, height=844)
    here.go(app.asking())
    here.page.fill("[name=username]", ada.user.email)
    here.page.fill("[name=password]", "a long password")
    here.page.click("main button[type=submit]")
    expect(here.page.get_by_role("heading", name="Let Pocket act for you?")).to_be_visible()
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 390
    here.page.get_by_role("button", name="Allow").click()
    expect(here.page.get_by_text("Back in the app.")).to_be_visible()
    (code,) = parse_qs(urlsplit(here.page.url).query)["code"]
    got = app.trade(code).json()
    assert calling(got["access_token"]).get("me/").json()["email"] == ada.user.email
    here.go("/tokens/")
    here.page.get_by_role("button", name="Put out Pocket").click()
    expect(here.page.get_by_text("Pocket")).to_have_count(0)
    assert calling(got["access_token"]).get("me/").status_code == 401
    assert [each for each in here.complaints if "favicon" not in each and "404" not in each] == []
