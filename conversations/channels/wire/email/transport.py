"""The last step of a mail: an SMTP server, or a folder of `.eml` files.

smtp://user:password@host:port     without encryption (a relay on this machine)
smtp+tls://...                     STARTTLS, required
smtps://...                        TLS from the first byte
file:///path                       a file a mail, renamed into place
"""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.parse import unquote, urlsplit

from conversations.channels.wire.contract import SendFailed, Trouble
from conversations.channels.wire.email import oauth
from conversations.channels.wire.email.content import safe_name

CONNECT_SECONDS = 10.0
SECONDS = 50.0  # for the whole exchange: a worker's hold on the message lasts a minute
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def send(
    url: str,
    *,
    name: str,
    sender: str,
    recipient: str,
    mail: bytes,
    keys: Mapping[str, str] | None = None,
) -> None:
    """name: of the file, where mails are files. keys: see `oauth`, where the URL has a user and no
    password. Raises SendFailed."""
    if urlsplit(url).scheme == "file":
        _write(Path(unquote(urlsplit(url).path)), name, mail)
    elif urlsplit(url).scheme in PORTS:
        _post(_Way(url, keys or {}), sender, recipient, mail)
    else:
        raise SendFailed("the mail server's URL is not one of ours")


def check(url: str, *, keys: Mapping[str, str] | None = None) -> str:
    """Signs in, sends nothing. The server's name, "" where mails are files. Raises SendFailed."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
        if not (there.is_dir() and os.access(there, os.W_OK)):
            raise SendFailed("the outbox can't be written")
        return ""
    if parts.scheme not in PORTS:
        raise SendFailed("the mail server's URL is not one of ours")
    with _connected(_Way(url, keys or {}), clock := _Clock()) as server:
        clock.apply(server)
        try:
            _accepted(server.noop(), "NOOP")
        except (OSError, smtplib.SMTPException) as error:
            raise SendFailed(f"connection lost: {_said(error)}") from error
    return parts.hostname or "localhost"


def _write(folder: Path, name: str, mail: bytes) -> None:
    """The same name again replaces the same mail: nobody ever reads half a file."""
    path = folder / f"{safe_name(name)}.eml"
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise SendFailed(f"the outbox can't be written: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class _Way:
    url: str
    keys: Mapping[str, str] = field(repr=False)


class _Clock:
    """What is left of SECONDS, set on the connection before each step."""

    def __init__(self) -> None:
        self._ends_at = monotonic() + SECONDS

    def shorten(self, server: smtplib.SMTP) -> None:
        """For saying goodbye: what counts has been heard."""
        self._ends_at = min(self._ends_at, monotonic() + 2.0)
        self.apply(server)

    def apply(self, server: smtplib.SMTP) -> None:
        if server.sock is not None:
            server.sock.settimeout(max(0.1, self._ends_at - monotonic()))


def _post(way: _Way, sender: str, recipient: str, mail: bytes) -> None:
    clock = _Clock()
    with _connected(way, clock) as server:
        options = _options(server, sender, recipient, mail)
        clock.apply(server)
        try:
            _accepted(server.mail(sender, options), "sender")
            _accepted(server.rcpt(recipient), "recipient")
            _accepted(server.docmd("DATA"), "data", wanted=354)
            server.send(_dotted(mail))
        except (OSError, smtplib.SMTPException) as error:
            raise SendFailed(f"connection lost: {_said(error)}") from error
        try:  # from the final dot on the server may have taken the mail, whatever we hear
            clock.apply(server)
            server.send(b".\r\n")
            answer = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            cause = f"no answer after the mail was handed over: {_said(error)}"
            raise SendFailed(cause, unknown=True) from error
        _accepted(answer, "mail")


@contextmanager
def _connected(way: _Way, clock: _Clock) -> Iterator[smtplib.SMTP]:
    """Whatever fails up to here is the server's or the settings' trouble, not the mail's."""
    try:
        server = _signed_in(way, clock)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise SendFailed(f"mail server: {_said(error)}") from error
    try:
        yield server
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            clock.shorten(server)
            server.quit()
        server.close()


def _signed_in(way: _Way, clock: _Clock) -> smtplib.SMTP:
    parts = urlsplit(way.url)
    host, port = parts.hostname or "localhost", parts.port or PORTS[parts.scheme]
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        server = smtplib.SMTP_SSL(host, port, timeout=CONNECT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=CONNECT_SECONDS)
    try:
        clock.apply(server)
        server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp+tls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if parts.username and not parts.password and oauth.is_set(way.keys):
            _show_token(server, unquote(parts.username), way.keys)
        elif parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _show_token(server: smtplib.SMTP, user: str, keys: Mapping[str, str]) -> None:
    said = oauth.shown(user, oauth.token(keys).value)
    server.ehlo_or_helo_if_needed()
    try:
        server.auth("XOAUTH2", lambda challenge=None: "" if challenge else said)
    except smtplib.SMTPAuthenticationError as error:
        cause = f"the mail server refuses the token: {_said(error)}"
        raise SendFailed(cause, permanent=True, trouble=Trouble.ACCESS) from error


def _options(server: smtplib.SMTP, sender: str, recipient: str, mail: bytes) -> list[str]:
    """Raises SendFailed where the server can't carry such an address at all."""
    options = [f"SIZE={len(mail)}"] if server.has_extn("size") else []
    if not (sender + recipient).isascii():
        if not server.has_extn("smtputf8"):
            raise SendFailed("the mail server knows ASCII addresses only", permanent=True)
        options.append("SMTPUTF8")
        server.command_encoding = "utf-8"
    return options


def _dotted(mail: bytes) -> bytes:
    """Ready for DATA: each line that starts with a dot gets a second one (RFC 5321 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    return re.sub(rb"(?m)^\.", b"..", lines) + (b"" if lines.endswith(b"\r\n") else b"\r\n")


def _accepted(answer: tuple[int, bytes], what: str, *, wanted: int = 250) -> None:
    code, text = answer
    if code in {wanted, 251}:
        return
    said = text.decode("utf-8", "replace")[:300]
    raise SendFailed(f"{what} refused: {code} {said}", permanent=500 <= code < 600)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"{error.smtp_code} {text}"[:300]
    return (str(error) or type(error).__name__)[:300]
