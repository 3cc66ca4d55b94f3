"""Google's Business Profile API, version 4, as its reference has it: reviews of one location
(developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews, read 2026-11-30:
lists of fifty by `updateTime desc`, `PUT .../reply`, names without numbers of people)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import httpx

from conversations.channels.wire.google.adapter import GoogleReviews
from tests.conversations.channels.wire.worlds.world import Clock, Sent

ACCOUNT = "accounts/101"
PLACE = f"{ACCOUNT}/locations/202"


class GoogleWorld:
    kind = "google_reviews"
    values = {
        "location": PLACE,
        "client_id": "abc.apps.example",
        "client_secret": "client-secret-of-ours",
        "refresh_token": "refresh-token-of-ours",
    }
    secrets = ("client-secret-of-ours", "refresh-token-of-ours", "ya29.")
    kept = frozenset({"edits", "deletes"})

    def __init__(self) -> None:
        self.clock = Clock()
        self.reviews: dict[str, dict[str, Any]] = {}
        self.sent: list[Sent] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.trouble: httpx.Response | Exception | None = None
        self.tokens = 0
        self.forgetful: set[str] = set()  # left out of lists, though they are there
        self.state = ""

    def adapter(self) -> GoogleReviews:
        return GoogleReviews(httpx.MockTransport(self.handle))

    @property
    def handle_of_bob(self) -> str:
        """Of the last one who wrote: nobody has a number there."""
        return f"review:{list(self.reviews)[-1]}"

    # --- what people do there ---

    def say(
        self, text: str, *, few: bool = False, below: str = "", ago: float = 0, stars: str = "TWO"
    ) -> str:
        if below:  # nobody answers an answer there: they change what they wrote
            id_ = below.removeprefix("reply:").partition("@")[0]
            self.edit(f"review:{id_}", text)
            return f"review:{id_}@{self.reviews[id_]['updateTime']}"
        id_ = f"AbFvOq{next(self.clock.numbers)}"
        at = "2020-01-01T00:00:00Z" if ago else self._now()
        self.reviews[id_] = {
            "name": f"{PLACE}/reviews/{id_}",
            "reviewId": id_,
            "reviewer": {"displayName": "Bob B.", "profilePhotoUrl": "https://lh3.example/x"},
            "starRating": stars,
            "comment": text,
            "createTime": at,
            "updateTime": at,
        }
        return f"review:{id_}"

    def _now(self) -> str:
        return self.clock.tick().isoformat().replace("+00:00", "Z")

    def edit(self, external_id: str, text: str) -> None:
        review = self.reviews[external_id.removeprefix("review:").partition("@")[0]]
        review |= {"comment": text, "updateTime": self._now()}

    def take_back(self, external_id: str) -> None:
        del self.reviews[external_id.removeprefix("review:")]

    def answer_there(self, text: str, *, below: str) -> str:
        id_ = below.removeprefix("review:").partition("@")[0]
        return self._answer(id_, text)

    def _answer(self, id_: str, text: str) -> str:
        reply = {"comment": text, "updateTime": self._now()}
        if self.state:
            reply["reviewReplyState"] = self.state
        self.reviews[id_]["reviewReply"] = reply
        return f"reply:{id_}@{reply['updateTime']}"

    def say_rubbish(self) -> None:
        at = self._now()
        deep: Any = "x"
        for _ in range(60):
            deep = [deep]
        self.reviews["rub\0bish"] = {"reviewId": "rub\0bish", "comment": deep, "updateTime": at}

    # --- what Google answers ---

    def handle(self, request: httpx.Request) -> httpx.Response:
        body = request.content.decode()
        self.asked.append((request.method, request.url.path, body))
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        if request.url.host == "oauth2.googleapis.com":
            return self._token(parse_qs(body))
        if request.headers["authorization"] != f"Bearer ya29.{self.tokens}":
            return error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if request.url.host != "mybusiness.googleapis.com":
            return self._around(request)
        place, _, name = request.url.path.removeprefix("/v4/").partition("/reviews")
        if place != PLACE:
            return error(404, "NOT_FOUND", "Requested entity was not found.")
        if not name:
            return self._list(parse_qs(request.url.query.decode()))
        return self._one(request, name.strip("/"))

    def _around(self, request: httpx.Request) -> httpx.Response:
        """The APIs that tell which accounts and locations there are."""
        names = {
            ("mybusinessaccountmanagement", "/v1/accounts"): {"accounts": [{"name": ACCOUNT}]},
            ("mybusinessbusinessinformation", f"/v1/{ACCOUNT}/locations"): {
                "locations": [{"name": "locations/202", "title": "Bivouac, Lyon"}]
            },
            ("mybusinessbusinessinformation", "/v1/locations/202"): {"title": "Bivouac, Lyon"},
        }
        return httpx.Response(200, json=names[request.url.host.split(".")[0], request.url.path])

    def _token(self, form: dict[str, list[str]]) -> httpx.Response:
        assert form["grant_type"] == ["refresh_token"]
        if form["refresh_token"] != [self.values["refresh_token"]]:
            told = {"error": "invalid_grant", "error_description": "Token has been revoked."}
            return httpx.Response(400, json=told)
        self.tokens += 1
        told = {"access_token": f"ya29.{self.tokens}", "expires_in": 3599, "token_type": "Bearer"}
        told["scope"] = "https://www.googleapis.com/auth/business.manage"
        return httpx.Response(200, json=told)

    def _list(self, query: dict[str, list[str]]) -> httpx.Response:
        size = int(query["pageSize"][0])
        assert size <= 50
        first = int(query.get("pageToken", ["0"])[0])
        rows = [each for id_, each in self.reviews.items() if id_ not in self.forgetful]
        rows.sort(key=lambda each: str(each["updateTime"]), reverse=True)
        page = rows[first : first + size]
        told: dict[str, Any] = {"reviews": page, "totalReviewCount": len(rows)} if page else {}
        if first + size < len(rows):
            told["nextPageToken"] = str(first + size)
        return httpx.Response(200, json=told)

    def _one(self, request: httpx.Request, name: str) -> httpx.Response:
        id_, _, part = name.partition("/")
        if id_ not in self.reviews:
            return error(404, "NOT_FOUND", "Requested entity was not found.")
        if request.method == "GET":
            return httpx.Response(200, json=self.reviews[id_])
        assert (request.method, part) == ("PUT", "reply")
        words = json.loads(request.content)["comment"]
        assert len(words.encode()) <= 4_096
        known_as = self._answer(id_, words)
        self.sent.append(Sent(known_as, words, f"review:{id_}", "everybody"))
        return httpx.Response(200, json=self.reviews[id_]["reviewReply"])


def error(status: int, code: str, message: str, **details: Any) -> httpx.Response:
    """As AIP-193 has it: `details` hold an ErrorInfo with its metadata."""
    told: dict[str, Any] = {"code": status, "message": message, "status": code}
    if details:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        told["details"] = [{"@type": kind, "reason": "X", "metadata": details}]
    return httpx.Response(status, json={"error": told})
