"""IMAP: fetches what is new in a mailbox and leaves it there.

UIDVALIDITY and the last UID move in the transaction that stores the mails, so that a crash,
a lost connection or a second listener can neither skip a mail nor store one twice.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import transaction
from imap_tools.errors import MailboxLoginError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from conversations.channels.doors.mail import LARGEST, store
from conversations.channels.models import Channel, MailboxPosition
from conversations.channels.services import note_heartbeat
from conversations.channels.wire.contract import SendFailed, Trouble
from conversations.channels.wire.email import oauth

logger = logging.getLogger(__name__)

SECONDS = 30.0  # for each answer of the server
BATCH = 50  # mails a transaction
HEAVIEST = 32 * 1024 * 1024  # bytes a transaction
KINDS: dict[str, tuple[Callable[..., BaseMailBox], int]] = {
    "imaps": (MailBox, 993),
    "imap+tls": (MailBoxStartTls, 143),
    "imap": (MailBoxUnencrypted, 143),  # a server on this machine
}
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
TOO_LARGE = (
    b"\r\n\r\nThis mail of %d MB is too large to be fetched; it is still in the mailbox.\r\n"
)


class Mailbox:
    """One open connection to one folder."""

    def __init__(self, url: str, keys: Mapping[str, str] | None = None) -> None:
        """imaps://user:password@host:port/folder; keys: see `oauth`, where there is no password.

        Raises OSError, imaplib.IMAP4.error, SendFailed or ValueError where that leads nowhere.
        """
        parts = urlsplit(url)
        if parts.scheme not in KINDS:
            raise ValueError("the mailbox must be imaps://, imap+tls:// or imap://")
        kind, port = KINDS[parts.scheme]
        self._box = kind(host=parts.hostname or "", port=parts.port or port, timeout=SECONDS)
        try:
            folder = unquote(parts.path.strip("/")) or "INBOX"
            name, password = unquote(parts.username or ""), unquote(parts.password or "")
            self.ends_at = self._sign_in(name, password, keys or {})
            self._box.folder.set(folder, readonly=True)
            self.validity = self._validity()
            self.idles = b"IDLE" in self._capabilities()
        except BaseException:
            self.close()
            raise

    def _sign_in(self, name: str, password: str, keys: Mapping[str, str]) -> float | None:
        """When the token ends, in seconds since 1970; None for a password."""
        if password or not oauth.is_set(keys):
            self._box.login(name, password, initial_folder=None)
            return None
        token = oauth.token(keys)
        self._box.xoauth2(name, token.value, initial_folder=None)
        return token.ends_at

    def _validity(self) -> int:
        values = self._box.client.response("UIDVALIDITY")[1]
        if not values or not values[0]:
            raise ValueError("the server gives no UIDVALIDITY")
        return int(values[0])

    def _capabilities(self) -> bytes:
        """Asked after the login: many servers tell all of them only then."""
        status, told = self._box.client.capability()
        return told[0].upper() if status == "OK" and told and told[0] else b""

    def wait(self, seconds: float) -> None:
        """Until the server says that something came (RFC 2177), or the time is up."""
        self._box.idle.wait(timeout=seconds)

    def uids_after(self, last: int) -> list[int]:
        """`n:*` always names the newest mail too, even when it is older than n."""
        self._box.client.noop()
        found = (int(uid) for uid in self._box.uids(f"UID {last + 1}:*"))
        return sorted(uid for uid in found if uid > last)

    def size(self, uid: int) -> int:
        answer = self._fetch(uid, "(RFC822.SIZE)")
        text = b"".join(each if isinstance(each, bytes) else each[0] for each in answer if each)
        found = SIZE.search(text)
        return int(found[1]) if found else 0

    def mail(self, uid: int, *, size: int) -> bytes | None:
        """The raw mail, unread as before; None when it was deleted meanwhile."""
        what = "(BODY.PEEK[])" if size <= LARGEST else "(BODY.PEEK[HEADER])"
        for each in self._fetch(uid, what):
            if isinstance(each, tuple):
                head = bytes(each[1])
                cut = TOO_LARGE % (size // 1024 // 1024) if size > LARGEST else b""
                return head.rstrip() + cut if cut else head
        return None

    def _fetch(self, uid: int, what: str) -> Sequence[Any]:
        status, answer = self._box.client.uid("FETCH", str(uid), what)
        if status != "OK":
            raise OSError(f"FETCH was answered with {status}")
        return answer

    def close(self) -> None:
        """Lets go of the connection without a word: it may be dead."""
        try:
            self._box.client.shutdown()
        except (OSError, AttributeError):
            logger.debug("the connection was gone already")


def is_refused(error: Exception) -> bool:
    """Whether the server no longer takes our word or token: nothing else is proof of that."""
    return isinstance(error, MailboxLoginError) or (
        isinstance(error, SendFailed) and error.trouble is Trouble.ACCESS
    )


def fetch(channel: Channel, box: Mailbox) -> int:
    """Stores all that is new in the mailbox. Returns how many mails that were.

    Raises what the connection raises; what was stored before stays so.
    """
    position, _ = MailboxPosition.objects.get_or_create(
        channel=channel, defaults={"uid_validity": box.validity}
    )
    was = (position.uid_validity, position.last_uid)
    if was[0] != box.validity:
        logger.warning("channel %s: the mailbox is another one, read anew", channel.pk)
    last = was[1] if was[0] == box.validity else 0
    stored = 0
    while uids := box.uids_after(last)[:BATCH]:
        mails = _load(box, uids)
        last = max(mails)
        if not _keep(channel, mails, was=was, now=(box.validity, last)):
            break  # another listener was quicker
        was = (box.validity, last)
        stored += len(mails)
    note_heartbeat(channel)
    return stored


def _load(box: Mailbox, uids: Sequence[int]) -> dict[int, bytes | None]:
    """As many of them, from the first, as are light enough together."""
    mails: dict[int, bytes | None] = {}
    weight = 0
    for uid in uids:
        size = box.size(uid)
        weight += size
        if mails and weight > HEAVIEST:
            break
        mails[uid] = box.mail(uid, size=size)
    return mails


def _keep(
    channel: Channel,
    mails: dict[int, bytes | None],
    *,
    was: tuple[int, int],
    now: tuple[int, int],
) -> bool:
    """False, and nothing stored, when the position is no longer where this reader found it."""
    with transaction.atomic():
        position = MailboxPosition.objects.select_for_update().get(channel=channel)
        if (position.uid_validity, position.last_uid) != was:
            return False
        for uid, mail in mails.items():
            if mail is not None:
                store(channel, mail, key=f"imap:{now[0]}:{uid}")
        position.uid_validity, position.last_uid = now
        position.save(update_fields=["uid_validity", "last_uid"])
    return True
