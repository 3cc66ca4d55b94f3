"""Kannel: the SMS gateway that a company runs itself (kannel.org, user's guide 1.4.5).

It signs nothing: it shows the door's own word as HTTP Basic credentials, which it takes from the
address it was given. What comes in and what became of ours are GET requests with a query.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import httpx

from conversations.channels.wire import calling, gsm, signatures
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Ignored,
    Inbound,
    Item,
    Outbound,
    Party,
    Receipt,
    Refused,
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
from conversations.channels.wire.values import digest_of

NAME = "relais"  # of the door's credentials
ASKED_FOR = 1 | 2 | 8 | 16  # reports: arrived, lost, taken by the centre, refused by it
_CHARSETS = {"utf-16be": "utf-16-be", "utf-8": "utf-8", "iso-8859-1": "latin-1", "gsm": "utf-8"}


class Kannel:
    idempotent = False
    by_query = True  # deliveries are GET requests
    accepted = 200
    most_segments = 10
    card = Card(
        title="SMS (Kannel)",
        fields=(
            Field(
                "number",
                gettext_noop("Number"),
                gettext_noop("What messages come from and are answered to, such as 12345."),
                secret=False,
                address=True,
            ),
            Field(
                "url",
                gettext_noop("Address of sendsms"),
                gettext_noop("Such as http://gateway.example:13013/cgi-bin/sendsms."),
                secret=False,
            ),
            Field(
                "username",
                gettext_noop("User"),
                gettext_noop("Of a group sendsms-user in kannel.conf."),
                secret=False,
            ),
            Field("password", gettext_noop("Password"), gettext_noop("Of the same group.")),
            Field(
                "word",
                gettext_noop("Word for the door"),
                gettext_noop(
                    "Any long word of letters and digits; Kannel shows it at each delivery."
                ),
            ),
        ),
        steps=(
            gettext_noop(
                "In a group sms-service of kannel.conf: keyword = default, catch-all = true, "
                "max-messages = 0, and as get-url the door, with relais:WORD@ before its host and "
                "?id=%I&from=%p&to=%P&text=%b&charset=%C&at=%T behind it."
            ),
            gettext_noop(
                "In the group smsbox: http-request-retry = 100 and http-queue-delay = 10, so that "
                "nothing is lost while this house is away."
            ),
        ),
        longest=1_530,
        per_minute=300,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        word = account.credentials.get("word", "")
        pair = base64.b64encode(f"{NAME}:{word}".encode()).decode()
        return bool(word) and signatures.same(headers.get("authorization", ""), f"Basic {pair}")

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        return None

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        said = _query(body)
        if "dlr" in said:
            return f"report:{said.get('message', '')}:{said['dlr']}"
        return f"message:{said['id']}" if said.get("id") else ""

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset()

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        said = _query(body)
        if "dlr" in said:
            return [_report(said)]
        if not (said.get("from") and said.get("id")):
            raise Refused("names no message, or nobody who wrote")
        words = said.get("text", "")
        return [
            Inbound(
                external_id=said["id"],
                sender=Party(said["from"]),
                text=words,
                body_digest=digest_of(words),
                sent_at=_moment(said.get("at", "")),
            )
        ]

    def mint_id(self, account: Account, message_id: str) -> str:
        return message_id  # Kannel gives none: its reports carry ours

    def segments(self, text: str) -> int:
        return gsm.segments(text)

    def send(self, account: Account, message: Outbound) -> Sent:
        if gsm.segments(message.text) > self.most_segments:
            cause = f"it would be more than {self.most_segments} short messages"
            raise SendFailed(cause, permanent=True)
        query = {
            **_entry(account),
            "to": message.to.handle,
            "text": message.text,
            "charset": "UTF-8",
            "coding": "0" if gsm.is_basic(message.text) else "2",
            "dlr-mask": str(ASKED_FOR),
            "dlr-url": _report_address(account, message.id),
        }
        # a GET that sends: one whose answer is lost may have gone out
        answer = calling.call(
            "GET", _url(account), query=query, seen=True, transport=self._transport
        )
        if not answer.is_success:
            raise _failure(answer)
        return Sent(message.external_id or message.id)

    def check(self, account: Account) -> Checked:
        """A message to nobody: Kannel looks at the user before it misses the number."""
        if not account.credentials.get("word", "").isalnum():
            raise NotConnected("the word for the door has letters and digits only")
        try:
            answer = calling.asked(
                "GET", _url(account), query=_entry(account), transport=self._transport
            )
        except SendFailed as error:
            raise NotConnected(str(error)) from error
        if answer.status == 403:
            raise NotConnected("Kannel does not know this user with this password")
        if answer.status >= 500 or answer.status == 404:
            raise NotConnected(f"Kannel: HTTP {answer.status}", passing=answer.status >= 500)
        return Checked(name=account.address)

    def hook(self, account: Account) -> None:
        """kannel.conf names the door."""

    def fetch(self, account: Account, remote: Remote) -> File:
        raise NotFetched("SMS carries no files", permanent=True)


def _url(account: Account) -> str:
    url = account.credentials.get("url", "")
    if not url.startswith(("http://", "https://")):
        raise SendFailed("the gateway’s address is not one", permanent=True, trouble=Trouble.ACCESS)
    return url


def _entry(account: Account) -> dict[str, str]:
    return {
        "username": account.credentials.get("username", ""),
        "password": account.credentials.get("password", ""),
        "from": account.address,
    }


def _report_address(account: Account, message_id: str) -> str:
    """The door with its word, as Kannel puts it into a header of its own requests."""
    parts = urlsplit(account.door)
    word = quote(account.credentials.get("word", ""), safe="")
    query = urlencode({"message": message_id}) + "&dlr=%d&said=%A"
    host = f"{NAME}:{word}@{parts.netloc}"
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _failure(answer: calling.Answer) -> SendFailed:
    if answer.status == 403:
        return calling.refusal(answer, "Kannel refuses its user", trouble=Trouble.ACCESS)
    return calling.refusal(answer, "Kannel does not take the message")


def _query(body: bytes) -> dict[str, str]:
    """Values as bytes first: only then their own charset tells what they say."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=100, encoding="latin-1"
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise Refused("not a query") from error
    raw = dict(pairs)
    charset = _CHARSETS.get(raw.get("charset", "utf-8").lower(), "utf-8")
    said = {}
    for name, value in raw.items():
        coding = charset if name == "text" else "utf-8"
        said[name] = value.encode("latin-1").decode(coding, "replace").replace("\0", "\ufffd")
    return said


def _moment(said: str) -> datetime | None:
    """Seconds since 1970 (%T)."""
    if not (said.isascii() and said.isdigit() and len(said) < 12):
        return None
    return datetime.fromtimestamp(int(said), UTC)


def _report(said: Mapping[str, str]) -> Item:
    ours, code = said.get("message", ""), said["dlr"]
    if code == "1":
        return Receipt((ours,), "delivered", id=ours)
    if code == "8":
        return Receipt((ours,), "sent", id=ours)
    if code not in {"2", "16"}:
        return Ignored(f"report {code[:10]}: on its way")
    who = "the telephone" if code == "2" else "the network"
    words = said.get("said", "")[:200]
    cause = f"not taken by {who}" + (f": {words}" if words else "")
    return Receipt((ours,), "failed", cause=cause, trouble=Trouble.PERMANENT, id=ours)
