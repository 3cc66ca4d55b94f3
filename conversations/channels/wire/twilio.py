"""Twilio: text messages (and MMS, and WhatsApp through Twilio) by its Messages resource.

What comes in and what became of ours is posted as a form to the same door; Twilio repeats hardly
ever. After STOP, Twilio itself lets nothing through; it says so where Advanced Opt-Out is on.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import httpx

from conversations.channels.wire import calling, signatures
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Ignored,
    Inbound,
    Item,
    Opted,
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
    Reply,
    gettext_noop,
)
from conversations.channels.wire.values import digest_of, each, text, whole

API = "https://api.twilio.com/2010-04-01/Accounts"
MOST_FILES = 10
_STATES = {"sent": "sent", "delivered": "delivered", "read": "read"}
_LOST = {"failed", "undelivered", "canceled"}
_TROUBLES = {
    21610: Trouble.BLOCKED,
    63016: Trouble.WINDOW,
    20429: Trouble.LIMITED,
    14107: Trouble.LIMITED,
    63018: Trouble.LIMITED,
    20003: Trouble.ACCESS,
    30001: Trouble.PASSING,
    30022: Trouble.LIMITED,
}


class Twilio:
    idempotent = False
    accepted = 204
    card = Card(
        title="SMS (Twilio)",
        fields=(
            Field(
                "number",
                gettext_noop("Number"),
                gettext_noop(
                    "As +15551234567, or whatsapp:+15551234567, or a Messaging Service, MG..."
                ),
                secret=False,
                address=True,
            ),
            Field(
                "account_sid",
                gettext_noop("Account SID"),
                gettext_noop("It begins with AC and stands on the first page of the console."),
                secret=False,
            ),
            Field(
                "auth_token",
                gettext_noop("Auth token"),
                gettext_noop("It stands below the account SID; Twilio signs with it."),
            ),
        ),
        steps=(
            gettext_noop("Copy the account's SID and token from the console."),
            gettext_noop(
                "The door is made known to the number by itself; a Messaging Service and WhatsApp "
                "need it entered as the address for incoming messages."
            ),
        ),
        longest=1_600,
        per_minute=60,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        token = account.credentials.get("auth_token", "")
        return signatures.twilio(token, headers, body, url=account.door)

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        return None

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        form = _form(body)
        state = form.get("MessageStatus") or form.get("SmsStatus", "")
        return f"{form.get('MessageSid', '')}:{state}" if form.get("MessageSid") else ""

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset()

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        form = _form(body)
        sid = form.get("MessageSid") or form.get("SmsSid", "")
        if not sid:
            raise Refused("names no message")
        state = form.get("MessageStatus") or form.get("SmsStatus", "")
        if state and state not in {"received", "receiving"}:
            return [_receipt(form, sid, state)]
        if not form.get("From"):
            raise Refused("names nobody who wrote")
        return list(_received(form, sid))

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        sender = account.address
        service = sender.lower().startswith("mg")
        form = {
            "To": message.to.handle,
            "MessagingServiceSid" if service else "From": _sid(sender) if service else sender,
            "Body": message.text,
        }
        if account.door.startswith("https://"):
            form["StatusCallback"] = account.door
        answer = calling.call(
            "POST",
            f"{API}/{_account(account)}/Messages.json",
            headers=_basic(account),
            form=form,
            transport=self._transport,
        )
        if not answer.is_success:
            raise _failure(answer)
        return Sent(text(answer.data, "sid"))

    def check(self, account: Account) -> Checked:
        told = self._asked(account, "GET", f"{API}/{_account(account)}.json")
        if text(told.data, "status") not in {"", "active"}:
            raise NotConnected(f"the account is {text(told.data, 'status')}")
        name = text(told.data, "friendly_name")
        if not account.address.startswith("+"):
            return Checked(name=name)
        number = self._number(account)
        if number is None:
            raise NotConnected(f"the account has no number {account.address}")
        if text(number, "sms_url") != account.door:
            return Checked(name=name, remarks=("the number posts to another address",))
        return Checked(name=name)

    def hook(self, account: Account) -> None:
        if not account.address.startswith("+"):
            return  # a service and WhatsApp take it on Twilio's own pages
        number = self._number(account)
        if number is None:
            raise NotConnected(f"the account has no number {account.address}")
        url = f"{API}/{_account(account)}/IncomingPhoneNumbers/{text(number, 'sid')}.json"
        self._asked(account, "POST", url, form={"SmsUrl": account.door, "SmsMethod": "POST"})

    def fetch(self, account: Account, remote: Remote) -> File:
        return calling.fetch_file(
            remote,
            remote.key,
            hosts=("api.twilio.com",),
            headers=_basic(account),
            loopback=account.loopback,
        )

    def _number(self, account: Account) -> Mapping[str, Any] | None:
        url = f"{API}/{_account(account)}/IncomingPhoneNumbers.json"
        found = self._asked(account, "GET", url, query={"PhoneNumber": account.address})
        return next(each(found.data, "incoming_phone_numbers"), None)

    def _asked(
        self,
        account: Account,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> calling.Answer:
        answer = calling.asked(
            method, url, headers=_basic(account), query=query, form=form, transport=self._transport
        )
        if answer.status in {401, 404}:
            raise NotConnected("Twilio does not know this account SID with this token")
        if not answer.is_success:
            said = text(answer.data, "message") or f"HTTP {answer.status}"
            passing = answer.status == 429 or answer.status >= 500
            raise NotConnected(f"Twilio: {said}"[:300], passing=passing)
        return answer


def _account(account: Account) -> str:
    sid = account.credentials.get("account_sid", "")
    if not (sid.startswith("AC") and sid.isalnum() and sid.isascii()):
        raise SendFailed("the account SID is not one", permanent=True, trouble=Trouble.ACCESS)
    return sid


def _sid(address: str) -> str:
    """Addresses are kept in small letters; the two first of a SID are large ones."""
    return address[:2].upper() + address[2:]


def _basic(account: Account) -> dict[str, str]:
    pair = (
        f"{account.credentials.get('account_sid', '')}:{account.credentials.get('auth_token', '')}"
    )
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _failure(answer: calling.Answer) -> SendFailed:
    code = whole(answer.data, "code")
    said = f"Twilio {code}: {text(answer.data, 'message')}"[:300]
    return calling.refusal(answer, said, trouble=_TROUBLES.get(code))


def _form(body: bytes) -> dict[str, str]:
    try:
        words = body.decode("utf-8")
        pairs = parse_qsl(words, keep_blank_values=True, max_num_fields=1_000, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise Refused("not a form") from error
    return {name: value.replace("\0", "\ufffd") for name, value in pairs}


def _receipt(form: Mapping[str, str], sid: str, state: str) -> Item:
    if state in _STATES:
        return Receipt(references=(sid,), state=_STATES[state])
    if state not in _LOST:
        return Ignored(f"{state[:30]}: on its way")
    code = form.get("ErrorCode", "")
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 8 else 0
    words = form.get("ErrorMessage", "") or state
    return Receipt(
        references=(sid,),
        state="failed",
        cause=f"Twilio {code}: {words}"[:300] if code else f"Twilio: {words}"[:300],
        trouble=_TROUBLES.get(number, Trouble.PERMANENT),
    )


def _received(form: Mapping[str, str], sid: str) -> Iterator[Item]:
    words = form.get("Body", "")
    remotes = tuple(_remotes(form))
    sender = Party(form["From"], form.get("ProfileName", "")[:200])
    told = form.get("OptOutType", "")
    yield Inbound(
        external_id=sid,
        sender=sender,
        text=words,
        body_digest=_digest(words, remotes),
        references=tuple(filter(None, [form.get("OriginalRepliedMessageSid", "")])),
        remotes=remotes,
    )
    if told in {"STOP", "START"}:  # in any language that the account was set up for
        yield Opted(sender=sender, wants=told == "START", word=words.strip()[:100])


def _remotes(form: Mapping[str, str]) -> Iterator[Remote]:
    count = form.get("NumMedia", "0")
    most = min(int(count), MOST_FILES) if count.isascii() and count.isdigit() else 0
    for number in range(most):
        url = form.get(f"MediaUrl{number}", "")
        if url.startswith("https://"):
            kind = form.get(f"MediaContentType{number}", "")[:120]
            suffix = kind.rpartition("/")[2].partition(";")[0][:10] or "bin"
            yield Remote(name=f"media-{number + 1}.{suffix}", type=kind, key=url[:2_000])


def _digest(words: str, remotes: Sequence[Remote]) -> str:
    return digest_of(words, *(each.key for each in remotes))
