"""Mastodon: an account that is read by its API, and answers by it (docs.joinmastodon.org).

A message is known by the server's own id of the status. What was told to few is answered to few:
the thread says so, and the post that is answered is asked once more before anything leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Counted,
    File,
    Inbound,
    Item,
    Outbound,
    Post,
    Remote,
    SendFailed,
    Sent,
)
from conversations.channels.wire.mastodon import bell, reading
from conversations.channels.wire.mastodon.api import Api, failure, name_and_host, said, unread
from conversations.channels.wire.mastodon.statuses import (
    OPEN,
    PUBLIC,
    handle_of,
    inbound_of,
    items_of,
)
from conversations.channels.wire.parts import uploaded
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    NotRead,
    Reading,
    gettext_noop,
)
from conversations.channels.wire.reading.line import Call
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.values import each, loaded, text, whole

_LONGEST = 500
_LARGEST = 8 * 1024 * 1024  # bytes of a picture; Mastodon takes twice that, others less
_A_NAME = 32  # "@" and the longest name that is typed before the answer, and a blank


class Mastodon:
    idempotent = False  # a key is kept for an hour, and not by every server that speaks this API
    every = timedelta(seconds=15)
    most_counted = 20
    card = Card(
        title="Mastodon",
        fields=(
            Field(
                "account",
                gettext_noop("Account"),
                gettext_noop("Its name and server, such as brand@mastodon.social."),
                secret=False,
                address=True,
                prefix="@",
            ),
            Field(
                "server",
                gettext_noop("Server"),
                gettext_noop("Only where it has another address than what stands behind the @."),
                secret=False,
                required=False,
            ),
            Field(
                "access_token",
                gettext_noop("Access token"),
                gettext_noop("Preferences, Development, your application."),
            ),
        ),
        steps=(
            gettext_noop(
                "On the account's server: Preferences, Development, New application, with the "
                "scopes read, write:statuses and write:media."
            ),
            gettext_noop("Copy its access token here. Nothing has to reach this house."),
        ),
        longest=_LONGEST - _A_NAME,
        per_minute=50,
        public=PUBLIC,
    )
    takes = Takes(
        most=4,
        largest=_LARGEST,
        together=2 * _LARGEST,
        types=dict.fromkeys(("image/jpeg", "image/png", "image/gif", "image/webp"), _LARGEST),
        public=True,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False

    def read(self, account: Account, cursor: Mapping[str, str]) -> Reading:
        try:
            _, host = name_and_host(account)
        except SendFailed as error:
            raise NotRead(str(error)) from error
        return reading.read(self._api(account), host, cursor)

    def bell(self, account: Account) -> Call:
        return bell.call_of(self._api(account))

    def rings(self, frame: str) -> bool:
        return bell.rings(frame)

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        name, host = name_and_host(account)
        return list(items_of(loaded(body), host=host, own=f"{name}@{host}"))

    def find(self, account: Account, address: str) -> Inbound | None:
        """The account's server fetches posts of other servers that it does not know yet."""
        _, host = name_and_host(account)
        query = {"q": address, "type": "statuses", "resolve": "true", "limit": "1"}
        try:
            answer = self._api(account).call("GET", "search", query=query, version="v2")
        except SendFailed as error:
            raise NotRead(str(error)) from error
        if not answer.is_success:
            raise unread(answer)
        for status in each(answer.data, "statuses"):
            theirs = address in {text(status, "uri"), text(status, "url")}
            if theirs and text(status, "id") and text(status, "visibility") in OPEN:
                return inbound_of(status, host=host)
        return None

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        below, visibility = self._place(account, message)
        named = f"@{message.to.handle}"
        begins = "" if named.lower() in message.text.lower() else f"{named} "
        body: dict[str, Any] = {"status": begins + message.text, "visibility": visibility}
        if below:
            body["in_reply_to_id"] = below
        if message.files:
            body["media_ids"] = uploaded(message.files, self._api(account).upload)
        return self._say(account, body, key=message.id)

    def _place(self, account: Account, message: Outbound) -> tuple[str, str]:
        """(what it stands below, who may read it): never more people than read the question."""
        is_open = message.thread.startswith(PUBLIC)
        above = message.in_reply_to or message.thread.removeprefix(PUBLIC) * is_open
        if not above:
            return "", "unlisted" if is_open else "direct"
        answer = self._api(account).call("GET", f"statuses/{above}")
        if answer.status in {404, 410}:
            if is_open:
                raise SendFailed("the post that is answered is not there any more", permanent=True)
            return "", "direct"
        if not answer.is_success:
            raise failure(answer)
        told = text(answer.data, "visibility")
        return above, told if is_open and told in OPEN else "direct"

    def publishes(self, account: Account) -> str:
        return ""

    def publish(self, account: Account, post: Post) -> Sent:
        return self._say(account, {"status": post.text, "visibility": "public"}, key=post.id)

    def counts(self, account: Account, external_ids: Sequence[str]) -> Sequence[Counted]:
        found = reading.statuses_of(self._api(account), list(external_ids))
        return [
            Counted(external_id, metric, float(whole(status, name) or 0))
            for external_id, status in found.items()
            for name, metric in (("favourites_count", "likes"), ("reblogs_count", "reposts"))
        ]

    def _say(self, account: Account, body: Mapping[str, Any], *, key: str) -> Sent:
        answer = self._api(account).call("POST", "statuses", body=body, key=key)
        if not answer.is_success:
            raise failure(answer)
        return Sent(text(answer.data, "id"))

    def check(self, account: Account) -> Checked:
        name, host = name_and_host(account)
        api = self._api(account)
        try:
            answer = api.tried("accounts/verify_credentials")
        except NotRead as error:
            raise NotConnected(str(error), passing=True) from error
        if answer.status in {401, 403}:
            raise NotConnected(f"the server does not take the access token ({said(answer)})")
        if not answer.is_success:
            raise NotConnected(said(answer), passing=answer.status >= 429)
        theirs = handle_of(answer.data, host)
        if theirs.partition("@")[0] != name:
            raise NotConnected(f"the access token is of another account, {theirs}")
        return Checked(name=f"@{theirs}", remarks=self._remarks(api))

    def _remarks(self, api: Api) -> tuple[str, ...]:
        """Servers that tell which rights a token has (4.3 and later) are asked for them."""
        try:
            answer = api.tried("apps/verify_credentials")
        except NotRead:
            return ()
        scopes = answer.data.get("scopes")
        if not isinstance(scopes, list) or {"write", "write:statuses"} & set(map(str, scopes)):
            return ()
        return ("the access token may not write: answers will be refused",)

    def fetch(self, account: Account, remote: Remote) -> File:
        return calling.fetch_file(remote, remote.key, hosts=(), loopback=account.loopback)

    def _api(self, account: Account) -> Api:
        return Api(account, self._transport)
