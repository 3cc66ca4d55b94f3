"""Matrix: a user of any homeserver, read by /sync and answering as itself (spec.matrix.org).

A message is known by its event's id; a thread is a room, or a thread in it. A sending has a name
of ours, under which the server takes it once. What is encrypted from end to end can't be read, and
nothing is said in clear where others encrypt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, Item, Outbound, Remote, SendFailed, Sent
from conversations.channels.wire.matrix import reading
from conversations.channels.wire.matrix.api import Api, escaped, failure, is_refused, said
from conversations.channels.wire.matrix.events import items_of
from conversations.channels.wire.parts import in_parts
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    NotFetched,
    Reading,
    gettext_noop,
)
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.values import loaded, text

_SHOWN = {"image": "m.image", "video": "m.video", "audio": "m.audio"}


class Matrix:
    idempotent = True
    every = timedelta(seconds=5)
    card = Card(
        title="Matrix",
        fields=(
            Field(
                "account",
                gettext_noop("Account"),
                gettext_noop("Its full name, such as @support:example.org."),
                secret=False,
                address=True,
            ),
            Field(
                "access_token",
                gettext_noop("Access token"),
                gettext_noop("Of a session that nothing else uses."),
            ),
            Field(
                "server",
                gettext_noop("Server"),
                gettext_noop("Only where its address is not what stands behind the colon."),
                secret=False,
                required=False,
            ),
            Field(
                "invites",
                gettext_noop("Invitations"),
                gettext_noop(
                    "Empty: everybody’s are accepted. no: nobody’s. Or the servers whose people "
                    "may invite, with commas."
                ),
                secret=False,
                required=False,
            ),
        ),
        steps=(
            gettext_noop("Make a user of your homeserver for this and sign in once in a client."),
            gettext_noop("Copy its access token (in Element: All settings, Help & About)."),
            gettext_noop(
                "Use rooms without end-to-end encryption: what is encrypted can’t be read here."
            ),
        ),
        longest=20_000,
        per_minute=120,
    )
    takes = Takes(most=10, largest=20 * 1024 * 1024, together=20 * 1024 * 1024)

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False

    def read(self, account: Account, cursor: Mapping[str, str]) -> Reading:
        invites = account.credentials.get("invites", "")
        me = reading.checked(account.address)
        return reading.read(self._api(account), me, invites, cursor)

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        return list(items_of(loaded(body)))

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        room, _, root = message.thread.partition(" ")
        if not room.startswith("!"):
            raise SendFailed("this conversation names no room of Matrix", permanent=True)
        api = self._api(account)
        _must_be_clear(api, room)
        relation = _relation(message, root)
        steps = [
            partial(_share, api, room, message, number, file, relation)
            for number, file in enumerate(message.files, start=1)
        ]
        if message.text or not steps:
            said = {"msgtype": "m.text", "body": message.text, **relation}
            steps = [partial(_put, api, room, message.id, said), *steps]
        return in_parts(message, steps)

    def check(self, account: Account) -> Checked:
        answer = self._asked(account)
        if is_refused(answer) or answer.status == 403:
            raise NotConnected(f"the server does not take the access token ({said(answer)})")
        if not answer.is_success:
            raise NotConnected(said(answer), passing=answer.status >= 429)
        theirs = text(answer.data, "user_id")
        if theirs.lower() != account.address.lower():
            raise NotConnected(f"the access token is of another account, {theirs}")
        return Checked(name=theirs)

    def _asked(self, account: Account) -> calling.Answer:
        try:
            return self._api(account).call("GET", "account/whoami")
        except SendFailed as error:
            raise NotConnected(str(error), passing=not error.permanent) from error

    def fetch(self, account: Account, remote: Remote) -> File:
        """Servers since 1.11 of the specification give files to signed-in users only."""
        where = remote.key.removeprefix("mxc://").partition("/")
        try:
            api = self._api(account)
            home = api.home()
        except SendFailed as error:
            raise NotFetched(str(error), permanent=True) from error
        url = f"{home}/_matrix/client/v1/media/download/{escaped(where[0])}/{escaped(where[2])}"
        host = httpx.URL(home).host
        return calling.fetch_file(
            remote,
            url,
            hosts=(host,),
            headers=api.bearer(),
            loopback=account.loopback,
            inside=account.inside & {host},
        )

    def _api(self, account: Account) -> Api:
        return Api(account, self._transport)


def _relation(message: Outbound, root: str) -> dict[str, Any]:
    """Below the question, and in its thread."""
    above = {"m.in_reply_to": {"event_id": message.in_reply_to}} if message.in_reply_to else {}
    thread = {"rel_type": "m.thread", "event_id": root, "is_falling_back": not above}
    relation = {**thread, **above} if root else above
    return {"m.relates_to": relation} if relation else {}


def _put(api: Api, room: str, name: str, content: Mapping[str, Any]) -> str:
    """name: under it the server takes the event once."""
    path = f"rooms/{escaped(room)}/send/m.room.message/{escaped(name)}"
    answer = api.call("PUT", path, body=content)
    if not answer.is_success:
        raise failure(answer)
    return text(answer.data, "event_id")


def _share(
    api: Api, room: str, message: Outbound, number: int, file: File, relation: Mapping[str, Any]
) -> str:
    content = {
        "msgtype": _SHOWN.get(file.type.partition("/")[0], "m.file"),
        "body": file.name,
        "filename": file.name,
        "url": api.upload(file),
        "info": {"mimetype": file.type or "application/octet-stream", "size": len(file.data)},
        **relation,
    }
    return _put(api, room, f"{message.id}.{number}", content)


def _must_be_clear(api: Api, room: str) -> None:
    """Raises SendFailed in a room that is encrypted, and where that can't be learnt."""
    answer = api.call("GET", f"rooms/{escaped(room)}/state/m.room.encryption")
    if answer.is_success:
        raise SendFailed(
            "this room is encrypted from end to end: nothing is said there in clear",
            permanent=True,
        )
    if answer.status != 404:
        raise failure(answer)
