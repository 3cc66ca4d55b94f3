"""The small client in examples/, as a person in a terminal uses it, against a running server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ambassadors.live import stream
from ambassadors.routing import tasks as routing_tasks
from ambassadors.routing.models import Absence, Availability, Offer
from conversations.inbox.models import Conversation, Message
from tests.api import matrix
from tests.api.hands import hear

pytestmark = pytest.mark.client
CLI = Path(__file__).resolve().parents[2] / "examples" / "ambassador_cli" / "ambassador.py"


@pytest.fixture
def terminal(world, live_server):
    def run(*words: str, who: str = "asked", stdin: str = "") -> Any:
        given = {"RELAIS_URL": live_server.url, "RELAIS_TOKEN": world["tokens"].get(who, "none")}
        command = [sys.executable, str(CLI), *words]
        env = {**os.environ, **given}
        return subprocess.run(
            command, env=env, input=stdin, capture_output=True, text=True, timeout=60
        )

    return run


def test_an_offer_is_seen_taken_answered_and_closed(world, terminal):
    offer, case = str(world["ids"]["offer"]), str(world["waiting"])
    assert matrix.SECRET in terminal("offers").stdout
    not_yet = "-- You may read this conversation; whoever accepted it answers."
    assert not_yet in terminal("show", case).stdout
    assert "Yours now" in terminal("accept", offer[-8:]).stdout
    assert not_yet not in terminal("show", case).stdout
    assert matrix.SECRET in terminal("show", case).stdout
    assert terminal("suggest", case).returncode == 0
    assert "Written: " in terminal("answer", case, "-", stdin="Tomorrow.\n").stdout
    assert "Closed" in terminal("close", case).stdout
    written = Message.objects.get(text__startswith="Tomorrow.")
    assert (str(written.conversation_id), written.author_employee) == (
        case,
        world["people"]["asked"].employee,
    )
    assert Conversation.objects.get(pk=case).status == "closed"


def test_a_refusal_is_told_in_the_servers_words_and_changes_nothing(world, terminal):
    case = str(world["waiting"])
    before = Message.objects.count()
    refused = terminal("answer", case, "Tomorrow.")
    assert (refused.returncode, "accept_first" in refused.stderr) == (1, True)
    assert "not_found" in terminal("show", case, who="outsider").stderr
    assert "invalid_token" in terminal("offers", who="nobody").stderr
    assert Message.objects.count() == before


def test_an_offer_is_declined_with_a_reason(world, terminal):
    offer = str(world["ids"]["offer"])
    assert "no_time" in terminal("reasons").stdout
    assert terminal("decline", offer, "nonsense").returncode == 1
    assert Offer.objects.get(pk=offer).state == "open"
    assert terminal("decline", offer, "no_time", "tomorrow").returncode == 0
    assert Offer.objects.get(pk=offer).state == "declined"


def test_live_shows_what_waits_and_then_what_comes(world, live_server, settings):
    settings.STREAM_SECONDS = 20.0
    given = {"RELAIS_URL": live_server.url, "RELAIS_TOKEN": world["tokens"]["asked"]}
    command = [sys.executable, str(CLI), "live"]
    shown = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env={**os.environ, **given}, **shown) as terminal:
        watchdog = threading.Timer(60, terminal.kill)
        watchdog.start()
        try:
            said = _until(terminal, "Listening")
            assert str(world["ids"]["offer"]) in said
            person = world["people"]["asked"]
            Availability.objects.exclude(employee=person.employee).delete()
            Absence.objects.all().delete()
            channel = Conversation.objects.get(pk=world["waiting"]).channel
            asked = hear(channel, "Is the blue glue waterproof?", thread="live")
            routing_tasks.route_due()
            offer = Offer.objects.get(conversation=asked, employee=person.employee)
            assert str(offer.pk) in _until(terminal, "waterproof")
        finally:
            watchdog.cancel()
            terminal.kill()
            stream.places.end_all()


def _until(terminal: Any, word: str) -> str:
    """What it has printed when the word comes."""
    said = ""
    while word not in said:
        line = terminal.stdout.readline()
        assert line, said
        said += line
    return said


def test_who_asks_for_nothing_known_is_shown_how(terminal):
    for words in ([], ["dance"], ["accept"]):
        shown = terminal(*words)
        assert (shown.returncode, "RELAIS_TOKEN" in shown.stderr) == (2, True)
