"""SMS: a message in, the reply out, its reports, through a real Kannel and its fake centre."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conversations.channels import claiming, connecting
from conversations.channels.accounts import forget_channels
from conversations.channels.models import Channel
from conversations.inbox import delivery
from conversations.inbox.models import Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.contacts.models import Consent
from crm.values import AUTOMATION
from tests import house
from tests.peers import peer
from tests.peers.prepare import FAKE_CENTRE, found

pytestmark = [pytest.mark.peer, pytest.mark.django_db(transaction=True)]
NUMBER, BOB, WORD = "+15557654321", "+15551234567", "aLongWordForTheDoor"
CONFIG = """
group = core
admin-port = {admin}
admin-password = {word}
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
log-file = "{here}/bearerbox.log"

group = smsc
smsc = fake
smsc-id = fake
port = {centre}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-chars = "0123456789 +-"
http-request-retry = 20
http-queue-delay = 1
log-file = "{here}/smsbox.log"

group = sendsms-user
username = relais
password = {word}

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{door}?id=%I&from=%p&to=%P&text=%b&charset=%C&at=%T"
"""


@dataclass
class Gateway:
    """The gateway runs while its block does; a person's telephone is the fake centre."""

    here: Path
    centre: int
    sendsms: int
    telephones: int = 0

    @contextmanager
    def telephone(self, text: str) -> Iterator[Path]:
        """Bob's: sends one message and then shows what it gets. Gives what it shows."""
        self.telephones += 1
        shown = self.here / f"telephone-{self.telephones}"
        said = f"{BOB} {NUMBER} text {text}"
        command = [FAKE_CENTRE, "-H", "127.0.0.1", "-r", str(self.centre), "-m", "1", said]
        with peer.running(command, log=shown, answers=shown.exists, cwd=self.here):
            yield shown


@contextmanager
def gateway(here: Path, door: str, sendsms: int) -> Iterator[Gateway]:
    ports = {name: peer.free_port() for name in ("admin", "box", "centre")}
    config = here / "kannel.conf"
    config.write_text(CONFIG.format(here=here, door=door, word=WORD, sendsms=sendsms, **ports))
    told = here / "bearerbox.log"

    def is_up() -> bool:  # its ports are left alone: a caller who says nothing kills it
        return told.exists() and "entering mainloop" in told.read_text(errors="replace")

    begun = {"bearerbox": is_up, "smsbox": partial(peer.listens, sendsms)}
    with ExitStack() as running:
        for box, answers in begun.items():
            command = [str(found(box)), str(config)]
            log = here / f"{box}.out"
            running.enter_context(peer.running(command, log=log, answers=answers, cwd=here))
        yield Gateway(here, ports["centre"], sendsms)


def connect(sendsms: int) -> Channel:
    values = {
        "number": NUMBER,
        "url": f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms",
        "username": "relais",
        "password": WORD,
        "word": WORD,
    }
    return connecting.connect(house.unit(), kind="kannel", name="SMS", values=values, by=AUTOMATION)


def heard(**of: Any) -> Message:
    def now() -> Message | None:
        claiming.ingest()
        return Message.objects.filter(direction="in", **of).first()

    return peer.eventually(now, what=f"{of}")


def test_a_message_in_the_reply_out_its_report_and_stop(
    live_server: Any, settings: Any, tmp_path: Path
) -> None:
    settings.BASE_URL = live_server.url
    forget_channels()
    sendsms = peer.free_port()
    channel = connect(sendsms)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    plain = live_server.url.removeprefix("http://")
    door = f"http://relais:{WORD}@{plain}/hooks/kannel/{channel.token}/"
    with gateway(tmp_path, door, sendsms) as running:
        health = connecting.probe(channel)
        assert health.works is True, health.cause
        with running.telephone("Where+is+my+parcel") as shown:
            message = heard(text__contains="parcel")
            identity = message.conversation.identity
            assert identity is not None
            assert identity.handle == BOB
            answer = reply(message.conversation, text="Arrivé à midi €", by=sam.acting)
            delivery.deliver(answer.pk)

            def arrived() -> bool:
                claiming.ingest()
                answer.delivery.refresh_from_db()
                return bool(answer.delivery.state == "delivered")

            peer.eventually(arrived, what="the report")
            peer.eventually(lambda: BOB in shown.read_text(errors="replace"), what="the reply")
            assert "midi" in shown.read_text(errors="replace")
        with running.telephone("STOP"):
            heard(text="STOP")
        assert Consent.objects.filter(identity=identity, given=False, source="stop").exists()
