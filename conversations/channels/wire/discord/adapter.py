"""Discord: a bot, heard on the gateway (see `gateway`) and answering by the HTTP API.

An answer stands below the question, in the channel or thread where it was asked. Each sending has
a nonce of ours, under which Discord takes it once within some minutes; shown to us again, it tells
which message of ours it was.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Item,
    Outbound,
    Remote,
    SendFailed,
    Sent,
    Trouble,
)
from conversations.channels.wire.discord import api as rest
from conversations.channels.wire.discord.api import Api
from conversations.channels.wire.discord.events import PRIVATE, SERVER, items_of, nonce_of
from conversations.channels.wire.discord.gateway import Gateway
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    NotFetched,
    NotRead,
    OpenLine,
    gettext_noop,
)
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.values import each, loaded, text, whole

GATEWAYS = ("discord.gg", ".discord.gg")
_MAY_READ = 1 << 18 | 1 << 19  # the message content intent: approved, or switched on


class Discord:
    idempotent = False  # a nonce is kept for some minutes; what comes back settles the rest
    card = Card(
        title="Discord",
        fields=(
            Field(
                "application_id",
                gettext_noop("Application ID"),
                gettext_noop("Developer Portal, General Information."),
                secret=False,
                address=True,
            ),
            Field(
                "bot_token",
                gettext_noop("Bot token"),
                gettext_noop("Developer Portal, Bot, Reset Token."),
            ),
            Field(
                "channels",
                gettext_noop("Channels"),
                gettext_noop(
                    "Empty: all that the bot sees. Or the ids of those to be heard, with commas; "
                    "their threads are heard too, direct messages always."
                ),
                secret=False,
                required=False,
            ),
        ),
        steps=(
            gettext_noop("Make an application in the Developer Portal of Discord."),
            gettext_noop("Bot: switch on the Message Content Intent, and reset the token."),
            gettext_noop(
                "Installation: scope bot, with View Channels, Send Messages, Send Messages in "
                "Threads, Attach Files and Read Message History. Open the link, choose the server."
            ),
            gettext_noop("In the server, let the bot see the channels that are to be heard."),
        ),
        longest=2_000,
        per_minute=240,
        public=SERVER,
    )
    takes = Takes(most=10, largest=10 * 1024**2, together=20 * 1024**2, public=True)

    def __init__(
        self,
        transport: httpx.BaseTransport | None = None,
        *,
        gateways: Collection[str] = GATEWAYS,
    ) -> None:
        """gateways: whose names the token may be told to."""
        self._transport = transport
        self._gateways = gateways

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False

    def hold(self, account: Account, cursor: Mapping[str, str]) -> OpenLine:
        return Gateway(account, cursor, api=self._api(account), names=self._gateways)

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        return list(items_of(loaded(body)))

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        place, below = _where(message)
        if wait := rest.seconds_to_wait(account, place):
            raise SendFailed(
                "Discord takes no more there for now", retry_after=wait, trouble=Trouble.LIMITED
            )
        body: dict[str, Any] = {
            "content": message.text,
            "nonce": nonce_of(message.id),
            "enforce_nonce": True,
            "allowed_mentions": {"parse": [], "replied_user": True},
        }
        if below:
            body["message_reference"] = {"message_id": below, "fail_if_not_exists": False}
        answer = self._api(account).call(
            "POST", f"channels/{place}/messages", body=body, files=message.files
        )
        rest.note_limits(account, place, answer)
        if not answer.is_success:
            raise rest.failure(answer)
        number = text(answer.data, "id")
        return Sent(f"{place}:{number}" if number else "")

    def check(self, account: Account) -> Checked:
        """Who the token is, whether it may read, and whether it is anywhere."""
        me = self._told(account, "users/@me")
        app = self._told(account, "applications/@me")
        if text(app, "id") != account.address:
            raise NotConnected(f"the bot token is of another application, {text(app, 'name')}")
        if not whole(app, "flags") & _MAY_READ:
            raise NotConnected(
                "the bot may not read what people write: switch on the Message Content Intent "
                "(Developer Portal, Bot)"
            )
        servers = self._asked(account, "users/@me/guilds", {"limit": "1"})
        nowhere = servers.is_success and servers.items == []
        remarks = ("the bot is in no server: open its installation link",) if nowhere else ()
        return Checked(name=text(me, "global_name") or text(me, "username"), remarks=remarks)

    def _told(self, account: Account, path: str) -> Mapping[str, Any]:
        answer = self._asked(account, path)
        if rest.is_refused(answer):
            raise NotConnected("Discord does not take the bot token")
        if not answer.is_success:
            raise NotConnected(rest.said(answer), passing=answer.status >= 429)
        return answer.data

    def _asked(
        self, account: Account, path: str, query: Mapping[str, str | list[str]] | None = None
    ) -> calling.Answer:
        try:
            return self._api(account).asked(path, query)
        except NotRead as error:
            raise NotConnected(str(error), passing=True) from error

    def fetch(self, account: Account, remote: Remote) -> File:
        """The address of a file holds for a day; later the message tells another."""
        named, _, url = remote.key.partition(" ")
        if _is_over(url):
            url = self._new_address(account, named) or url
        return calling.fetch_file(remote, url, hosts=(), loopback=account.loopback)

    def _new_address(self, account: Account, named: str) -> str:
        place, message, file = (*named.split(":"), "", "")[:3]
        try:
            answer = self._api(account).asked(f"channels/{place}/messages/{message}")
        except NotRead as error:
            raise NotFetched(str(error)) from error
        if answer.status == 404:
            raise NotFetched("it is not there any more", permanent=True)
        found = [one for one in each(answer.data, "attachments") if text(one, "id") == file]
        return text(found[0], "url") if found else ""

    def _api(self, account: Account) -> Api:
        return Api(account, self._transport)


def _where(message: Outbound) -> tuple[str, str]:
    """The channel, and the message in it that is answered. Raises SendFailed."""
    place = message.thread.removeprefix(SERVER).removeprefix(PRIVATE)
    above, _, below = message.in_reply_to.partition(":")
    if above.isdigit() and below.isdigit():
        return above, below  # they may have gone on in a thread of that channel
    if not (place.isascii() and place.isdigit()):
        raise SendFailed("this conversation names no channel of Discord", permanent=True)
    return place, ""


def _is_over(url: str) -> bool:
    """`ex` says until when, in seconds since 1970, as a hexadecimal number."""
    said = parse_qs(urlsplit(url).query).get("ex", [""])[0]
    try:
        return bool(said) and int(said, 16) < time.time() + 60
    except ValueError:
        return False
