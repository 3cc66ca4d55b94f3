"""A person's page in a real browser: consent, merging by keys, a copy, erasure by two."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conversations.channels import claiming
from crm.access.models import Role
from crm.contacts import duplicates
from crm.contacts.models import Contact, ContactMerge, Identity
from crm.contacts.services import note_units
from crm.privacy import erasing
from crm.privacy.models import Erasure
from crm.privacy.tasks import make_exports
from tests import house
from tests.browser.conftest import Opener, Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "Quillon Vandermeer"


def _two_contacts() -> tuple[house.Somebody, house.Somebody, Contact, Contact]:
    home = house.unit()
    desk = house.department(home)
    staff, second = (house.somebody(desk, Role.STAFF, name=name) for name in ("Camille", "Sam"))
    channel = house.webhook_channel(home)
    said = house.message("m1", "Where is my tent?")
    said["from"] = {"handle": "q@customer.example", "name": NAME}
    house.post_webhook(channel, house.event(said))
    claiming.ingest()
    first = Contact.objects.get()
    other = Contact.objects.create(
        name="Quillon V.", organization="Atelier des Cimes", occurred_at=timezone.now()
    )
    Identity.objects.create(contact=other, kind="email", handle="q@customer.example")
    note_units([(other.pk, home.pk)])
    duplicates.find()
    return staff, second, first, other


def _signed_in(window: Opener, who: house.Somebody, width: int = 1280) -> Window:
    opened = window(width=width, height=900)
    opened.sign_in(who.user.email, "a long password")
    return opened


def _shot(opened: Window, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        opened.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_one_person_from_two_contacts_to_none(window: Opener) -> None:
    staff, second, first, other = _two_contacts()
    here = _signed_in(window, staff)
    page = here.page
    here.go("/admin/crm/contact/")
    page.get_by_role("link", name="Possibly the same person").click()
    expect(page.get_by_text("the same mail address")).to_be_visible()
    _shot(here, "people-duplicates")
    page.get_by_role("link", name="Compare").click()
    merge = page.get_by_role("button", name="They are one person")
    expect(merge).to_be_visible()
    radios = page.locator("input[name=organization]")
    chosen = [radio.get_attribute("value") for radio in radios.all() if radio.is_checked()]
    assert len(chosen) == 1  # the one that is not empty is proposed
    _shot(here, "people-merge")
    merge.press("Enter")
    expect(page.get_by_text("They are one person now")).to_be_visible()
    assert ContactMerge.objects.count() == 1
    assert set(Contact.objects.values_list("organization", flat=True)) == {"Atelier des Cimes"}
    here.go(f"/admin/crm/contact/{first.pk}/change/")
    page.get_by_role("button", name="They agreed: news and offers").first.click()
    expect(page.get_by_text("told to a colleague")).to_be_visible()
    page.get_by_role("button", name="Make a copy").click()
    make_exports()
    here.go(f"/admin/crm/contact/{first.pk}/change/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".zip")
    _shot(here, "people-person")
    _narrow_and_french(window, staff, first)
    page.get_by_label("I know that it can").check()
    page.get_by_role("button", name="Ask for the erasure").click()
    expect(page.get_by_text("somebody else must agree")).to_be_visible()
    assert not here.complaints
    _agreed(window, second, first)
    assert Contact.objects.filter(pk=other.pk, name="").exists()


def _narrow_and_french(window: Opener, staff: house.Somebody, person: Contact) -> None:
    small = _signed_in(window, staff, width=390)
    small.page.emulate_media(color_scheme="dark")
    small.page.evaluate("localStorage.setItem('adminTheme', JSON.stringify('dark'))")
    small.context.add_cookies(
        [{"name": "django_language", "value": "fr", "url": small.address}]  # type: ignore[list-item]
    )
    for name, path in (
        ("person", f"/admin/crm/contact/{person.pk}/change/"),
        ("duplicates", "/admin/crm/contact/duplicates/"),
        ("erasures", "/admin/crm/erasure/"),
    ):
        small.go(path)
        assert small.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        _shot(small, f"people-{name}-fr-390")
    assert not small.complaints


def _agreed(window: Opener, second: house.Somebody, person: Contact) -> None:
    there = _signed_in(window, second)
    page = there.page
    there.go("/admin/crm/erasure/")
    page.get_by_role("row", name=NAME).get_by_role("link").first.click()
    _shot(there, "people-erasure-asked")
    page.get_by_role("button", name="I agree: erase").click()
    expect(page.get_by_text("it is under way")).to_be_visible()
    assert erasing.carry(Erasure.objects.get().pk, seconds=60)
    page.reload()
    expect(page.get_by_text("conversations.Message", exact=True)).to_be_visible()
    _shot(there, "people-erasure-done")
    there.go(f"/admin/crm/contact/{person.pk}/change/")
    expect(page.get_by_text("This person was erased on")).to_be_visible()
    expect(page.get_by_text(NAME)).to_have_count(0)
    _shot(there, "people-erased")
    assert not there.complaints
