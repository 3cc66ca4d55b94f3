"""The executive page in a real browser: it fits, it can be read, it is used by keys and printed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.access.models import Role
from maturity.appraisals import versions
from maturity.appraisals.models import Exemption, ModelVersion
from maturity.executive.models import Pledge, Share
from maturity.scoring.definition import MODEL_FILE
from tests import house
from tests.browser.conftest import Opener, Window
from tests.maturity.company import Company

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = "?as_of=2026-04-13"
PAGES = {
    "page": f"/maturity/{DAY}",
    "criterion": f"/maturity/criteria/S3-CON-1/{DAY}",
    "what-if": f"/maturity/what-if/{DAY}&k.S3-LIS-1=40&n.S3-LIS-1=40&rest.S3-LIS-1=yes",
    "shares": f"/maturity/shares/{DAY}",
    "digest": "/maturity/digest/",
    "declare": "/maturity/declare/",
    "next-model": f"/maturity/next-model/{DAY}",
}
HARDER = ("enter = { b2c = 6, b2b = 8 }\nstay = { b2c = 4, b2b = 5 }", "enter = 60\nstay = 50")
# The ratio of each text to what lies behind it, where that is one colour (WCAG 2.2, 1.4.3).
CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(
    v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length && (c.length < 4 || c[3] === 1)) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll('main *, header *, footer *')) {
    const said = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!said || e.closest('svg, .unseen, option, datalist') || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const a = light(parse(style.color)) + .05, b = light(behind(e)) + .05;
    const ratio = Math.max(a, b) / Math.min(a, b);
    const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
# Words that leave the box of their button, badge or title.
SPILLED = """() => [...document.querySelectorAll('button, .badge, summary .title')]
  .filter(e => e.clientWidth && e.checkVisibility()
    && (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))
  .map(e => e.textContent.trim())"""
WIDER = "document.documentElement.scrollWidth - window.innerWidth"


def _company(folder: Path) -> house.Somebody:
    company = Company()
    company.busy_weeks(14)
    company.take_in(folder)
    return house.somebody(house.department(house.unit("Office")), Role.EXECUTIVE)


def _signed_in(
    window: Opener, boss: house.Somebody, *, width: int = 1280, dark: bool = False
) -> Window:
    opened = window(width=width, height=900)
    opened.page.emulate_media(color_scheme="dark" if dark else "light")
    opened.go("/login/?next=/maturity/")
    opened.page.fill("[name=username]", boss.user.email)
    opened.page.fill("[name=password]", "a long password")
    opened.page.click("main button[type=submit]")
    expect(opened.page.locator(".hero")).to_be_visible()
    return opened


def _speaks(opened: Window, language: str) -> None:
    cookie = {"name": "django_language", "value": language, "url": opened.address}
    opened.context.add_cookies([cookie])  # type: ignore[list-item]


def _in_shadow(folder: Path, settings: Any) -> None:
    """A next version of the model, under which regular presence is asked of more weeks."""
    file = folder / "next.toml"
    text = MODEL_FILE.read_text().replace(*HARDER, 1).replace('version = "1"', 'version = "2"', 1)
    file.write_text(text)
    settings.NEXT_MODEL = str(file)
    found = versions.look_at_next()
    assert found is not None
    with pgtrigger.ignore():
        ModelVersion.objects.update(seen_at=timezone.now() - timedelta(days=30))


def test_every_page_fits_the_window_and_its_texts_can_be_read(
    window: Opener, tmp_path: Path, settings: Any
) -> None:
    boss = _company(tmp_path)
    _in_shadow(tmp_path, settings)
    for width, dark, language in ((1280, False, "en"), (1280, True, "en"), (390, False, "fr")):
        opened = _signed_in(window, boss, width=width, dark=dark)
        _speaks(opened, language)
        for name, path in PAGES.items():
            opened.go(path)
            assert opened.page.evaluate(WIDER) <= 0, (name, width)
            assert opened.page.evaluate(CONTRAST) == [], (name, dark)
            assert opened.page.evaluate(SPILLED) == [], (name, width)
            mode = "dark" if dark else "light"
            opened.page.screenshot(path=tmp_path / f"{name}-{width}-{mode}.png", full_page=True)
        assert opened.complaints == []


def test_a_criterion_is_opened_by_keys_and_given_to_a_colleague(
    window: Opener, tmp_path: Path
) -> None:
    opened = _signed_in(window, _company(tmp_path))
    page = opened.page
    opened.go(PAGES["page"])
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    summary = page.locator("#S3-LIS-1 summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#S3-LIS-1 .question")).to_be_visible()
    page.locator("#S3-LIS-1 .more a").focus()
    page.keyboard.press("Enter")
    page.fill("[name=owner]", "support1@atelier.example")
    page.fill("[name=note]", "Two turns a day")
    page.keyboard.press("Enter")
    expect(page.locator(".written")).to_contain_text("Two turns a day")
    assert Pledge.objects.get().criterion == "S3-LIS-1"
    page.click(".trail a")
    expect(page.locator(".path")).to_contain_text("support1")
    assert opened.complaints == []


def test_a_gate_is_set_aside_by_two_executives_on_its_card_and_ended_there(
    window: Opener, tmp_path: Path
) -> None:
    boss = _company(tmp_path)
    other = house.somebody(house.department(house.unit("Board")), Role.EXECUTIVE)
    asks, approves = (_signed_in(window, one, width=390) for one in (boss, other))
    where = "/maturity/criteria/S3-VAL-1/"
    card, page = asks.page.locator("#exemption"), asks.page
    asks.go(where)
    late = timezone.localdate() + timedelta(days=300)
    page.fill("[name=reason]", "All of our customers write to one portal.")
    page.fill("[name=until]", late.isoformat())
    page.keyboard.press("Enter")
    expect(card.locator(".refused")).to_contain_text("180")
    expect(page.locator("[name=reason]")).to_have_value("All of our customers write to one portal.")
    assert not Exemption.objects.exists()
    page.fill("[name=until]", (late - timedelta(days=200)).isoformat())
    page.keyboard.press("Enter")
    expect(card.locator(".written")).to_contain_text("asked for")
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)  # nobody approves their own
    assert page.evaluate(WIDER) <= 0
    assert page.evaluate(CONTRAST) == []
    approves.go(where)
    approves.page.locator("#exemption").get_by_role("button", name="Approve").press("Enter")
    expect(approves.page.locator("#exemption .written")).to_contain_text("in force")
    asks.go(where)
    card.get_by_role("button", name="End it now").click()
    expect(card.locator(".written")).to_contain_text("ended")
    row = Exemption.objects.get()
    assert (row.asked_by, row.approved_by, row.closed_at is None) == (boss.user, other.user, False)
    refused = [line for line in asks.complaints if "400" not in line]  # Chromium names the refusal
    assert refused + approves.complaints == []


def test_a_link_is_made_and_opened_by_a_stranger_who_finds_nothing_to_click(
    window: Opener, tmp_path: Path
) -> None:
    opened = _signed_in(window, _company(tmp_path))
    opened.go(PAGES["shares"])
    opened.page.click(".line-form button")
    address = opened.page.locator(".links input[readonly]").input_value()
    stranger = window()
    stranger.go("/maturity/shared/" + address.rpartition("/maturity/shared/")[2])
    expect(stranger.page.locator("h1")).to_have_text("Testing")
    links = stranger.page.locator("main a[href]:not([href^='#'])")
    expect(links).to_have_count(0)
    assert Share.objects.get().opened == 1
    assert stranger.complaints == []


def test_on_paper_there_is_no_button_and_no_bar(window: Opener, tmp_path: Path) -> None:
    opened = _signed_in(window, _company(tmp_path))
    opened.go(PAGES["page"])
    opened.page.emulate_media(media="print")
    for hidden in (".tools", ".when", ".actions"):
        expect(opened.page.locator(hidden)).to_be_hidden()
    expect(opened.page.locator(".hero h1")).to_be_visible()
    assert len(opened.page.pdf()) > 20_000
