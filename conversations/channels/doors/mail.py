"""What the doors of mail share: whose mailbox an address is, and storing what came for it.

No mail is parsed here: whatever is inside, it is taken, and read later.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from conversations.channels.models import Channel
from conversations.channels.services import receive
from conversations.channels.wire.email.limits import MAIL_BYTES as LARGEST
from conversations.channels.wire.email.parsing import ENVELOPE_RECIPIENT, ENVELOPE_SENDER

__all__ = ["LARGEST", "is_mailbox_url", "mailbox", "store"]

LONGEST_ADDRESS = 400
MAIL_KINDS = ("email", "alerts")  # what reads mail
MAILBOX_SCHEMES = ("imaps", "imap+tls", "imap")


def mailbox(address: str) -> Channel | None:
    """The live mail channel that the address belongs to, with or without a tag
    (`support+c.TOKEN@` is `support@`; a channel's own address may have a tag as well)."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    tags = local.split("+")
    names = ["+".join(tags[:count]) + f"@{domain}" for count in range(len(tags), 0, -1)]
    if not domain or len(address) > LONGEST_ADDRESS:
        return None
    found = Channel.objects.filter(
        kind__in=MAIL_KINDS, address__in=names, token__isnull=False, closed_at=None
    )
    return min(found, key=lambda channel: names.index(channel.address), default=None)


def is_mailbox_url(url: str) -> bool:
    """Whether it names a server at all; whether that lets us in, the listener finds out."""
    try:
        parts = urlsplit(url)
        return parts.scheme in MAILBOX_SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def store(
    channel: Channel, mail: bytes, *, recipient: str = "", sender: str | None = None, key: str = ""
) -> bool:
    """Stores one mail durably; False when these bytes, or this key, are here already.

    sender: the envelope's, "" for the empty one, None where the door does not know it.
    Raises `django.db.Error` or OSError: the door must then refuse for now.
    """
    headers = {}
    if recipient:
        headers[ENVELOPE_RECIPIENT] = recipient[:LONGEST_ADDRESS]
    if sender is not None:
        headers[ENVELOPE_SENDER] = sender[:LONGEST_ADDRESS]
    return receive(channel, body=mail, headers=headers, key=key)
