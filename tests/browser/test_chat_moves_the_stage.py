"""The whole path by web chat: a browser asks, an ambassador answers over HTTP, the browser shows
it, and the appraisal's counts move by exactly that on the days on which they count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ambassadors.routing.models import Offer
from conversations.channels.services import open_channel
from conversations.inbox.models import Conversation
from crm.values import AUTOMATION
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.api.hands import Caller
from tests.browser.conftest import Opener

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Pair = tuple[int, int | None]  # k of n
Counts = dict[str, Pair]


def _counts(*, in_days: int) -> Counts:
    as_of = timezone.localdate() + timedelta(days=in_days)
    found = appraise(as_of, reading=PastReading.CORRECTED)
    return {each["id"]: (each["k"], each["n"]) for each in found["criteria"]}


def _moved(before: Counts, after: Counts) -> dict[str, tuple[Pair, Pair]]:
    return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


def test_a_visitor_is_answered_by_an_ambassador_and_the_stage_counts_it(window: Opener) -> None:
    home = house.unit("Maison")
    channel = open_channel(home, kind="webchat", name="Website", by=AUTOMATION)
    ada = house.ambassador(house.department(home), name="Ada")
    house.rule()
    tomorrow, next_week = _counts(in_days=1), _counts(in_days=7)
    visitor = window(width=390, height=760)
    visitor.go(f"/chat/{channel.token}/")
    visitor.page.fill("[data-name]", "Lou")
    visitor.page.fill("[data-text]", "Is the glass recyclable?")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".said.mine .when")).to_have_text("sent")
    house.drain()
    api = Caller(ada.user)
    assert api.post(f"offers/{Offer.objects.get().pk}/accept/").status_code == 200
    conversation = Conversation.objects.get()
    assert api.say(conversation, "It is, and so is the cap.").status_code == 201
    house.drain()
    answer = visitor.page.locator(".said:not(.mine)")
    expect(answer.locator(".text")).to_have_text("It is, and so is the cap.")
    expect(answer.locator(".who")).to_have_text("Ada")
    assert visitor.complaints == []
    moved = _moved(tomorrow, _counts(in_days=1))
    assert moved["S2-CHA-2"][1][0] == moved["S2-CHA-2"][0][0] + 1
    assert moved["S2-GOV-1"] == ((0, 0), (1, 1))
    assert moved["S2-CHA-1"][1][0] == 1
    assert not {"S3-CON-1", "S3-GOV-2"} & set(moved)  # their deadlines are not over yet
    moved = _moved(next_week, _counts(in_days=7))
    assert moved["S3-CON-1"] == ((0, 0), (1, 1))
    assert moved["S3-GOV-2"] == ((0, 0), (1, 1))
