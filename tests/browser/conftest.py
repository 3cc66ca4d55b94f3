"""A real headless Chromium; skipped where none is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from conversations.channels.accounts import forget_channels

expect.set_options(timeout=30_000)  # milliseconds: a busy machine is no failure
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt install chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; Django's guard against one is not needed
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(autouse=True)
def _no_channel_is_remembered() -> None:
    forget_channels()


class Window:
    """One person's window: a context of its own, and what its console complained of."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.context = context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda line: self.complaints.append(line.text) if line.type == "error" else None,
        )

    def go(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def sign_in(self, email: str, password: str) -> None:
        self.go("/login/?next=/admin/")
        self.page.fill("[name=username]", email)
        self.page.fill("[name=password]", password)
        self.page.click("main button[type=submit]")
        self.page.wait_for_selector("[data-inbox]")


class Opener:
    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.opened: list[Window] = []

    def __call__(self, *, width: int = 1280, height: int = 800) -> Window:
        viewport = {"width": width, "height": height}
        context = self.browser.new_context(viewport=viewport, locale="en-GB")  # type: ignore[arg-type]
        window = Window(context, self.address)
        self.opened.append(window)
        return window


@pytest.fixture
def window(browser: Browser, live_server: object) -> Iterator[Opener]:
    """Opens a person's own window; each is closed in the end."""
    opener = Opener(browser, str(live_server))
    yield opener
    for each in opener.opened:
        each.context.close()
