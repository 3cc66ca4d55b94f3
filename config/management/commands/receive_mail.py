"""Mail through a pipe, for a mail server's alias: `|manage.py receive_mail --to support@...`.

The exit code tells the mail server what to do (sysexits.h): 0 stored, 75 try again, 67 no such
mailbox, 65 too large.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from conversations.channels.doors.mail import LARGEST, mailbox, store

TOO_LARGE = 65  # EX_DATAERR
NO_SUCH_MAILBOX = 67  # EX_NOUSER
TRY_AGAIN = 75  # EX_TEMPFAIL


class Command(BaseCommand):
    help = "Store one mail from standard input. Exit codes: 0, 65, 67, 75 (see sysexits.h)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, help="the envelope's recipient")
        parser.add_argument("--from", dest="sender", help="the envelope's sender, if known")

    def handle(self, *_args: Any, to: str, sender: str | None = None, **_options: Any) -> None:
        mail = sys.stdin.buffer.read(LARGEST + 1)
        try:
            code, said = _take(mail, to, sender)
        except Exception as error:  # whatever went wrong, the mail server must keep the mail
            code, said = TRY_AGAIN, f"try again later: {error}"
        if code:
            self.stderr.write(said)
            sys.exit(code)


def _take(mail: bytes, to: str, sender: str | None) -> tuple[int, str]:
    if len(mail) > LARGEST:
        return TOO_LARGE, f"at most {LARGEST} bytes are taken"
    channel = mailbox(to)
    if channel is None:
        return NO_SUCH_MAILBOX, f"no mailbox {to}"
    store(channel, mail, recipient=to, sender=sender)
    return 0, ""
