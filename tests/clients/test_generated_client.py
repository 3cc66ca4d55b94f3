"""A client that a machine wrote from docs/openapi.yaml does an ambassador's work with it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from conversations.inbox.models import Message
from tests.api.hands import a_key

pytestmark = pytest.mark.client
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
NAME = "relais_client_written_by_a_machine"


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Any:
    """The written package; writing it needs no network, and gives no warning."""
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    words = ["generate", "--fail-on-warning", "--meta", "none", "--config", str(config)]
    where = ["--path", str(DOCUMENT), "--output-path", str(folder / NAME)]
    tool = Path(sys.executable).with_name("openapi-python-client")
    done = subprocess.run([tool, *words, *where], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield lambda path: importlib.import_module(f"{NAME}.{path}")


@pytest.fixture
def call(client, world, live_server):
    """Calls one operation as somebody: its status and what was understood of the answer."""

    def as_person(who: str, operation: str, *words: Any, **named: Any) -> tuple[int, Any]:
        signed_in = client("client").AuthenticatedClient(live_server.url, world["tokens"][who])
        with signed_in as session:
            module = client(f"api.{operation}")
            answer = module.sync_detailed(*words, client=session, **named)
        return answer.status_code, answer.parsed

    return as_person


def test_an_ambassador_works_through_the_written_client(call, client, world):
    models, case = client("models"), world["waiting"]
    status, found = call("asked", "offers.offers_list", state=[models.OffersListStateItem.OPEN])
    assert (status, [each.id for each in found.results]) == (200, [world["ids"]["offer"]])
    status, offer = call("asked", "offers.offers_accept", found.results[0].id)
    assert (status, offer.state.value, offer.conversation) == (200, "accepted", case)
    reply = models.NewMessageRequest(text="It comes.", kind=models.MessageKind.REPLY)
    answering, key = "conversations.messages_create", a_key()
    first = call("asked", answering, case, body=reply, idempotency_key=key)
    again = call("asked", answering, case, body=reply, idempotency_key=key)
    assert [first[0], again[0]] == [HTTPStatus.CREATED] * 2
    assert first[1].id == again[1].id
    assert Message.objects.filter(text="It comes.").count() == 1
    status, articles = call("asked", "conversations.conversations_suggestions", case)
    assert (status, isinstance(articles.results, list)) == (200, True)
    status, closed = call("asked", "conversations.conversations_close", case)
    assert (status, closed.status.value) == (200, "closed")


def test_refusals_are_typed(call, client, world):
    models = client("models")
    other = models.NewMessageRequest(text="Me too.", kind=models.MessageKind.REPLY)
    status, refused = call(
        "asked", "conversations.messages_create", world["waiting"], body=other,
        idempotency_key=a_key(),
    )  # fmt: skip
    assert (status, refused.code) == (403, "accept_first")
    assert isinstance(refused, models.Problem)
    assert not Message.objects.filter(text="Me too.").exists()
    status, refused = call("asked", "maturity.maturity")
    assert (status, refused.code) == (403, "forbidden")


def test_an_executive_reads_the_stage(call):
    status, appraisal = call("executive", "maturity.maturity")
    assert (status, len(appraisal.criteria) > 10) == (200, True)
