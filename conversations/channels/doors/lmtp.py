"""LMTP (RFC 2033), from the mail server beside us: 250 means stored, whatever is inside."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Server
from collections.abc import Sequence
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session
from django.db import Error as DatabaseError

from conversations.channels.doors.mail import LARGEST, mailbox, store
from conversations.channels.doors.threads import Threads

logger = logging.getLogger(__name__)

IDLE_SECONDS = 300
LATER = "451 4.3.0 try again later"


class _Door(LMTP):
    """The library's server, for lines of any length, answering once a recipient."""

    line_length_limit = LARGEST + 1024
    _owed = 1

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd calls it
        self._owed = len(self.envelope.rcpt_tos) if self.envelope else 1
        try:
            await super().smtp_DATA(arg)
        finally:
            self._owed = 1

    async def push(self, status: str | bytes) -> None:
        """Its own refusal of a mail too large comes once, RFC 2033 4.2 wants one a recipient."""
        text = status.decode() if isinstance(status, bytes) else status
        is_verdict = text.startswith(("552", "500 Line")) and self._owed > 1
        await super().push("\r\n".join([text] * self._owed) if is_verdict else text)


class _Hooks:
    """Called by the server for each step; the database is only reached from threads."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        try:
            channel = await self._threads.run(mailbox, address)
        except DatabaseError:
            logger.exception("a recipient could not be looked up")
            return LATER
        if channel is None:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        sender = (envelope.mail_from or "").strip("<>")
        mail = bytes(envelope.original_content or b"")
        answers = await self._threads.run(_take, mail, sender, list(envelope.rcpt_tos))
        return "\r\n".join(answers)

    async def handle_exception(self, error: Exception) -> str:
        logger.error("LMTP: %r", error)
        return LATER


def _take(mail: bytes, sender: str, recipients: Sequence[str]) -> list[str]:
    return [_answer(mail, sender, recipient) for recipient in recipients]


def _answer(mail: bytes, sender: str, recipient: str) -> str:
    try:
        channel = mailbox(recipient)
        if channel is None:
            return "550 5.1.1 no such mailbox"
        stored = store(channel, mail, recipient=recipient, sender=sender)
    except (DatabaseError, OSError):
        logger.exception("a mail was refused for now")
        return LATER
    logger.info("mail for channel %s %s", channel.pk, "stored" if stored else "known already")
    return "250 2.0.0 stored"


async def serve(address: str, threads: Threads) -> Server:
    """Opens the door at host:port. Raises OSError when it is taken."""
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()

    def door() -> LMTP:
        return _Door(
            _Hooks(threads),
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="relais",
            ident="LMTP",
            timeout=IDLE_SECONDS,
            loop=loop,
        )

    return await loop.create_server(door, host.strip("[]") or "127.0.0.1", int(port))
