"""A person without any role makes, copies and revokes a token in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from crm.access.models import PersonalToken, Role
from tests import house
from tests.api.hands import Caller

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_token_is_made_copied_used_and_revoked(window: Any) -> None:
    ada = house.somebody(house.department(house.unit()), Role.AMBASSADOR)
    ada.user.set_password("a long password")
    ada.user.save()
    here = window(width=390, height=844)
    here.go("/login/?next=/tokens/")
    here.page.fill("[name=username]", ada.user.email)
    here.page.fill("[name=password]", "a long password")
    here.page.click("main button[type=submit]")
    expect(here.page.get_by_text("You have none.")).to_be_visible()
    here.page.fill("[name=name]", "the terminal on my desk")
    here.page.get_by_label("Offers and the stream of what happens").check()
    here.page.get_by_role("button", name="Make the token").click()
    secret = here.page.get_by_label("The new token").input_value()
    assert re.fullmatch("rlp[0-9a-f]{64}", secret)
    caller = Caller()
    caller.use(secret)
    assert caller.get("offers/").status_code == 200
    width = here.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    here.page.get_by_role("button", name="Revoke the terminal on my desk").click()
    expect(here.page.get_by_text("You have none.")).to_be_visible()
    assert not PersonalToken.objects.exists()
    assert caller.get("offers/").status_code == 401
    assert here.complaints == []
