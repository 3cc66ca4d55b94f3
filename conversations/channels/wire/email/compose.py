"""One of our messages as the bytes of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, Outbound, SendFailed
from conversations.channels.wire.email.addresses import UNKNOWN
from conversations.channels.wire.email.content import safe_name
from conversations.channels.wire.email.headers import MESSAGE_ID, clean, one_line
from conversations.channels.wire.email.limits import NAME_CHARS, SUBJECT_CHARS

LAST_REFERENCES = 20  # besides the first, which names the thread
LINE_CHARS = 78
REPLY = re.compile(r"\s*(re|aw|sv|antw|tr|réf)\s*(\[\d+\])?\s*[:：]", re.IGNORECASE)
UNSAFE = re.compile(r"[\s\x00-\x1f\x7f<>()\[\],;:\\\"@]")
TYPE = re.compile(r"(?!multipart/|message/)([a-z0-9][a-z0-9.+_-]*)/([a-z0-9][a-z0-9.+_-]*)")


def compose(account: Account, message: Outbound) -> bytes:
    """The whole mail with its own Message-ID. Raises SendFailed for an impossible recipient."""
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = format_datetime(localtime())
    mail["From"] = _address(account.address, message.sender_name)
    mail["To"] = _address(message.to.handle, message.to.name)
    if message.reply_address:
        mail["Reply-To"] = _address(message.reply_address, message.sender_name)
    mail["Subject"] = _subject(message)
    if message.automated:
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    _write(mail, clean(message.text), message.files)
    return _threading(message) + mail.as_bytes()


def envelope_sender(account: Account, message: Outbound) -> str:
    """ "" for mail that no machine shall answer (RFC 3834)."""
    return "" if message.automated else message.bounce_address or account.address


def envelope_recipient(message: Outbound) -> str:
    return _address(message.to.handle, "").addr_spec


def _address(handle: str, name: str) -> Address:
    """Raises SendFailed: what a provider would refuse anyhow, or what hides a second header."""
    local, _, domain = handle.strip().rpartition("@")
    if not local or not domain or UNSAFE.search(local + domain) or handle == UNKNOWN:
        raise SendFailed(f"nobody can be reached at {handle!r}", permanent=True)
    try:
        ascii_domain = domain.encode("idna").decode() if not domain.isascii() else domain
        return Address(_words(name, NAME_CHARS), local, ascii_domain)
    except (ValueError, MessageError) as error:
        raise SendFailed(f"no mail address: {handle!r}", permanent=True) from error


def _words(text: str, size: int) -> str:
    """What looks like an encoded word would be decoded by the library, half of one break it."""
    return one_line(text, size).replace("=?", "= ?")


def _subject(message: Outbound) -> str:
    subject = _words(message.subject, SUBJECT_CHARS)
    if message.in_reply_to and not REPLY.match(subject):
        return f"Re: {subject}".strip()
    return subject


def _write(mail: EmailMessage, text: str, files: Iterable[File]) -> None:
    is_plain = text.isascii() and all(len(line) <= LINE_CHARS for line in text.splitlines())
    mail.set_content(text, cte="7bit" if is_plain else "quoted-printable")
    for number, file in enumerate(files, start=1):
        kind = TYPE.fullmatch(file.type.lower())
        main, sub = (kind[1], kind[2]) if kind else ("application", "octet-stream")
        name = safe_name(file.name, file.type, number)
        mail.add_attachment(file.data, maintype=main, subtype=sub, filename=name)


def _threading(message: Outbound) -> bytes:
    """Message-ID, In-Reply-To and References, an id a line: the library would encode long ids."""
    lines = [f"Message-ID: {message.external_id}"]
    if MESSAGE_ID.fullmatch(message.in_reply_to):
        lines.append(f"In-Reply-To: {message.in_reply_to}")
    references = _references(message)
    if references:
        lines.append("References: " + "\r\n ".join(references))
    return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")


def _references(message: Outbound) -> list[str]:
    """Oldest first, the answered one last; ids of other channels' forms are no references."""
    ids = [each for each in message.references if each != message.in_reply_to]
    known = [
        each
        for each in dict.fromkeys([*ids, message.in_reply_to])
        if MESSAGE_ID.fullmatch(each) and each.isascii()
    ]
    return known if len(known) <= LAST_REFERENCES else [known[0], *known[-LAST_REFERENCES:]]
