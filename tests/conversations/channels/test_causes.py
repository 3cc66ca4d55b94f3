"""What failed is said to each reader in their language; nothing of it is lost on the way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from conversations.channels.causes import known, told
from conversations.inbox.models import Delivery, DeliveryState
from conversations.inbox.services import reply
from crm.access.models import Role
from tests import house
from tests.api.hands import hear

ROOT = Path(__file__).resolve().parents[3] / "conversations"
# Refused is not among them: what a stranger's program hears is in the language of programs.
FAILURES = {
    "SendFailed", "NotConnected", "NotRead", "NotFetched", "NotHeard", "FetchFailed", "NotAllowed",
    "HungUp",
}  # fmt: skip
# Names of a provider, a kind of error or a status before somebody else's words.
THEIRS = {
    "{}: {}", "{} (HTTP {})", "{} ({})", "HTTP {}",
    "Kannel: HTTP {}", "LinkedIn: {}", "Twilio: {}", "X: {}",
}  # fmt: skip


def _said() -> Iterator[tuple[str, str]]:
    """(sentence with {} for what is filled in, where) of every failure that is raised."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                said = _sentence(node.args[0]) if node.func.id in FAILURES else ""
                if said:
                    yield said, f"{path.name}:{node.lineno}"


def _sentence(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):  # cut to a length
        return _sentence(node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
        return "".join(str(part) for part in parts)
    return ""


def test_every_failure_of_ours_can_be_said_in_french(subtests: pytest.Subtests) -> None:
    found = list(_said())
    assert len(found) > 100
    with translation.override("fr"):
        for said, where in found:
            if said in THEIRS:
                continue
            with subtests.test(where):
                assert told(said.replace("{}", "7")) != said.replace("{}", "7"), said


def test_every_sentence_is_translated_with_its_blanks(subtests: pytest.Subtests) -> None:
    with translation.override("fr"):
        for each in known():
            with subtests.test(each):
                filled = each.replace("%(", "{").replace(")s", "}")
                assert told(filled) != filled or each == "%(said)s (HTTP %(status)s)"


@pytest.mark.parametrize(
    ("cause", "french"),
    [
        (
            "the server’s address: leads into a private network (HTTP 502)",
            "l’adresse du serveur : mène dans un réseau privé (HTTP 502)",
        ),
        ("larger than 25 MB", "plus de 25 Mo"),
        ("Meta 131047: Re-engagement message (HTTP 400)", None),
        ("100 % of %(said)s", None),
        ("", None),
    ],
)
def test_what_is_ours_is_said_anew_and_what_is_theirs_stays(cause: str, french: str | None) -> None:
    with translation.override("fr"):
        assert told(cause) == (cause if french is None else french)
    with translation.override("en"):
        assert told(cause) == cause


@pytest.mark.django_db
def test_an_answer_that_failed_says_why_in_the_readers_language(client: Client) -> None:
    unit = house.unit()
    sam = house.somebody(house.department(unit), Role.STAFF, name="Sam")
    sam.user.language = "fr"
    sam.user.save()
    channel = house.webhook_channel(unit, callback_url="http://127.0.0.1:9/")
    conversation = hear(channel)
    message = reply(conversation, text="It comes.", by=sam.acting)
    Delivery.objects.filter(message=message).update(
        state=DeliveryState.FAILED, cause="callback: leads into a private network"
    )
    client.force_login(sam.user)
    for page in (
        reverse("admin:conversations_conversation_change", args=[conversation.pk]),
        reverse("admin:conversations_delivery_changelist"),
    ):
        shown = client.get(page, headers={"accept-language": "fr"}).content.decode()
        assert "rappel : mène dans un réseau privé" in shown
