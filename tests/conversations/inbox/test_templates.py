"""When a network's window is closed, a text that it approved goes out, word for word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from conversations.inbox import delivery, holding, templating
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from crm.errors import Conflict
from tests import house
from tests.api.hands import Caller, a_key, hear
from tests.conversations.editorial.plan import Desk, desk
from tests.conversations.inbox import whatsapp

pytestmark = pytest.mark.django_db

# developers.facebook.com/docs/whatsapp/business-management-api/message-templates, shortened
PARCEL = {
    "name": "parcel_on_its_way",
    "language": "en",
    "status": "APPROVED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Your parcel"},
        {"type": "BODY", "text": "Hello {{1}}, your parcel comes {{2}}."},
        {"type": "FOOTER", "text": "Brand"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://brand.example/parcels"}]},
    ],
}
NAMED = {
    "name": "thanks",
    "language": "fr",
    "status": "APPROVED",
    "parameter_format": "NAMED",
    "components": [{"type": "BODY", "text": "Merci {{first_name}} !"}],
}
UNUSABLE = [
    PARCEL | {"name": "rejected", "status": "REJECTED"},
    PARCEL | {"name": "pictured", "components": [
        {"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look."}]},
    PARCEL | {"name": "linked", "components": [
        {"type": "BODY", "text": "Look."},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://brand.example/{{1}}"}]}]},
    {"name": "odd", "status": "APPROVED", "components": "x"},
]  # fmt: skip
FILLED = {"1": "Bob", "2": "tomorrow"}
WORDS = "Your parcel\n\nHello Bob, your parcel comes tomorrow.\n\nBrand"


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return desk()


@pytest.fixture(name="meta")
def _meta(monkeypatch: pytest.MonkeyPatch, settings: Any) -> whatsapp.Meta:
    cache.clear()
    made = whatsapp.meta(monkeypatch, settings)
    made.templates = [PARCEL, *UNUSABLE, NAMED]
    return made


@pytest.fixture
def late(desk: Desk, meta: whatsapp.Meta) -> Conversation:
    """They wrote 25 hours ago."""
    conversation = whatsapp.begun(desk.channel.unit)
    Message.objects.update(occurred_at=timezone.now() - timedelta(hours=25))
    return conversation


def send(caller: Caller, conversation: Conversation, **chosen: Any) -> Any:
    body = {"text": "", "kind": "reply", "template": chosen}
    return caller.post(f"conversations/{conversation.pk}/messages/", body, key=a_key())


def test_a_template_goes_out_when_free_words_do_not(
    desk: Desk, meta: whatsapp.Meta, late: Conversation
) -> None:
    ada = Caller(desk.ada.user)
    assert ada.say(late, "Hello Bob").json()["code"] == "window_closed"
    told = ada.get(f"conversations/{late.pk}/templates/").json()
    assert [(one["name"], one["blanks"]) for one in told["results"]] == [
        ("parcel_on_its_way", ["1", "2"]),
        ("thanks", ["first_name"]),
    ]
    assert told["window_until"] < timezone.now().isoformat()
    terms = ada.get(f"conversations/{late.pk}/").json()["answering"]
    assert terms["window_until"] == told["window_until"]
    assert "only an approved text goes out" in terms["why_not"]
    assert (terms["is_public"], terms["longest"]) == (False, 4096)
    answer = send(ada, late, name="parcel_on_its_way", language="en", values=FILLED)
    assert (answer.status_code, answer.json().get("text")) == (201, WORDS), answer.content
    named = send(ada, late, name="thanks", language="fr", values={"first_name": "Bob"})
    assert named.json()["text"] == "Merci Bob !"
    assert meta.listed == 6  # pages, once: it is remembered
    for message in Message.objects.filter(direction="out").order_by("occurred_at"):
        delivery.deliver(message.pk)
    first, second = (each["template"] for each in meta.sent)
    assert first == {
        "name": "parcel_on_its_way",
        "language": {"code": "en"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "text": "Bob"},
                    {"type": "text", "text": "tomorrow"},
                ],
            }
        ],
    }
    [value] = second["components"][0]["parameters"]
    assert value == {"type": "text", "parameter_name": "first_name", "text": "Bob"}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_only_what_the_network_offers_goes_out_and_each_blank_is_filled(
    desk: Desk, meta: whatsapp.Meta, late: Conversation, subtests: Any
) -> None:
    ada = Caller(desk.ada.user)
    cases = [
        ("unknown_template", {"name": "rejected", "language": "en"}),
        ("unknown_template", {"name": "parcel_on_its_way", "language": "de"}),
        ("blank_not_filled", {"name": "parcel_on_its_way", "language": "en"}),
        ("blank_not_filled", {"values": {"1": "Bob", "2": "to\nmorrow"}}),
        ("blank_not_filled", {"values": {"1": "Bob", "2": "a     b"}}),
        ("unknown_blank", {"values": FILLED | {"3": "x"}}),
    ]
    for code, chosen in cases:
        with subtests.test(code):
            answer = send(ada, late, **({"name": "parcel_on_its_way", "language": "en"} | chosen))
            assert (answer.status_code, answer.json()["code"]) == (400, code)
    alone = {"text": "And more", "kind": "reply", "template": {"name": "x", "language": "en"}}
    path = f"conversations/{late.pk}/messages/"
    assert ada.post(path, alone, key=a_key()).status_code == 400
    elsewhere = hear(desk.channel)
    assert ada.get(f"conversations/{elsewhere.pk}/templates/").json()["code"] == "no_templates"
    stranger = house.somebody(house.department(desk.channel.unit))
    assert Caller(stranger.user).get(f"conversations/{late.pk}/templates/").status_code == 404
    assert not Message.objects.filter(direction="out").exists()


def test_the_pages_offer_them_and_say_what_meta_says(
    desk: Desk, meta: whatsapp.Meta, late: Conversation
) -> None:
    browser = Client()
    browser.force_login(desk.ada.user)
    page = f"/admin/conversations/conversation/{late.pk}/"
    shown = browser.get(f"{page}change/").content.decode()
    assert "They wrote too long ago" in shown
    assert "Answer with an approved text" in shown
    assert meta.listed == 0  # nobody asked to see them
    for address in (f"{page}change/?templates=1", f"/my/conversations/{late.pk}/?templates=1"):
        shown = browser.get(address).content.decode()
        assert "Hello {{1}}, your parcel comes {{2}}." in shown
        assert 'name="blank-2"' in shown
    said = {"template": "parcel_on_its_way/en", "blank-1": "Bob", "blank-2": "tomorrow"}
    assert browser.post(f"{page}do/template/", said).status_code == 302
    assert Message.objects.get(direction="out").text == WORDS
    missing = browser.post(f"{page}do/template/", said | {"blank-2": ""}, follow=True)
    assert "takes one line of words" in missing.content.decode()


def test_an_approved_text_is_held_and_released_as_it_is(
    desk: Desk, meta: whatsapp.Meta, late: Conversation
) -> None:
    assert send(
        Caller(desk.ada.user), late, name="parcel_on_its_way", language="en", values=FILLED
    ).status_code == 201  # fmt: skip
    message = Message.objects.get(direction="out")
    Delivery.objects.update(state=DeliveryState.HELD)
    message = Message.objects.select_related("delivery").get(pk=message.pk)
    with pytest.raises(Conflict) as refused:
        holding.rewrite(late, message, text="Other words.")
    assert refused.value.code == "template_is_fixed"
    holding.rewrite(late, message, text=WORDS)
    assert templating.has_templates(late)
