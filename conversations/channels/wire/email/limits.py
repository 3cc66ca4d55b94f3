"""What a mail may cost us: mail is written by strangers, and reading it must stay linear."""

from __future__ import annotations

from time import thread_time

MAIL_BYTES = 25 * 1024 * 1024
HEADERS = 1_000  # of one part; what follows is left out
HEADER_CHARS = 64 * 1024
STRUCTURE_HEADER_CHARS = 8 * 1024  # Content-Type and the like, whose reading is not linear
PARTS = 1_000
DEPTH = 20
FILES = 200
FILE_NAME_CHARS = 150
TEXT_CHARS = 200_000
HTML_CHARS = 1_000_000
SUBJECT_CHARS = 500
NAME_CHARS = 200
ADDRESS_CHARS = 254  # RFC 5321 4.5.3.1.3
PARTIES = 200
MESSAGE_ID_CHARS = 498  # without its brackets
REFERENCES = 50
SECONDS = 5.0


class TooCostly(Exception):
    """The structure of a mail is beyond what we read; the mail itself is kept as it came."""


class Budget:
    """Seconds of processor time that one mail may take: a busy machine changes no outcome."""

    def __init__(self) -> None:
        self._ends_at = thread_time() + SECONDS

    def check(self) -> None:
        if thread_time() > self._ends_at:
            raise TooCostly("the mail took too long to read")
