"""The last step of a mail, by a provider's own API and anymail's backend for it."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes
from email.policy import SMTP
from typing import Any
from urllib.parse import urlsplit

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.core.mail import EmailMessage as Mail
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from conversations.channels.wire import addresses
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Outbound, SendFailed, Sent, Trouble
from conversations.channels.wire.email.compose import compose
from conversations.channels.wire.email.esp import providers
from conversations.channels.wire.email.esp.receiving import OURS

SECONDS = (5.0, 25.0)  # to connect, for each part of the answer
_HEADERS = ("Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress")


def sends(keys: Mapping[str, str]) -> bool:
    """Whether this channel's mail goes out by its provider."""
    provider = providers.of(keys)
    return provider is not None and not provider.lacks(keys)


def send(account: Account, message: Outbound) -> Sent:
    """The provider's own id is kept beside ours. Raises SendFailed."""
    provider = providers.of(account.credentials)
    if provider is None:
        raise SendFailed("no provider of mail is named", permanent=True)
    options: dict[str, Any] = providers.options(provider.sends, account.credentials)
    _judge(options.get("api_url", ""), account)
    mail = _mail(compose(account, message), message)
    try:
        backend = providers.made(provider.backend, {**options, "timeout": SECONDS})
        backend.open()
        try:
            backend.session.trust_env = False
            backend.send_messages([mail])
        finally:
            backend.close()
    except AnymailError as error:
        raise _failure(error, provider.title) from error
    known_as = str(mail.anymail_status.message_id or "")
    ours = message.external_id
    return Sent(ours, (ours, known_as) if known_as and known_as != ours else ())


def _judge(url: str, account: Account) -> None:
    if not url:
        return
    inside = (urlsplit(url).hostname or "") in account.inside
    if not (url.startswith("https://") or account.loopback or inside):
        raise SendFailed("the provider’s address is no https address", permanent=True)
    try:
        addresses.targets(url, loopback=account.loopback, inside=account.inside)
    except addresses.NotAllowed as error:
        cause = f"the provider’s address: {error}"
        raise SendFailed(cause, permanent=not error.unresolved) from error


def _mail(composed: bytes, message: Outbound) -> Any:
    """What SMTP would carry, as Django's mails are made, with what anymail adds to them."""
    read: Any = message_from_bytes(composed, policy=SMTP)
    body = read.get_body(("plain",))
    mail: Any = Mail(
        subject=str(read["Subject"] or ""),
        body=str(body.get_content()).replace("\r\n", "\n") if body else "",
        from_email=str(read["From"]),
        to=[str(read["To"])],
        reply_to=[str(read["Reply-To"])] if read["Reply-To"] else None,
        headers={name: " ".join(str(read[name]).split()) for name in _HEADERS if read[name]},
    )
    for part in read.iter_attachments():
        content = part.get_payload(decode=True)
        mail.attach(part.get_filename() or "file", content, part.get_content_type())
    mail.metadata = {OURS: message.id}
    return mail


def _failure(error: AnymailError, title: str) -> SendFailed:
    if isinstance(error, AnymailRecipientsRefused):
        status = getattr(getattr(error, "email_message", None), "anymail_status", None)
        blocked = bool(status and "rejected" in (status.status or ()))
        trouble = Trouble.BLOCKED if blocked else Trouble.PERMANENT
        return SendFailed(
            f"{title} does not write to this address", permanent=True, trouble=trouble
        )
    answer: Any = getattr(error, "response", None)
    if isinstance(error, requests.RequestException) and answer is None:
        return _unanswered(error, title)
    if isinstance(error, AnymailRequestsAPIError):
        return _refused(answer, title)
    said = str(error).splitlines() or [type(error).__name__]
    return SendFailed(f"{title}: {said[0]}"[:300], permanent=True)


def _unanswered(error: requests.RequestException, title: str) -> SendFailed:
    """Unknown, once the request may have left."""
    cause = error.__cause__ if isinstance(error.__cause__, requests.RequestException) else error
    inner = cause.args[0] if cause.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    never_left = isinstance(cause, requests.ConnectTimeout) or isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    )
    said = f"{title} was not reached" if never_left else f"{title}: the answer did not come"
    return SendFailed(f"{said} ({type(cause).__name__})", unknown=not never_left)


def _refused(answer: Any, title: str) -> SendFailed:
    """answer: of `requests`. 504: it may have gone on behind the gateway."""
    status, said = answer.status_code, " ".join(answer.text[:1_000].split())[:250]
    cause = f"{title}: {said} (HTTP {status})"
    if status < 300:  # taken, but said in words that nobody knows
        return SendFailed(f"{title} answered what can’t be read", unknown=True)
    after = answer.headers.get("retry-after", "")
    wait = float(after) if after.isascii() and after.isdigit() and len(after) < 6 else None
    if status == 504:
        return SendFailed(cause, unknown=True)
    if status in {401, 403}:
        return SendFailed(cause, permanent=True, trouble=Trouble.ACCESS)
    if status == 429:
        return SendFailed(cause, retry_after=wait, trouble=Trouble.LIMITED)
    if status >= 500 or status == 408:
        return SendFailed(cause, retry_after=wait, trouble=Trouble.PASSING)
    return SendFailed(cause, permanent=True)
