"""Events to a person's own endpoint: signed, repeated, given up, never into our own network."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from ambassadors.live import tasks, webhooks
from ambassadors.live.models import Event, HookPost, PostState, Subscription
from conversations.inbox.models import Participant
from tests import house
from tests.api.hands import Caller, a_key, hear, offered

pytestmark = pytest.mark.django_db


class Endpoint:
    """Somebody's server; answers with `status` and keeps what came."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                kept.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(kept.status)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    opened = Endpoint()
    yield opened
    opened.server.shutdown()
    opened.server.server_close()


@pytest.fixture
def ada() -> house.Somebody:
    brand = house.unit()
    person = house.ambassador(house.department(brand), name="Ada")
    hear(house.webhook_channel(brand))
    return person


def _subscribe(person: house.Somebody, url: str, **more: Any) -> dict[str, Any]:
    answer = Caller(person.user).post("webhooks/", {"url": url, **more}, key=a_key())
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_an_offer_is_posted_signed_so_that_the_standard_library_believes_it(
    ada: house.Somebody, endpoint: Endpoint
) -> None:
    made = _subscribe(ada, endpoint.url)
    offer = offered(ada)
    tasks.post_events()
    tasks.post_events()
    ((headers, body),) = endpoint.got
    said = Webhook(made["secret"]).verify(body, headers)
    assert said["type"] == "offer.made"
    assert said["data"] == {"conversation": str(offer.conversation_id), "offer": str(offer.pk)}
    assert HookPost.objects.get().state == PostState.DONE


def test_the_secret_is_shown_once_and_kept_encrypted(ada: house.Somebody) -> None:
    made = _subscribe(ada, "http://127.0.0.1:9/")
    caller = Caller(ada.user)
    assert "secret" not in caller.get(f"webhooks/{made['id']}/").json()
    assert "secret" not in caller.get("webhooks/").json()["results"][0]
    assert Subscription.objects.get().secret == made["secret"]


def test_only_the_events_that_were_asked_for_are_posted(
    ada: house.Somebody, endpoint: Endpoint
) -> None:
    _subscribe(ada, endpoint.url, events=["approval.wanted"])
    offered(ada)
    tasks.post_events()
    assert endpoint.got == []
    assert Event.objects.count() == 1


def test_a_failed_post_is_repeated_later_with_the_same_id_and_bytes(
    ada: house.Somebody, endpoint: Endpoint
) -> None:
    _subscribe(ada, endpoint.url)
    endpoint.status = 500
    with time_machine.travel(timezone.now(), tick=False) as clock:
        offered(ada)
        tasks.post_events()
        assert (len(endpoint.got), HookPost.objects.get().status) == (1, 500)
        tasks.post_events()
        assert len(endpoint.got) == 1
        clock.shift(timedelta(seconds=5))
        endpoint.status = 204
        tasks.post_events()
    (first, body), (second, again) = endpoint.got
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert HookPost.objects.get().state == PostState.DONE
    assert Subscription.objects.get().failures == 0


def test_a_redirect_is_not_followed_and_counts_as_a_failure(
    ada: house.Somebody, endpoint: Endpoint
) -> None:
    _subscribe(ada, endpoint.url)
    endpoint.status = 302
    offered(ada)
    tasks.post_events()
    assert (len(endpoint.got), HookPost.objects.get().error) == (1, "HTTP 302")


def test_an_endpoint_that_fails_too_often_is_switched_off_until_its_owner_says_so(
    ada: house.Somebody, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_FAILURES", 3)
    made = _subscribe(ada, endpoint.url)
    endpoint.status = 500
    with time_machine.travel(timezone.now(), tick=False) as clock:
        offered(ada)
        for _ in range(6):
            tasks.post_events()
            clock.shift(timedelta(days=1))
    assert len(endpoint.got) == 3
    assert HookPost.objects.get().state == PostState.DROPPED
    shown = Caller(ada.user).get(f"webhooks/{made['id']}/").json()
    assert (shown["active"], shown["failures"], bool(shown["disabled_at"])) == (False, 3, True)
    again = Caller(ada.user).patch(f"webhooks/{made['id']}/", {"active": True}).json()
    assert (again["active"], again["failures"], again["disabled_at"]) == (True, 0, None)


def test_what_the_person_may_no_longer_see_is_not_posted(
    ada: house.Somebody, endpoint: Endpoint
) -> None:
    _subscribe(ada, endpoint.url)
    offered(ada)
    Participant.objects.all().delete()
    tasks.post_events()
    assert endpoint.got == []
    assert HookPost.objects.get().state == PostState.DROPPED


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://169.254.169.254/latest", "ftp://example.org/", "http://[::1]/"],
)
def test_an_endpoint_inside_our_own_network_is_refused(
    ada: house.Somebody, settings: Any, url: str
) -> None:
    settings.LOCAL = False
    refused = Caller(ada.user).post("webhooks/", {"url": url}, key=a_key())
    assert (refused.status_code, refused.json()["code"]) == (400, "callback_refused")
    assert not Subscription.objects.exists()


def test_an_endpoint_that_turns_to_our_own_network_later_gets_nothing(
    ada: house.Somebody, settings: Any, endpoint: Endpoint
) -> None:
    _subscribe(ada, endpoint.url)
    settings.LOCAL = False
    offered(ada)
    tasks.post_events()
    assert endpoint.got == []
    assert "private network" in HookPost.objects.get().error


def test_a_person_has_a_few_endpoints_and_deletes_their_own(ada: house.Somebody) -> None:
    made = [_subscribe(ada, f"http://127.0.0.1:9/{n}") for n in range(webhooks.MOST_ENDPOINTS)]
    caller = Caller(ada.user)
    refused = caller.post("webhooks/", {"url": "http://127.0.0.1:9/x"}, key=a_key())
    assert (refused.status_code, refused.json()["code"]) == (400, "too_many_endpoints")
    assert caller.delete(f"webhooks/{made[0]['id']}/").status_code == 204
    assert Subscription.objects.count() == webhooks.MOST_ENDPOINTS - 1


def test_a_repeated_request_makes_one_endpoint(ada: house.Somebody) -> None:
    key, caller = a_key(), Caller(ada.user)
    answers = [caller.post("webhooks/", {"url": "http://127.0.0.1:9/"}, key=key) for _ in "ab"]
    first, again = (json.loads(answer.content) for answer in answers)
    assert again == first | {"secret": None}  # a secret is told once
    assert Subscription.objects.count() == 1
