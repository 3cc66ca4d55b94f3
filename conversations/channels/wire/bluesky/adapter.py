"""Bluesky: an account that is read and answers by its own server (docs.bsky.app).

A post is known by its address, a person by the DID, which no change of the handle moves. A post of
ours has a name that is made of our own id of it, so that sending it twice is one post.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.bluesky import reading
from conversations.channels.wire.bluesky.api import CHAT, Api, failure, is_refused, said
from conversations.channels.wire.bluesky.names import named
from conversations.channels.wire.bluesky.posts import CHAT as CHATS
from conversations.channels.wire.bluesky.posts import PUBLIC, items_of
from conversations.channels.wire.bluesky.richtext import facets_of
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
    Trouble,
)
from conversations.channels.wire.parts import uploaded
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
from conversations.channels.wire.values import each, inside, loaded, text, whole

DIRECTORY = "https://plc.directory"
POSTS = "app.bsky.feed.post"
_LARGEST = 1_000_000  # bytes of a picture
_DID = re.compile(r"did:(plc:[a-z2-7]{24}|web:[a-z0-9.-]{1,250})")


class Bluesky:
    idempotent = False  # posts are; chats are not
    every = timedelta(seconds=20)
    most_counted = 25
    card = Card(
        title="Bluesky",
        fields=(
            Field(
                "account",
                gettext_noop("Account"),
                gettext_noop("Its handle, such as brand.bsky.social."),
                secret=False,
                address=True,
                prefix="@",
            ),
            Field(
                "app_password",
                gettext_noop("App password"),
                gettext_noop("Not the account’s own password. With access to direct messages."),
            ),
            Field(
                "server",
                gettext_noop("Server"),
                gettext_noop("Only where the account lives on a server of its own."),
                secret=False,
                required=False,
            ),
        ),
        steps=(
            gettext_noop("In Bluesky: Settings, Privacy and security, App passwords, Add."),
            gettext_noop("Tick “Allow access to your direct messages” and copy the password here."),
        ),
        longest=300,
        per_minute=60,
        public=PUBLIC,
    )
    takes = Takes(
        most=4,
        largest=_LARGEST,
        together=4 * _LARGEST,
        types=dict.fromkeys(("image/jpeg", "image/png", "image/webp"), _LARGEST),
        public=True,
        private=False,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False

    def read(self, account: Account, cursor: Mapping[str, str]) -> Reading:
        return reading.read(self._api(account), cursor)

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        return list(items_of(loaded(body)))

    def find(self, account: Account, address: str) -> Inbound | None:
        query = {"uris": [address]}
        answer = self._api(account).asked("app.bsky.feed.getPosts", query, names="posts")
        for post in each(answer, "posts"):
            said = next(items_of({"kind": "post", "post": post}))
            if isinstance(said, Inbound) and said.external_id == address:
                return said
        return None

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        api = self._api(account)
        if message.thread.startswith(CHATS):
            return _chat(api, message)
        above = message.in_reply_to or message.thread
        if not above.startswith(PUBLIC):
            raise SendFailed("this conversation names no post of Bluesky", permanent=True)
        more: dict[str, Any] = {"reply": _strands(api, above)}
        if message.files:
            more["embed"] = _pictures(api, message.files)
        return _put(api, message.id, message.text, more)

    def publishes(self, account: Account) -> str:
        return ""

    def publish(self, account: Account, post: Post) -> Sent:
        return _put(self._api(account), post.id, post.text, {})

    def counts(self, account: Account, external_ids: Sequence[str]) -> Sequence[Counted]:
        query = {"uris": list(external_ids)}
        answer = self._api(account).asked("app.bsky.feed.getPosts", query, names="posts")
        return [
            Counted(text(post, "uri"), metric, float(whole(post, name) or 0))
            for post in each(answer, "posts")
            for name, metric in (("likeCount", "likes"), ("repostCount", "reposts"))
        ]

    def check(self, account: Account) -> Checked:
        api = self._api(account)
        try:
            answer = api.get("com.atproto.server.getSession")
        except SendFailed as error:
            refused = error.trouble is Trouble.ACCESS
            passing = not (refused or error.permanent)
            raise NotConnected(str(error), passing=passing) from error
        if not answer.is_success:
            raise NotConnected(said(answer), passing=not is_refused(answer))
        handle, wanted = text(answer.data, "handle"), account.address.removeprefix("@").lower()
        if wanted not in {handle.lower(), text(answer.data, "did").lower()}:
            raise NotConnected(f"the app password is of another account, {handle}")
        return Checked(name=f"@{handle}", remarks=_remarks(api))

    def fetch(self, account: Account, remote: Remote) -> File:
        who, _, cid = remote.key.partition(" ")
        query = urlencode({"did": who, "cid": cid})
        url = f"{self._home(who)}/xrpc/com.atproto.sync.getBlob?{query}"
        return calling.fetch_file(remote, url, hosts=(), loopback=account.loopback)

    def _home(self, who: str) -> str:
        """The server that keeps somebody's files. Raises NotFetched."""
        found = _DID.fullmatch(who)
        if not found:
            raise NotFetched("nobody is named so", permanent=True)
        sort, _, name = found[1].partition(":")
        url = f"{DIRECTORY}/{who}" if sort == "plc" else f"https://{name}/.well-known/did.json"
        try:
            answer = calling.call(
                "GET", url, transport=self._transport, given=calling.Given(seconds=10.0)
            )
        except SendFailed as error:
            raise NotFetched(str(error)) from error
        if not answer.is_success:
            gone = answer.status in {404, 410}
            raise NotFetched(f"HTTP {answer.status} of the directory", permanent=gone)
        for service in each(answer.data, "service"):
            home = text(service, "serviceEndpoint")
            if text(service, "id").endswith("#atproto_pds") and home.startswith("https://"):
                return home.rstrip("/")
        raise NotFetched("nobody says where it is kept", permanent=True)

    def _api(self, account: Account) -> Api:
        return Api(account, self._transport)


def _remarks(api: Api) -> tuple[str, ...]:
    try:
        answer = api.get("chat.bsky.convo.listConvos", {"limit": "1"}, headers=CHAT)
    except SendFailed:
        return ()
    if 400 <= answer.status < 500 and answer.status != 429:
        return ("this app password opens no direct messages",)
    return ()


def _chat(api: Api, message: Outbound) -> Sent:
    place = message.thread.removeprefix(CHATS)
    said_there = {"convoId": place, "message": {"text": message.text}}
    answer = api.post("chat.bsky.convo.sendMessage", said_there, headers=CHAT)
    if not answer.is_success:
        raise failure(answer)
    return Sent(f"{place}/{text(answer.data, 'id')}")


def _strands(api: Api, above: str) -> dict[str, Any]:
    """The first post of the thread and the one that is answered, each by address and content."""
    answer = api.get("app.bsky.feed.getPosts", {"uris": [above]})
    if not answer.is_success:
        raise failure(answer)
    post = next(each(answer.data, "posts"), None)
    if post is None:
        raise SendFailed("the post that is answered is not there any more", permanent=True)
    parent = {"uri": text(post, "uri"), "cid": text(post, "cid")}
    root = inside(post, "record", "reply", "root")
    known = {"uri": text(root, "uri"), "cid": text(root, "cid")}
    return {"root": known if known["uri"] else parent, "parent": parent}


def _pictures(api: Api, files: Sequence[File]) -> dict[str, Any]:
    """The file's name tells who can't see it what it is."""
    blobs = uploaded(files, api.upload)
    images = [
        {"alt": file.name, "image": dict(blob)} for file, blob in zip(files, blobs, strict=True)
    ]
    return {"$type": "app.bsky.embed.images", "images": images}


def _put(api: Api, ours: str, words: str, more: Mapping[str, Any]) -> Sent:
    at, name = named(ours)
    record: dict[str, Any] = {
        "$type": POSTS,
        "text": words,
        "createdAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **more,
    }
    if facets := facets_of(words, lambda handle: _resolved(api, handle)):
        record["facets"] = facets
    body = {"repo": api.did(), "collection": POSTS, "rkey": name, "record": record}
    answer = api.post("com.atproto.repo.putRecord", body)
    if not answer.is_success:
        raise failure(answer)
    return Sent(text(answer.data, "uri"))


def _resolved(api: Api, handle: str) -> str:
    """Who is called so, "" for nobody: the name then stays plain text."""
    try:
        answer = api.get("com.atproto.identity.resolveHandle", {"handle": handle})
    except SendFailed:
        return ""
    return text(answer.data, "did") if answer.is_success else ""
