"""Hosts of the house's own network that its operator lets in, and nobody else."""

from __future__ import annotations

import ipaddress
from typing import Any

import httpx
import pytest

from conversations.channels.wire import addresses, servers
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Outbound, Party, Remote, SendFailed
from conversations.channels.wire.mastodon.adapter import Mastodon
from conversations.channels.wire.provider import NotFetched
from conversations.channels.wire.standard_webhooks import new_secret
from conversations.channels.wire.webhook import Webhook
from crm.access.models import Role
from tests import house
from tests.api.hands import Caller

MESSAGE = Outbound(id="m1", external_id="", thread="t1", to=Party("bob"), text="Yes.")
INSIDE = frozenset({"10.0.0.1", "chat.house", "169.254.169.254", "100.64.0.9", "fd00::1"})


def _answered(url: str) -> list[httpx.Request]:
    """The requests that an answer on a channel with this callback made."""
    seen: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "theirs"})

    account = Account(callback_url=url, secret=new_secret(), inside=INSIDE)
    Webhook(httpx.MockTransport(receive)).send(account, MESSAGE)
    return seen


@pytest.mark.parametrize("host", ["10.0.0.1", "100.64.0.9", "[fd00::1]"])
def test_a_host_that_was_let_in_is_called(host: str) -> None:
    [request] = _answered(f"http://{host}:8080/in")
    assert str(request.url) == f"http://{host}:8080/in"


@pytest.mark.parametrize(
    "host", ["10.0.0.2", "192.168.1.1", "100.64.0.8", "[fd00::2]", "127.0.0.1", "169.254.169.254"]
)
def test_its_neighbours_are_not_and_a_clouds_credentials_never(host: str) -> None:
    with pytest.raises(SendFailed, match="private") as refused:
        _answered(f"http://{host}/")
    assert refused.value.permanent


def test_it_is_let_in_by_its_name_and_not_by_where_the_name_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found(name: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", ("10.7.7.7", port))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", found)
    for name in ("chat.house", "CHAT.house"):
        reached = addresses.resolve(name, 443, loopback=False, inside=INSIDE)
        assert reached == [ipaddress.ip_address("10.7.7.7")]
    with pytest.raises(addresses.NotAllowed):
        addresses.resolve("other.house", 443, loopback=False, inside=INSIDE)


def test_a_server_that_was_let_in_may_speak_plain_http() -> None:
    for named, server in (
        ("http://chat.house:8008/", "http://chat.house:8008"),
        ("chat.house", "https://chat.house"),
    ):
        account = Account(credentials={"server": named}, inside=INSIDE)
        assert servers.server_of(account, default="") == server
    with pytest.raises(SendFailed, match="https"):
        servers.server_of(Account(credentials={"server": "http://a.example"}), default="")
    with pytest.raises(SendFailed, match="https"):
        servers.server_of(
            Account(credentials={"server": "http://evil.chat.house"}, inside=INSIDE), default=""
        )


def test_what_a_stranger_names_never_leads_there() -> None:
    """A post's picture, whose address another server wrote."""
    picture = Remote(name="a.png", type="image/png", key="http://10.0.0.1/a.png")
    with pytest.raises(NotFetched, match="do not go there") as refused:
        Mastodon().fetch(Account(inside=INSIDE), picture)
    assert refused.value.permanent


@pytest.mark.django_db
def test_staff_may_name_it_once_the_operator_has(settings: Any) -> None:
    unit = house.unit()
    staff = Caller(house.somebody(house.department(unit), Role.STAFF, name="Sam").user)
    channel = house.webhook_channel(unit)
    path, wanted = f"channels/{channel.pk}/", {"callback_url": "http://10.0.0.1:8080/in"}
    refused = staff.patch(path, wanted)
    assert (refused.status_code, refused.json()["code"]) == (400, "callback_refused")
    settings.INTERNAL_HOSTS = INSIDE
    assert staff.patch(path, wanted).status_code == 200
    channel.refresh_from_db()
    assert channel.callback_url == wanted["callback_url"]
