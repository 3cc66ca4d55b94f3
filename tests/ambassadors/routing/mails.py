"""What the tests of telling share: the outbox, read back as mails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from conversations.channels import claiming
from conversations.channels.doors.mail import mailbox, store
from conversations.channels.models import Envelope


def outbox(folder: Path) -> list[EmailMessage]:
    """Oldest first: the names are time-ordered ids."""
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def link(mail: EmailMessage, act: str) -> str:
    found = re.search(rf"https?://[^/\s]+(/offer/\S+/{act}/)", mail.get_content())
    assert found, mail.get_content()
    return found[1]


def answer_to(
    mail: EmailMessage,
    text: str,
    *,
    sender: str,
    message_id: str = "<r1@home.example>",
    files: Sequence[tuple[str, str, bytes]] = (),
    **more: str,
) -> Envelope:
    """Somebody replies to the mail; it comes in by the door of mail and is read.

    files: name, type and bytes of what goes along.
    """
    to = mail["Reply-To"].addresses[0].addr_spec
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Message-ID"] = sender, to, message_id
    for name, value in more.items():
        reply[name.replace("_", "-")] = value
    reply.set_content(text)
    for name, kind, data in files:
        main, _, sub = kind.partition("/")
        reply.add_attachment(data, maintype=main, subtype=sub, filename=name)
    there = mailbox(to)
    assert there is not None
    store(there, reply.as_bytes(), recipient=to, sender=sender)
    claiming.ingest()
    return Envelope.objects.order_by("-pk")[0]
