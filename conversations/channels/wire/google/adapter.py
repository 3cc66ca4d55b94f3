"""Google Business Profile: reviews of one location, and the answer below each
(developers.google.com/my-business, version 4, which still is the one that has reviews).

Google keeps one answer a review: a second one takes the place of the first. So nothing is put
there that would take the place of what nobody has read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

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
from conversations.channels.wire.google import reading
from conversations.channels.wire.google.api import (
    ACCOUNTS,
    PLACES,
    REVIEWS,
    Api,
    failure,
    is_closed,
    is_refused,
    said,
)
from conversations.channels.wire.google.reviews import REVIEW, items_of, reply_id
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    NotFetched,
    Reading,
    gettext_noop,
)
from conversations.channels.wire.values import each, inside, loaded, text

LONGEST = 4_096  # bytes
NAMED = 4  # locations that a refusal names
_ACCOUNT = re.compile(r"accounts/\d{1,30}")
_PLACE = re.compile(r"accounts/\d{1,30}/locations/\d{1,30}")
_ID = re.compile(r"[A-Za-z0-9_=-]{1,300}")


class GoogleReviews:
    idempotent = True  # the same answer put there twice is one answer
    every = timedelta(minutes=5)
    card = Card(
        title="Google reviews",
        fields=(
            Field(
                "location",
                gettext_noop("Location"),
                gettext_noop("As Google’s API names it: accounts/NUMBER/locations/NUMBER."),
                secret=False,
                address=True,
            ),
            Field(
                "client_id",
                gettext_noop("OAuth 2: client id"),
                gettext_noop("Of the project that Google has let into the Business Profile API."),
                secret=False,
            ),
            Field(
                "client_secret",
                gettext_noop("OAuth 2: client secret"),
                gettext_noop("Of the same client."),
            ),
            Field(
                "refresh_token",
                gettext_noop("OAuth 2: refresh token"),
                gettext_noop(
                    "Given by an owner or manager of the profile, with the right business.manage. "
                    "While the project is in testing, Google ends it after seven days."
                ),
            ),
        ),
        steps=(
            gettext_noop(
                "Ask Google for access to the Business Profile API for a project of yours, and "
                "switch on the Google My Business API there: until then its quota is 0."
            ),
            gettext_noop(
                "Make an OAuth client there, sign in with it as a manager of the profile, for the "
                "scope https://www.googleapis.com/auth/business.manage with offline access, and "
                "copy the refresh token here."
            ),
            gettext_noop("Google shows one answer a review: a second one replaces the first."),
        ),
        longest=LONGEST,
        per_minute=10,
        public=REVIEW,
        replaces=True,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False

    def read(self, account: Account, cursor: Mapping[str, str]) -> Reading:
        return reading.read(Api(account, self._transport), account.address, cursor)

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        return list(items_of(loaded(body)))

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def weigh(self, thread: str, text: str) -> tuple[int, int]:
        return len(text.encode()), LONGEST

    def send(self, account: Account, message: Outbound) -> Sent:
        """In place of the answer that is there, if that one is known here."""
        id_ = message.thread.removeprefix(REVIEW)
        if not message.thread.startswith(REVIEW) or not _ID.fullmatch(id_):
            raise SendFailed("this conversation names no review", permanent=True)
        api, url = Api(account, self._transport), f"{REVIEWS}/{account.address}/reviews/{id_}"
        there = api.call("GET", url)
        if not there.is_success:
            raise _gone() if there.status == 404 else failure(there)
        reply = inside(there.data, "reviewReply")
        at = text(reply, "updateTime")
        if at and text(reply, "comment") == message.text:
            return Sent(reply_id(id_, at))  # an earlier try arrived
        if at and reply_id(id_, at) not in message.references:
            raise SendFailed(
                "somebody answered this review in Google meanwhile, and this answer would replace "
                "theirs: read theirs first, then write yours anew",
                permanent=True,
            )
        answer = api.call("PUT", f"{url}/reply", body={"comment": message.text})
        if not answer.is_success:
            raise _gone() if answer.status == 404 else failure(answer)
        at = text(answer.data, "updateTime")
        return Sent(reply_id(id_, at) if at else "")

    def check(self, account: Account) -> Checked:
        """Buys a token anew, reads one review, and asks what the location is called."""
        api = Api(account, self._transport)
        try:
            tokens = api.renew()
            if not _PLACE.fullmatch(account.address):
                form = "the location is written accounts/NUMBER/locations/NUMBER"
                raise NotConnected(form + _managed(api))
            url = f"{REVIEWS}/{account.address}/reviews"
            answer = api.call("GET", url, query={"pageSize": "1"})
        except SendFailed as error:
            refused = error.permanent or error.trouble is Trouble.ACCESS
            raise NotConnected(str(error), passing=not refused) from error
        if answer.status == 404:
            raise NotConnected("this account manages no such location" + _managed(api))
        if not answer.is_success:
            sure = is_refused(answer) or is_closed(answer) or answer.status == 400
            raise NotConnected(said(answer), passing=not sure)
        ends_at = tokens.get("refresh_ends_at", "")
        end = datetime.fromtimestamp(float(ends_at), UTC) if ends_at else None
        return Checked(_title(api, account.address), expires_at=end)

    def fetch(self, account: Account, remote: Remote) -> File:
        raise NotFetched("Google passes on no files of reviews", permanent=True)


def _gone() -> SendFailed:
    return SendFailed("the review is not there any more", permanent=True)


def _title(api: Api, place: str) -> str:
    """ "" where another of Google's APIs, which tells it, is not switched on."""
    try:
        url = f"{PLACES}/locations/{place.rpartition('/')[2]}"
        answer = api.call("GET", url, query={"readMask": "title"})
    except SendFailed:
        return ""
    return text(answer.data, "title") if answer.is_success else ""


def _managed(api: Api) -> str:
    """Some of what there is instead, for whoever must find the numbers; "" where it is not told."""
    found: list[str] = []
    for account in _listed(api, f"{ACCOUNTS}/accounts", "accounts", {"pageSize": "20"})[:3]:
        name = text(account, "name")
        if len(found) >= NAMED or not _ACCOUNT.fullmatch(name):
            continue
        query = {"readMask": "name,title", "pageSize": str(NAMED)}
        places = _listed(api, f"{PLACES}/{name}/locations", "locations", query)
        found += [f"{name}/{text(one, 'name')} ({text(one, 'title')[:60]})" for one in places]
    return "; it manages " + ", ".join(found[:NAMED]) if found else ""


def _listed(api: Api, url: str, name: str, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
    try:
        answer = api.call("GET", url, query=query)
    except SendFailed:
        return []
    return list(each(answer.data, name)) if answer.is_success else []
