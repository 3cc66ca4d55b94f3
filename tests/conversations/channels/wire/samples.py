"""What the contract's tests know of each network: how it signs, what it posts, what it answers.

A new channel brings a `Sample` here and a file of payloads beside; everything else is the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from conversations.channels.wire.account import Account
from conversations.channels.wire.telegram.adapter import secret_token

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"
DOOR = "https://relais.example/hooks/kind/token/"
Headers = dict[str, str]


@dataclass
class Sample:
    """sign: the headers of a genuine delivery. bound: the signature covers the body. stamped: it
    covers a time. taken: what the API answers to a message, and the id that stands in it. refused:
    (status, answer, headers, what is said of it). thread: of a conversation to answer in."""

    kind: str
    address: str
    credentials: dict[str, str]
    sign: Callable[[Account, bytes], Headers]
    taken: Any
    taken_id: str
    refused: list[tuple[int, Any, Headers, dict[str, Any]]]
    known: dict[str, Any]
    unknown: tuple[int, Any]
    thread: str = ""
    handle: str = "16505551234"
    bound: bool = True
    stamped: bool = False
    stale: Callable[[Account, bytes], Headers] | None = None
    payloads: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.payloads:
            self.payloads = json.loads((PAYLOADS / f"{self.kind}.json").read_text("utf-8"))

    def account(self, door: str = DOOR) -> Account:
        return Account(
            address=self.address,
            secret="whsec_c2VjcmV0",
            credentials=self.credentials,
            door=door,
        )


def body_of(payload: dict[str, Any]) -> bytes:
    if "query" in payload:
        return str(payload["query"]).encode()
    if "form" in payload:
        return urlencode(payload["form"]).encode()
    return json.dumps(payload["body"]).encode()  # \u escapes, as Meta writes them


def sample_of(kind: str) -> Sample:
    return next(each for each in SAMPLES if each.kind == kind)


def _telegram(account: Account, body: bytes) -> Headers:
    return {"x-telegram-bot-api-secret-token": secret_token(account)}


def _slack_at(account: Account, body: bytes, *, at: int) -> Headers:
    signed = f"v0:{at}:".encode() + body
    key = account.credentials["signing_secret"].encode()
    digest = hmac.new(key, signed, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": str(at), "x-slack-signature": f"v0={digest}"}


def _slack(account: Account, body: bytes) -> Headers:
    return _slack_at(account, body, at=int(time.time()))


def _slack_stale(account: Account, body: bytes) -> Headers:
    return _slack_at(account, body, at=int(time.time()) - 302)


def _meta(account: Account, body: bytes) -> Headers:
    digest = hmac.new(account.credentials["app_secret"].encode(), body, hashlib.sha256)
    return {"x-hub-signature-256": f"sha256={digest.hexdigest()}"}


def _twilio(account: Account, body: bytes) -> Headers:
    pairs = sorted(set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
    names = sorted({name for name, _ in pairs})
    fields = "".join(n + "".join(v for name, v in pairs if name == n) for n in names)
    signed = (account.door + fields).encode()
    mac = hmac.new(account.credentials["auth_token"].encode(), signed, hashlib.sha1)
    return {
        "x-twilio-signature": base64.b64encode(mac.digest()).decode(),
        "content-type": "application/x-www-form-urlencoded",
    }


def _x(account: Account, body: bytes) -> Headers:
    mac = hmac.new(account.credentials["consumer_secret"].encode(), body, hashlib.sha256)
    return {"x-twitter-webhooks-signature": f"sha256={base64.b64encode(mac.digest()).decode()}"}


def _linkedin(account: Account, body: bytes) -> Headers:
    key = account.credentials["client_secret"].encode()
    digest = hmac.new(key, b"hmacsha256=" + body, hashlib.sha256).hexdigest()
    return {"x-li-signature": digest}


def _kannel(account: Account, body: bytes) -> Headers:
    pair = f"relais:{account.credentials['word']}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _graph_error(code: int, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "(#1) said so", "type": "OAuthException", "code": code, **more}}


_META_SECRETS = {
    "access_token": "EAAJB",
    "app_secret": "fb_app_secret",
    "verify_token": "a word of ours",
}
_META_REFUSED: list[tuple[int, Any, Headers, dict[str, Any]]] = [
    (429, {}, {"retry-after": "9"}, {"trouble": "limited", "retry_after": 9.0}),
    (400, _graph_error(613), {}, {"trouble": "limited", "permanent": False}),
    (400, _graph_error(10, error_subcode=2018278), {}, {"trouble": "window", "permanent": True}),
    (400, _graph_error(10), {}, {"trouble": "access", "permanent": True}),
    (400, _graph_error(551), {}, {"trouble": "blocked", "permanent": True}),
    (400, _graph_error(190), {}, {"trouble": "access", "permanent": True}),
    (400, _graph_error(100), {}, {"trouble": "permanent", "permanent": True}),
    (500, _graph_error(2), {}, {"trouble": "passing", "permanent": False}),
    (503, {}, {}, {"trouble": "passing", "permanent": False}),
]

SAMPLES = [
    Sample(
        kind="facebook",
        address="106540352242922",
        credentials=_META_SECRETS,
        sign=_meta,
        handle="5489",
        taken={"recipient_id": "5489", "message_id": "m_NEW"},
        taken_id="m_NEW",
        refused=_META_REFUSED,
        known={
            "subscribed_apps": {"success": True, "data": [{"id": "1", "name": "Relais"}]},
            "106540352242922": {"name": "Brand", "id": "106540352242922"},
        },
        unknown=(401, _graph_error(190)),
    ),
    Sample(
        kind="instagram",
        address="17841405822304914",
        credentials=_META_SECRETS,
        sign=_meta,
        handle="5489",
        taken={"recipient_id": "5489", "message_id": "aWdfNEW"},
        taken_id="aWdfNEW",
        refused=_META_REFUSED,
        known={
            "subscribed_apps": {"success": True},
            "me": {"user_id": "17841405822304914", "username": "brand"},
        },
        unknown=(401, _graph_error(190)),
    ),
    Sample(
        kind="linkedin",
        address="96072893",
        credentials={"client_secret": "client-secret", "access_token": "AQVJtoken"},
        sign=_linkedin,
        handle="urn:li:person:V9W_L_bioc",
        thread="post:urn:li:activity:7094637247890620418",
        taken={"id": "77", "commentUrn": "urn:li:comment:(activity:7094637247890620418,77)"},
        taken_id="urn:li:comment:(urn:li:activity:7094637247890620418,77)",
        refused=[
            (
                429,
                {"status": 429, "message": "Resource level throttle DAY limit reached"},
                {},
                {"trouble": "limited", "permanent": False},
            ),
            (
                401,
                {"status": 401, "message": "The token used in the request has expired"},
                {},
                {"trouble": "access", "permanent": True},
            ),
            (
                403,
                {"status": 403, "message": "Not enough permissions to access"},
                {},
                {"trouble": "access", "permanent": True},
            ),
            (
                400,
                {"status": 400, "message": "Comment create failed"},
                {},
                {"trouble": "permanent", "permanent": True},
            ),
            (500, {}, {}, {"trouble": "passing", "permanent": False}),
        ],
        known={"organizations/96072893": {"localizedName": "Brand"}},
        unknown=(401, {"status": 401, "message": "Invalid access token"}),
    ),
    Sample(
        kind="x",
        address="2244994945",
        credentials={
            "consumer_key": "key of the app",
            "consumer_secret": "consumer-secret",
            "access_token": "2244994945-token",
            "access_token_secret": "secret of the token",
        },
        sign=_x,
        handle="42",
        taken={"data": {"dm_conversation_id": "42-2244994945", "dm_event_id": "1005"}},
        taken_id="1005",
        refused=[
            (
                429,
                {"title": "Too Many Requests", "detail": "Too Many Requests"},
                {"x-rate-limit-reset": "1"},
                {"trouble": "limited", "retry_after": 1.0, "permanent": False},
            ),
            (
                403,
                {"detail": "You cannot send messages to this user."},
                {},
                {"trouble": "blocked", "permanent": True},
            ),
            (
                403,
                {"detail": "You are not allowed to create a Tweet with duplicate content."},
                {},
                {"trouble": "permanent", "permanent": True},
            ),
            (401, {"title": "Unauthorized"}, {}, {"trouble": "access", "permanent": True}),
            (503, {}, {}, {"trouble": "passing", "permanent": False}),
        ],
        known={"users/me": {"data": {"id": "2244994945", "username": "brand"}}},
        unknown=(401, {"title": "Unauthorized"}),
    ),
    Sample(
        kind="telegram",
        address="",
        credentials={"bot_token": "123456:ABC-DEF_ghi"},
        sign=_telegram,
        bound=False,
        handle="1111111",
        thread="1111111",
        taken={"ok": True, "result": {"message_id": 901, "chat": {"id": 1111111}}},
        taken_id="1111111:901",
        refused=[
            (
                429,
                {
                    "ok": False,
                    "error_code": 429,
                    "description": "Too Many Requests: retry after 14",
                    "parameters": {"retry_after": 14},
                },
                {},
                {"trouble": "limited", "retry_after": 14.0, "permanent": False},
            ),
            (
                403,
                {"ok": False, "description": "Forbidden: bot was blocked by the user"},
                {},
                {"trouble": "blocked", "permanent": True},
            ),
            (
                400,
                {"ok": False, "description": "Bad Request: chat not found"},
                {},
                {"trouble": "permanent", "permanent": True},
            ),
            (
                401,
                {"ok": False, "description": "Unauthorized"},
                {},
                {"trouble": "access", "permanent": True},
            ),
            (502, {}, {}, {"trouble": "passing", "permanent": False}),
        ],
        known={
            "getMe": {"ok": True, "result": {"id": 5, "is_bot": True, "username": "shop_bot"}},
            "getWebhookInfo": {"ok": True, "result": {"url": DOOR, "pending_update_count": 0}},
            "setWebhook": {"ok": True, "result": True},
        },
        unknown=(401, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
    ),
    Sample(
        kind="slack",
        address="t1dc2jh3j",  # addresses are kept in small letters
        credentials={"bot_token": "xoxb-1", "signing_secret": "8f742231b10e8888abcd99yyyzzz85a5"},
        sign=_slack,
        stale=_slack_stale,
        stamped=True,
        handle="U2147483697",
        thread="C2147483705:1700000000.000100",
        taken={"ok": True, "channel": "C2147483705", "ts": "1700000099.000900"},
        taken_id="C2147483705:1700000099.000900",
        refused=[
            (
                429,
                {"ok": False, "error": "ratelimited"},
                {"retry-after": "30"},
                {"trouble": "limited", "retry_after": 30.0, "permanent": False},
            ),
            (
                200,
                {"ok": False, "error": "is_archived"},
                {},
                {"trouble": "permanent", "permanent": True},
            ),
            (
                200,
                {"ok": False, "error": "token_revoked"},
                {},
                {"trouble": "access", "permanent": True},
            ),
            (
                200,
                {"ok": False, "error": "internal_error"},
                {},
                {"trouble": "passing", "permanent": False},
            ),
            (503, {}, {}, {"trouble": "passing", "permanent": False}),
        ],
        known={
            "auth.test": {"ok": True, "team": "Brand", "team_id": "T1DC2JH3J", "bot_id": "B1"},
        },
        unknown=(200, {"ok": False, "error": "invalid_auth"}),
    ),
    Sample(
        kind="kannel",
        address="12345",
        credentials={
            "url": "https://gateway.example/cgi-bin/sendsms",
            "username": "tester",
            "password": "foobar",
            "word": "aLongWord4711",
        },
        sign=_kannel,
        bound=False,
        handle="+15551234567",
        taken={},
        taken_id="0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0001",
        refused=[
            (403, {}, {}, {"trouble": "access", "permanent": True}),
            (400, {}, {}, {"trouble": "permanent", "permanent": True}),
            (503, {}, {}, {"trouble": "passing", "permanent": False}),
        ],
        known={"sendsms": {}},
        unknown=(403, {}),
    ),
    Sample(
        kind="sms",
        address="+15550001111",
        credentials={"account_sid": "AC00000000000000000000000000000001", "auth_token": "12345"},
        sign=_twilio,
        handle="+15552223333",
        taken={"sid": "SM0009", "status": "queued"},
        taken_id="SM0009",
        refused=[
            (
                429,
                {"code": 20429, "message": "Too many requests"},
                {"retry-after": "7"},
                {"trouble": "limited", "retry_after": 7.0, "permanent": False},
            ),
            (
                400,
                {"code": 21610, "message": "Attempt to send to unsubscribed recipient"},
                {},
                {"trouble": "blocked", "permanent": True},
            ),
            (
                400,
                {"code": 21211, "message": "The 'To' number is not a valid phone number."},
                {},
                {"trouble": "permanent", "permanent": True},
            ),
            (
                401,
                {"code": 20003, "message": "Authenticate"},
                {},
                {"trouble": "access", "permanent": True},
            ),
            (500, {}, {}, {"trouble": "passing", "permanent": False}),
        ],
        known={
            "IncomingPhoneNumbers": {
                "incoming_phone_numbers": [
                    {"sid": "PN1", "phone_number": "+15550001111", "sms_url": DOOR}
                ]
            },
            ".json": {"friendly_name": "Brand", "status": "active"},
        },
        unknown=(401, {"code": 20003, "message": "Authenticate"}),
    ),
    Sample(
        kind="whatsapp",
        address="106540352242922",
        credentials={
            "access_token": "EAAJB",
            "app_secret": "fb_app_secret",
            "verify_token": "a word of ours",
        },
        sign=_meta,
        taken={"messaging_product": "whatsapp", "messages": [{"id": "wamid.NEW"}]},
        taken_id="wamid.NEW",
        refused=[
            (429, {}, {"retry-after": "9"}, {"trouble": "limited", "retry_after": 9.0}),
            (400, _graph_error(130429), {}, {"trouble": "limited", "permanent": False}),
            (400, _graph_error(131056), {}, {"trouble": "limited", "permanent": False}),
            (400, _graph_error(131047), {}, {"trouble": "window", "permanent": True}),
            (400, _graph_error(131026), {}, {"trouble": "blocked", "permanent": True}),
            (401, _graph_error(190), {}, {"trouble": "access", "permanent": True}),
            (400, _graph_error(132001), {}, {"trouble": "permanent", "permanent": True}),
            (500, _graph_error(131000), {}, {"trouble": "passing", "permanent": False}),
            (400, _graph_error(2), {}, {"trouble": "passing", "permanent": False}),
        ],
        known={
            "106540352242922": {
                "verified_name": "Brand",
                "display_phone_number": "+1 555 078 3881",
                "quality_rating": "GREEN",
                "platform_type": "CLOUD_API",
            },
        },
        unknown=(401, _graph_error(190)),
    ),
]
