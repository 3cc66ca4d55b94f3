"""Raw RFC 5322 bytes to what they mean to us. Raises nothing but Refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Answer, File, Inbound, Item, Party, Refused
from conversations.channels.wire.email import bounces, content, quotes, tokens
from conversations.channels.wire.email.addresses import UNKNOWN, address, parties, tag, without_tag
from conversations.channels.wire.email.automation import is_automated
from conversations.channels.wire.email.content import Content
from conversations.channels.wire.email.headers import date, decoded, message_ids, one_line
from conversations.channels.wire.email.limits import (
    MAIL_BYTES,
    REFERENCES,
    SUBJECT_CHARS,
    Budget,
    TooCostly,
)
from conversations.channels.wire.email.structure import Part, head, tree

# Set by our own doors, never taken from the mail itself.
ENVELOPE_RECIPIENT = "x-relais-rcpt"
ENVELOPE_SENDER = "x-relais-mail-from"
RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "resent-to")
_SIGNATURES = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
}
TOKEN = re.compile(r"([bco])\.([a-z2-7]{10,80})")


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail as read so far, and the envelope it came in."""

    part: Part
    raw: bytes
    account: Account
    sender: Party
    recipients: tuple[Party, ...]
    null_sender: bool

    def token(self, purpose: str) -> str:
        """The first token of this purpose (see `tokens`) in any recipient."""
        for party in self.recipients:
            found = TOKEN.fullmatch(tag(party.handle))
            if found and found[1] == purpose:
                return found[2]
        return ""


def parse(account: Account, raw: bytes, headers: Mapping[str, str]) -> list[Item]:
    """The one item that a mail is. `headers`: the envelope's sender and recipient, where known."""
    if len(raw) > MAIL_BYTES:
        raise Refused(f"larger than {MAIL_BYTES // 1024 // 1024} MB")
    budget = Budget()
    part, cause = _structure(raw, budget)
    if not any(part.raw_items()):
        raise Refused("it has no header, so it is no mail")
    mail = _opened(account, raw, part, headers)
    report = bounces.reported(part, raw, token=mail.token("b"), null_sender=mail.null_sender)
    if report:
        return [report]
    found = _content(mail, cause, budget)
    return [_answer(mail, found) or _inbound(mail, found)]


def _structure(raw: bytes, budget: Budget) -> tuple[Part, str]:
    """(the tree, "") or, for a mail beyond our caps, (its header alone, why)."""
    try:
        return tree(raw, budget), ""
    except TooCostly as error:
        return head(raw), str(error)
    except Exception:  # the standard parser over a stranger's bytes
        return head(raw), "its structure cannot be read"


def _opened(account: Account, raw: bytes, part: Part, headers: Mapping[str, str]) -> _Mail:
    envelope = {name.lower(): value for name, value in headers.items()}
    given = envelope.get(ENVELOPE_SENDER)
    null_sender = given is not None and given.strip() in {"", "<>"}
    rcpt = [envelope[ENVELOPE_RECIPIENT]] if envelope.get(ENVELOPE_RECIPIENT) else []
    named = [value for name in RECIPIENTS for value in part.fields(name)]
    return _Mail(
        part=part,
        raw=raw,
        account=account,
        sender=_sender(part, given or ""),
        recipients=tuple(parties([*rcpt, *named])),
        null_sender=null_sender or any(v.strip() == "<>" for v in part.fields("return-path")),
    )


def _sender(part: Part, envelope: str) -> Party:
    for name in ("from", "sender", "reply-to", "return-path"):
        found = parties(part.fields(name))
        if found:
            return found[0]
    return Party(address(envelope) or UNKNOWN)


def _content(mail: _Mail, cause: str, budget: Budget) -> Content:
    try:
        if not cause:
            return content.read(mail.part, budget)
    except TooCostly as error:
        cause = str(error)
    original = File("original.eml", "message/rfc822", mail.raw)
    return Content(files=[original], notes=[f"The mail is attached unread: {cause}."])


def _answer(mail: _Mail, found: Content) -> Answer | None:
    """None for mail to any other address: a tag that we did not sign is no answer."""
    token = mail.token(tokens.COLLEAGUE)
    subject = tokens.verify(mail.account.secret, token, purpose=tokens.COLLEAGUE)
    if subject is None:
        return None
    return Answer(
        subject=subject,
        external_id=_identity(mail),
        sender=mail.sender,
        text=quotes.own_words(found.text),
        # not judged by the form of its id: a colleague's mail program may give ids like ours
        automated=is_automated(
            mail.part, sender=mail.sender.handle, null_sender=mail.null_sender, address=""
        ),
        files=tuple(file for file in found.files if _is_meant(file)),
    )


def _is_meant(file: File) -> bool:
    """Pictures inside the text and signatures go along with every mail of some programs."""
    return not file.content_id and file.type.lower() not in _SIGNATURES


def _inbound(mail: _Mail, found: Content) -> Inbound:
    part = mail.part
    own = without_tag(mail.account.address.lower())
    external_id = _identity(mail)
    answers = list(_references(part))
    return Inbound(
        external_id=external_id,
        thread=answers[-1] if answers else external_id,
        sender=mail.sender,
        text=found.text,
        html=found.html,
        files=tuple(found.files),
        body_digest=_digest(found),
        sent_at=date(part.field("date")),
        subject=one_line(decoded(part.field("subject")), SUBJECT_CHARS),
        references=tuple(answers[:REFERENCES]),
        reply_token=mail.token("c"),
        others=tuple(_others(mail, own)),
        automated=is_automated(
            part, sender=mail.sender.handle, null_sender=mail.null_sender, address=own
        ),
        notes=tuple(_notes(mail, found)),
    )


def _identity(mail: _Mail) -> str:
    """The Message-ID, or a digest of what a copy of the same mail would share."""
    ids = message_ids(mail.part.field("message-id"))
    if ids:
        return ids[0]
    digest = hashlib.sha256()
    for name in ("from", "to", "cc", "date", "subject"):
        digest.update(one_line(decoded(mail.part.field(name)), 10_000).encode("utf-8", "replace"))
        digest.update(b"\n")
    digest.update(hashlib.sha256(_body(mail.raw)).digest())
    return f"sha256:{digest.hexdigest()}"


def _body(raw: bytes) -> bytes:
    """Everything after the header, line ends and the end of the mail as no relay changes them."""
    flat = raw.replace(b"\r\n", b"\n")
    return flat.partition(b"\n\n")[2].rstrip()


def _digest(found: Content) -> str:
    digest = hashlib.sha256()
    for text in (found.text, found.html):
        lines = (line.rstrip() for line in text.rstrip().splitlines())
        digest.update("\n".join(lines).encode("utf-8", "replace") + b"\0")
    for file in found.files:
        digest.update(hashlib.sha256(file.data).digest())
    return digest.hexdigest()


def _references(part: Part) -> Iterator[str]:
    """Best first, each once: In-Reply-To (it may hold several), then References from its end."""
    answered = message_ids(" ".join(part.fields("in-reply-to")))
    older = message_ids(" ".join(part.fields("references")))
    yield from dict.fromkeys([*answered, *reversed(older)])


def _others(mail: _Mail, own: str) -> Iterator[Party]:
    for party in parties([*mail.part.fields("to"), *mail.part.fields("cc")]):
        if without_tag(party.handle) != own and party.handle != mail.sender.handle:
            yield party


def _notes(mail: _Mail, found: Content) -> Iterator[str]:
    yield from found.notes
    if mail.part.cut:
        yield "A header was too long and was cut."
    if mail.sender.handle == UNKNOWN:
        yield "The mail names no sender."
    elsewhere = [p.handle for p in parties(mail.part.fields("reply-to")[:1])[:3]]
    if elsewhere and mail.sender.handle not in elsewhere:
        yield f"The sender asks for answers at {', '.join(elsewhere)}."
