"""What a provider of mail posts: verified at the door, read by anymail in the worker.

Nothing of a payload is read here by ourselves; what anymail makes of it goes the way of any mail.
"""

from __future__ import annotations

import base64
import hmac
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import EventType, RejectReason
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Ignored,
    Item,
    Opted,
    Party,
    Receipt,
    Refused,
    Trouble,
)
from conversations.channels.wire.email import parsing
from conversations.channels.wire.email.esp import providers
from conversations.channels.wire.email.esp.providers import PROVIDERS, USER, WORD

NOTED = "x-relais-esp"  # on an envelope: which provider, and which of its webhooks
TYPE = "content-type"
LARGEST = 36 * 1024 * 1024  # bytes: a mail of 25 MB, a third longer by its coding
VERIFIED = "verified:at the door"
OURS = "relais"  # our own id of a message, as a provider carries it along
MOST_EVENTS = 2_000
_FAILED = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}
_BLOCKED = {RejectReason.BLOCKED, RejectReason.SPAM, RejectReason.UNSUBSCRIBED}
_UNREADABLE = (AnymailError, SuspiciousOperation, ImproperlyConfigured, LookupError, ValueError)


class TooLarge(Exception):
    """Its fields are longer than we take."""


def is_there(esp: str, what: str) -> bool:
    return esp in PROVIDERS and what in PROVIDERS[esp].views


def shows_word(account: Account, esp: str, headers: Mapping[str, str]) -> bool:
    """Whether the word of the address comes along: judged before a stranger's body is read."""
    keys = account.credentials
    word = keys.get(WORD, "")
    wanted = base64.b64encode(f"{USER}:{word}".encode())
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    same = hmac.compare_digest(shown.strip().encode("utf-8", "replace"), wanted)
    return bool(word) and keys.get("esp") == esp and scheme.lower() == "basic" and same


def is_let_in(
    account: Account, esp: str, what: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """By the word in the address and, where there is one, the provider's signature; never raises
    but `TooLarge`."""
    keys, provider = account.credentials, PROVIDERS[esp]
    word = keys.get(WORD, "")
    if not shows_word(account, esp, headers):
        return False
    if provider.signed and not keys.get("esp_signing_key"):
        return False
    try:
        view = _view(esp, what, keys, secret=f"{USER}:{word}")
        view.run_validators(_request(body, headers))
    except AnymailWebhookValidationFailure:
        return False
    except RequestDataTooBig as error:
        raise TooLarge from error
    except Exception:  # a verifier that raises has refused: it choked on a stranger's bytes
        return False
    return True


def _view(esp: str, what: str, keys: Mapping[str, str], *, secret: str) -> Any:
    provider = PROVIDERS[esp]
    options: dict[str, Any] = providers.options(provider.hears.get(what, {}), keys)
    return providers.made(provider.views[what], {**options, "webhook_secret": secret})


def _request(body: bytes, headers: Mapping[str, str]) -> WSGIRequest:
    """The request as anymail wants it, whose body may be as long as a mail is."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": headers.get(TYPE, ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(),
    }
    environ |= {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in headers.items()
        if name not in {TYPE, "content-length"}
    }
    request = WSGIRequest(environ)
    request._body = body  # noqa: SLF001 (else Django reads, and limits, it as a form)
    return request


def parse(account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
    """headers: of the envelope. Raises Refused."""
    esp, _, what = headers.get(NOTED, "").partition("/")
    if not is_there(esp, what):
        raise Refused("no provider of mail that is known here")
    items: list[Item] = []
    for event in _events(esp, what, body, headers)[:MOST_EVENTS]:
        if isinstance(event, Ignored):
            items.append(event)
        elif what == providers.TRACKING:
            items += _tracked(event)
        else:
            items += _received(account, event)
    return items or [Ignored("nothing in it")]


def _events(esp: str, what: str, body: bytes, headers: Mapping[str, str]) -> list[Any]:
    """As anymail reads them; where one of many can't be read, the others are read alone."""
    try:
        return _read(esp, what, body, headers)
    except Refused:
        parts = _parts(body)
        if len(parts) < 2:
            raise
    found: list[Any] = []
    for part in parts:
        try:
            found += _read(esp, what, part, headers)
        except Refused as error:
            found.append(Ignored(f"one of {len(parts)}: {error}"[:300]))
    if all(isinstance(one, Ignored) for one in found):
        raise Refused(found[0].reason if found else "nothing in it")
    return found


def _parts(body: bytes) -> list[bytes]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    several = said[:MOST_EVENTS] if isinstance(said, list) else []
    return [json.dumps([one]).encode() for one in several]


def _read(esp: str, what: str, body: bytes, headers: Mapping[str, str]) -> list[Any]:
    hears = {} if esp == "sendgrid" else {"esp_signing_key": VERIFIED}  # its key is read in full
    try:
        view = _view(esp, what, hears, secret=VERIFIED)
        return list(view.parse_events(_request(body, headers)))
    except (*_UNREADABLE, AttributeError, TypeError, RecursionError) as error:
        said = str(error).splitlines() or [""]
        raise Refused(f"anymail can’t read it: {type(error).__name__} {said[0]}"[:300]) from error


# --- a mail ---


def _received(account: Account, event: Any) -> Sequence[Item]:
    """The mail as its bytes, which are read as any other mail's; so the same one by another door
    is known."""
    if event.event_type != EventType.INBOUND or event.message is None:
        return [Ignored(f"{str(event.event_type)[:40]}: no mail came")]
    message = event.message
    known = {}
    if message.envelope_recipient:
        known[parsing.ENVELOPE_RECIPIENT] = str(message.envelope_recipient)[:400]
    if message.envelope_sender is not None:
        known[parsing.ENVELOPE_SENDER] = str(message.envelope_sender)[:400]
    _without_empty_text(message)
    return parsing.parse(account, _bytes_of(message), known)


def _bytes_of(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except (LookupError, UnicodeError, TypeError):  # a charset or header that can't be written
        return message.as_string().encode("utf-8", "replace")


def _without_empty_text(message: Message) -> None:
    """A text part that a provider made of nothing hides that the mail is HTML alone."""
    for part in message.walk():
        if part.get_content_type() != "multipart/alternative":
            continue
        children = part.get_payload()
        if isinstance(children, list) and len(children) > 1:
            kept = [each for each in children if not _is_empty_text(each)]
            part.set_payload(kept or children)


def _is_empty_text(part: Any) -> bool:
    return part.get_content_type() == "text/plain" and not (part.get_payload(decode=True) or b"")


# --- what became of ours ---


def _tracked(event: Any) -> Iterator[Item]:
    """Opened and clicked say what a program did, not that a person has read it."""
    kind, metadata = event.event_type, event.metadata
    ours = metadata.get(OURS) if isinstance(metadata, Mapping) else None
    about: dict[str, Any] = {"references": _ids(event.message_id), "id": str(ours or "")}
    if kind == EventType.DELIVERED:
        yield Receipt(state="delivered", **about)
    elif kind in {EventType.SENT, EventType.QUEUED}:
        yield Receipt(state="sent", **about)
    elif kind == EventType.DEFERRED:
        yield Receipt(state="failed", cause=_cause(event), transient=True, **about)
    elif kind in _FAILED:
        blocked = event.reject_reason in _BLOCKED
        trouble = Trouble.BLOCKED if blocked else Trouble.PERMANENT
        yield Receipt(state="failed", cause=_cause(event), trouble=trouble, **about)
    elif kind == EventType.COMPLAINED:
        yield Receipt(state="delivered", **about)
        yield from _opted(event, "spam complaint")
    elif kind == EventType.UNSUBSCRIBED:
        yield from _opted(event, "unsubscribed", news_only=True)
    else:
        yield Ignored(f"{str(kind)[:40]}: of no use here")


def _ids(said: object) -> tuple[str, ...]:
    return (str(said)[:500],) if isinstance(said, str | int) and str(said) else ()


def _cause(event: Any) -> str:
    told = [event.mta_response, event.description, event.reject_reason, event.event_type]
    words = [" ".join(str(each).split()) for each in told if each]
    return "; ".join(dict.fromkeys(words))[:300].replace("\0", "")


def _opted(event: Any, word: str, *, news_only: bool = False) -> Iterator[Item]:
    recipient = event.recipient if isinstance(event.recipient, str) else ""
    if "@" in recipient:
        party = Party(recipient.strip().lower()[:320])
        yield Opted(party, wants=False, word=word, at=event.timestamp, news_only=news_only)
