"""The mail server of a customer: keeps what arrives, and can be told to act before it says 250."""

from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.supervisor import ports


class MailServer:
    def __init__(self) -> None:
        self.received: list[Message] = []
        self.before_answer: Callable[[], None] = lambda: None
        self._port = ports.free(20_025)
        self._controller = Controller(self, hostname=ports.HOST, port=self._port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://{ports.HOST}:{self._port}"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.received.append(message_from_bytes(envelope.content))
        self.before_answer()
        return "250 OK"
