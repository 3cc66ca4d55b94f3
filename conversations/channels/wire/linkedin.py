"""LinkedIn: comments below what an organisation posted (Community Management API).

There are no direct messages for programs, and no names of members without a further right; both
are said where a person looks for them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from conversations.channels.wire import calling, signatures
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    File,
    Ignored,
    Inbound,
    Item,
    Mentioned,
    Outbound,
    Party,
    Remote,
    SendFailed,
    Sent,
    Trouble,
)
from conversations.channels.wire.provider import (
    Ask,
    Card,
    Checked,
    Field,
    NotConnected,
    NotFetched,
    Reply,
    gettext_noop,
)
from conversations.channels.wire.values import digest_of, each, inside, loaded, moment, text

API = "https://api.linkedin.com/rest"
VERSION = "202511"
POST = "post:"
KIND = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"
_VERSION = re.compile(r"20\d{4}")
_COMMENT = re.compile(r"urn:li:comment:\((?:urn:li:)?([a-zA-Z]+:\d{1,30}),(\d{1,30})\)")
_SOURCE = re.compile(r"urn:li:(activity|share|ugcPost):\d{1,30}")


class LinkedIn:
    idempotent = False
    accepted = 200
    card = Card(
        title="LinkedIn",
        fields=(
            Field(
                "organization_id",
                gettext_noop("Organisation id"),
                gettext_noop("The number in the address of the page’s administration."),
                secret=False,
                address=True,
            ),
            Field(
                "client_secret",
                gettext_noop("Client secret"),
                gettext_noop("Of the app, Auth; LinkedIn signs each delivery with it."),
            ),
            Field(
                "access_token",
                gettext_noop("Access token"),
                gettext_noop(
                    "Of an administrator of the page, with r_organization_social and "
                    "w_organization_social. It ends after 60 days."
                ),
            ),
        ),
        steps=(
            gettext_noop(
                "Ask LinkedIn for the Community Management API for an app of your organisation."
            ),
            gettext_noop(
                "Webhooks: enter the address of the door and subscribe to organization social "
                "actions."
            ),
            gettext_noop(
                "LinkedIn passes on comments only: direct messages are answered in LinkedIn. The "
                "subscription ends when the administrator leaves the page."
            ),
        ),
        longest=1_250,
        per_minute=30,
        public=POST,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return signatures.linkedin(account.credentials.get("client_secret", ""), headers, body)

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        """The check that LinkedIn repeats every two hours."""
        code = ask.query.get("challengeCode", "")
        secret = account.credentials.get("client_secret", "")
        if ask.method != "GET" or not code or not secret:
            return None
        answer = hmac.new(secret.encode(), code[:200].encode(), hashlib.sha256).hexdigest()
        said = {"challengeCode": code[:200], "challengeResponse": answer}
        return Reply(200, json.dumps(said), "application/json")

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        return ""  # up to ten notices in one, grouped anew at a repeat

    def recipients(self, body: bytes) -> frozenset[str]:
        found = {_organisation(one) for one in each(loaded(body), "notifications")}
        return frozenset(found - {""})

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        said = loaded(body)
        if text(said, "type") != KIND:
            return [Ignored(f"{text(said, 'type')[:60]}: of no use here")]
        items: list[Item] = []
        for one in each(said, "notifications"):
            mine = _organisation(one) == account.address
            items += _notice(one, account.address) if mine else [Ignored("for another page")]
        return items or [Ignored("nothing in it")]

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        """Below what they wrote, where everybody reads it, in the organisation's name."""
        source = message.thread.removeprefix(POST)
        if not _SOURCE.fullmatch(source):
            raise SendFailed("nothing of theirs is left to answer", permanent=True)
        above = message.in_reply_to
        body: dict[str, Any] = {
            "actor": f"urn:li:organization:{account.address}",
            "object": source,
            "message": {"text": message.text},
        }
        if _COMMENT.fullmatch(above):
            body["parentComment"] = above
        target = quote(above if "parentComment" in body else source, safe="")
        url = f"{API}/socialActions/{target}/comments"
        answer = calling.call(
            "POST", url, headers=_headers(account), body=body, transport=self._transport
        )
        if not answer.is_success:
            raise _failure(answer)
        urn, id_ = text(answer.data, "commentUrn"), text(answer.data, "id")
        id_ = id_ or answer.headers.get("x-restli-id", "")
        return Sent(_plain(urn) or (f"urn:li:comment:({source},{id_})" if id_ else ""))

    def check(self, account: Account) -> Checked:
        if not account.address.isdigit():
            raise NotConnected("the organisation id is a number")
        try:
            url = f"{API}/organizations/{account.address}"
            answer = calling.asked("GET", url, headers=_headers(account), transport=self._transport)
        except SendFailed as error:
            raise NotConnected(str(error)) from error
        if answer.status in {401, 403, 404}:
            raise NotConnected(f"LinkedIn refuses: {_said(answer)}"[:300])
        if not answer.is_success:
            raise NotConnected(f"LinkedIn: {_said(answer)}"[:300], passing=True)
        return Checked(name=text(answer.data, "localizedName"))

    def hook(self, account: Account) -> None:
        """LinkedIn takes the address of a door on the app's own pages."""

    def fetch(self, account: Account, remote: Remote) -> File:
        raise NotFetched("LinkedIn passes on no files of comments", permanent=True)


def _headers(account: Account) -> dict[str, str]:
    version = account.options.get("linkedin_version", VERSION)
    return {
        "authorization": f"Bearer {account.credentials.get('access_token', '')}",
        "linkedin-version": version if _VERSION.fullmatch(version) else VERSION,
        "x-restli-protocol-version": "2.0.0",
    }


def _said(answer: calling.Answer) -> str:
    return text(answer.data, "message") or f"HTTP {answer.status}"


def _failure(answer: calling.Answer) -> SendFailed:
    said = f"LinkedIn: {_said(answer)}"[:300]
    if answer.status in {401, 403}:
        return calling.refusal(answer, said, trouble=Trouble.ACCESS)
    return calling.refusal(answer, said)


# --- reading ---


def _organisation(one: Mapping[str, Any]) -> str:
    return text(one, "organizationalEntity").rpartition(":")[2]


def _plain(urn: str) -> str:
    """A comment as one name: LinkedIn writes the urn inside it with and without its beginning."""
    found = _COMMENT.fullmatch(urn)
    return f"urn:li:comment:(urn:li:{found[1]},{found[2]})" if found else ""


def _notice(one: Mapping[str, Any], organisation: str) -> Iterator[Item]:
    action, at = text(one, "action"), moment(text(one, "lastModifiedAt"), milliseconds=True)
    comment = inside(one, "decoratedGeneratedActivity", "comment")
    id_ = _plain(text(comment, "entity")) or _plain(text(one, "generatedActivity"))
    words = text(comment, "text") or text(inside(comment, "message"), "text")
    if action == "COMMENT_DELETE" and id_:
        yield Deleted(id_, at=at)
    elif action == "COMMENT_EDIT" and id_:
        yield Edited(id_, text=words, body_digest=digest_of(words), at=at)
    elif action in {"COMMENT", "ADMIN_COMMENT"} and id_:
        yield _comment(one, comment, id_, words, own=f"urn:li:organization:{organisation}")
    elif action == "SHARE_MENTION":
        yield _mention(one)
    else:
        yield Ignored(f"{action[:30]}: of no use here")


def _comment(
    one: Mapping[str, Any], comment: Mapping[str, Any], id_: str, words: str, *, own: str
) -> Item:
    author, at = text(comment, "owner"), moment(text(one, "lastModifiedAt"), milliseconds=True)
    thread = f"{POST}{text(one, 'sourcePost')}"
    above = _plain(text(comment, "parentComment"))
    if text(one, "action") == "ADMIN_COMMENT" or author == own:
        below = above or text(comment, "parentComment")
        return Echoed(external_id=id_, text=words, thread=thread, sent_at=at, below=below)
    if not author:  # LinkedIn does not say who: nobody is made up
        return Mentioned(external_id=id_, text=words, thread=thread, stated_at=at)
    return Inbound(
        external_id=id_,
        sender=Party(author),
        text=words,
        body_digest=digest_of(words),
        thread=thread,
        sent_at=at,
        references=(above,) if above else (),
    )


def _mention(one: Mapping[str, Any]) -> Item:
    share = inside(one, "decoratedGeneratedActivity", "share")
    id_ = text(share, "entity") or text(one, "generatedActivity")
    if not id_:
        return Ignored("a mention without a place")
    return Mentioned(
        external_id=id_,
        text=text(share, "text"),
        url=f"https://www.linkedin.com/feed/update/{quote(id_, safe=':')}",
        handle=text(share, "owner"),
        stated_at=moment(text(one, "lastModifiedAt"), milliseconds=True),
    )
