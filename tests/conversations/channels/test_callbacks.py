"""An answer is posted to the address that was judged, and never into a private network."""

import httpx
import pytest

from conversations.channels.wire import addresses
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Outbound, Party, SendFailed
from conversations.channels.wire.standard_webhooks import new_secret
from conversations.channels.wire.webhook import Webhook

MESSAGE = Outbound(id="m1", external_id="", thread="t1", to=Party("bob"), text="Yes.")


def _send(url: str, *, loopback: bool, answer: httpx.Response | None = None):
    seen: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer or httpx.Response(200, json={"id": "theirs"})

    account = Account(callback_url=url, secret=new_secret(), loopback=loopback)
    sent = Webhook(httpx.MockTransport(receive)).send(account, MESSAGE)
    return seen, sent


def test_the_request_goes_to_the_judged_address_under_the_name_that_was_given() -> None:
    [request], sent = _send("https://localhost:8443/in?a=1", loopback=True)
    assert request.url.host in {"127.0.0.1", "::1"}
    assert (request.url.port, request.url.path) == (8443, "/in")
    assert request.headers["host"] == "localhost:8443"
    assert request.extensions["sni_hostname"] == "localhost"
    assert sent.external_id == "theirs"


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://169.254.169.254/", "http://[fc00::1]/"]
)
def test_a_private_address_is_refused_at_sending_too(url: str) -> None:
    for loopback in (True, False):
        with pytest.raises(SendFailed, match="private") as refused:
            _send(url, loopback=loopback)
        assert refused.value.permanent


def test_this_machine_is_refused_outside_local_mode() -> None:
    with pytest.raises(SendFailed, match="private"):
        _send("http://localhost:8099/", loopback=False)


def test_a_redirect_is_not_followed() -> None:
    moved = httpx.Response(302, headers={"location": "http://169.254.169.254/"})
    with pytest.raises(SendFailed, match="302") as refused:
        _send("http://127.0.0.1:8099/", loopback=True, answer=moved)
    assert refused.value.permanent


def test_public_addresses_may_be_reached() -> None:
    assert addresses.resolve("93.184.215.14", 443, loopback=False)
