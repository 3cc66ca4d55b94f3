"""What must be held open: the LMTP door, the mailboxes that are fetched and the lines of networks,
in one process.

A second listener beside it does no harm: mails and positions are stored once, whoever reads.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from django.conf import settings
from django.db import Error as DatabaseError

from conversations.channels import connecting, holding
from conversations.channels.accounts import credentials_of
from conversations.channels.bells import Bells
from conversations.channels.claims import Claimed
from conversations.channels.doors import imap, lmtp
from conversations.channels.doors.held import Sort, hold_all
from conversations.channels.doors.mail import MAIL_KINDS
from conversations.channels.doors.threads import Threads
from conversations.channels.models import Channel
from conversations.channels.services import note_heartbeat

logger = logging.getLogger(__name__)

Keys = tuple[tuple[str, str], ...]
Wanted = tuple[uuid.UUID, str, Keys]

INTERVAL = 10.0  # seconds between two looks into a mailbox, and at the list of mailboxes
IDLE = 20.0  # seconds until a mailbox that tells what comes is looked into all the same
LONGEST_PAUSE = 300.0  # after failures: twice as long each time, up to this
DOOR_THREADS = 4
MAILBOX_THREADS = 16
IDLERS = 64  # mailboxes that are waited for; more are looked into by turns


class Mailboxes:
    """The threads that look into mailboxes, and those that wait for word of them."""

    def __init__(self) -> None:
        self.look = Threads(MAILBOX_THREADS, keep=False)
        self._idle, self._free = Threads(IDLERS, keep=False), IDLERS

    async def wait(self, box: imap.Mailbox | None, pause: float) -> None:
        """For something new, where the server tells; else for a while."""
        if box is None or not box.idles or not self._free:
            await asyncio.sleep(pause)
            return
        self._free -= 1
        try:
            await self._idle.run(box.wait, IDLE)
        finally:
            self._free += 1

    def close(self) -> None:
        self.look.close()
        self._idle.close()


async def listen(stop: asyncio.Event) -> None:
    """Runs until `stop` is set. Raises OSError when the LMTP address is taken."""
    doors, mailboxes = Threads(DOOR_THREADS), Mailboxes()
    server = None
    if settings.LMTP_LISTEN:
        server = await lmtp.serve(settings.LMTP_LISTEN, doors)
        logger.info("LMTP at %s", server.sockets[0].getsockname())
    watch = asyncio.create_task(_watch(doors, mailboxes, pushed=server is not None))
    try:
        await stop.wait()
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        if server:
            server.close()
        doors.close()
        mailboxes.close()


async def hold_lines(stop: asyncio.Event) -> None:
    """Every line of a network, until `stop` is set."""
    await hold_all(Sort("lines", holding.claim, _hold_line, settings.LINES_AT_ONCE), stop)


async def hear_bells(stop: asyncio.Event) -> None:
    """Of accounts that are read, until `stop` is set."""
    heard, most = Bells(), settings.BELLS_AT_ONCE
    await hold_all(Sort("bells", lambda: heard.claim(most), heard.hold, most), stop)


def _hold_line(claimed: Claimed, told_to_stop: Callable[[], bool]) -> None:
    holding.hold(claimed, told_to_stop=told_to_stop)


async def _watch(doors: Threads, mailboxes: Mailboxes, *, pushed: bool) -> None:
    """Keeps one task a mailbox, as channels come, change and go."""
    running: dict[Wanted, asyncio.Task[None]] = {}
    try:
        while True:
            try:
                wanted = await doors.run(_mailboxes, note_pushed=pushed)
            except DatabaseError:
                logger.warning("the list of mailboxes could not be read, trying again")
            else:
                _adjust(running, wanted, mailboxes)
            await asyncio.sleep(INTERVAL)
    finally:
        for task in running.values():
            task.cancel()


def _mailboxes(*, note_pushed: bool) -> set[Wanted]:
    """(channel, url, keys) of what is to be fetched; where mail is pushed, that we listen."""
    channels = Channel.objects.filter(kind__in=MAIL_KINDS, token__isnull=False, closed_at=None)
    wanted = set()
    for channel in channels:
        if channel.inbox_url:
            keys = tuple(sorted(credentials_of(channel).items()))
            wanted.add((channel.pk, channel.inbox_url, keys))
        elif note_pushed:
            note_heartbeat(channel)
    return wanted


def _adjust(
    running: dict[Wanted, asyncio.Task[None]],
    wanted: set[Wanted],
    mailboxes: Mailboxes,
) -> None:
    for gone in [key for key, task in running.items() if key not in wanted or task.done()]:
        running.pop(gone).cancel()
    for key in wanted - running.keys():
        running[key] = asyncio.create_task(_follow(*key, mailboxes))


async def _follow(channel_id: uuid.UUID, url: str, keys: Keys, mailboxes: Mailboxes) -> None:
    """Looks into one mailbox again and again; a failure closes the connection and waits."""
    box: imap.Mailbox | None = None
    pause = INTERVAL
    try:
        while True:
            try:
                if box is None:
                    box = await mailboxes.look.run(imap.Mailbox, url, dict(keys))
                await mailboxes.look.run(_look, channel_id, box)
                pause = INTERVAL
                await mailboxes.wait(box, pause)
                continue
            except Exception as error:  # servers fail in many ways, each is tried again
                logger.warning("channel %s: mailbox: %s", channel_id, _named(error))
                await _note_failed(channel_id, error, mailboxes)
                pause = min(pause * 2, LONGEST_PAUSE)
                if box:
                    box.close()
                box = None
            await asyncio.sleep(pause)
    finally:
        if box:
            box.close()


async def _note_failed(channel_id: uuid.UUID, error: Exception, mailboxes: Mailboxes) -> None:
    with suppress(DatabaseError):
        await mailboxes.look.run(_failed, channel_id, error)


def _failed(channel_id: uuid.UUID, error: Exception) -> None:
    channel = Channel.objects.get(pk=channel_id)
    connecting.note_mailbox(channel, cause=_named(error), access=imap.is_refused(error))


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _look(channel_id: uuid.UUID, box: imap.Mailbox) -> None:
    channel = Channel.objects.get(pk=channel_id)
    stored = imap.fetch(channel, box)
    ends = datetime.fromtimestamp(box.ends_at, UTC) if box.ends_at else None
    connecting.note_mailbox(channel, cause="", expires_at=ends)
    if stored:
        logger.info("channel %s: %s mails fetched", channel_id, stored)
