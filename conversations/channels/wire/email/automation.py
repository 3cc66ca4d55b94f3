"""Was this mail written by a machine (RFC 3834, and what older machines say instead)?"""

from __future__ import annotations

import re

from conversations.channels.wire.email.addresses import without_tag
from conversations.channels.wire.email.structure import Part

MACHINES = re.compile(
    r"^(mailer-daemon|postmaster|mdaemon|daemon|majordom|listserv)\b", re.IGNORECASE
)
MARKS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-loop",
    "list-unsubscribe",
    "feedback-id",
)
PRECEDENCES = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
OWN_ID = r"<[0-9a-f]{{8}}-?(?:[0-9a-f]{{4}}-?){{3}}[0-9a-f]{{12}}@{domain}>"


def _word(value: str) -> str:
    """The first token: real ones carry comments, `auto-replied (vacation)`."""
    return re.split(r"[\s;(,]", value.strip().lower(), maxsplit=1)[0]


def is_automated(part: Part, *, sender: str, null_sender: bool, address: str) -> bool:
    """`null_sender`: the envelope came from <>. `address`: the mailbox that the mail is for.

    Mail through a list of our own domain is written by people and does not count.
    """
    if null_sender or MACHINES.match(sender) or part.kind == "multipart/report":
        return True
    if _word(part.field("auto-submitted")) not in {"", "no"}:
        return True
    if _is_ours(part, sender, address):
        return True
    return _is_suppressed(part) or (_is_bulk(part) and not _is_own_list(part, address))


def _is_suppressed(part: Part) -> bool:
    """Senders that ask for no automatic answer: Outlook's list of kinds, not its `None`."""
    return any(
        _word(value) not in {"", "none"} for value in part.fields("x-auto-response-suppress")
    )


def _is_bulk(part: Part) -> bool:
    if _word(part.field("precedence")) in PRECEDENCES or part.fields("list-id"):
        return True
    return any(part.fields(name) for name in MARKS)


def _is_own_list(part: Part, address: str) -> bool:
    domain = address.rpartition("@")[2]
    name = part.field("list-id").strip().rstrip(">").lower()
    return bool(domain) and name.endswith(f".{domain}") and not part.fields("x-autoreply")


def _is_ours(part: Part, sender: str, address: str) -> bool:
    """Our own mail came back: from our address, or under an id of the form that we give."""
    if not address:
        return False
    domain = re.escape(address.rpartition("@")[2])
    own_id = re.fullmatch(OWN_ID.format(domain=domain), part.field("message-id").strip().lower())
    return without_tag(sender) == without_tag(address.lower()) or bool(own_id)
