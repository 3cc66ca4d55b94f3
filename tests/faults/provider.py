"""A provider that signs what it sends, repeats what was refused, and keeps a ledger of it all."""

import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from standardwebhooks import Webhook

from tests.faults.system import System, await_that

_numbers = itertools.count(1)


@dataclass
class Answer:
    message_id: str
    status: int  # 0: no answer at all
    seconds: float


@dataclass
class Provider:
    system: System
    path: str
    secret: str
    answers: list[Answer] = field(default_factory=list)

    def send(self, message_id: str = "", *, timeout: float = 20) -> Answer:
        message_id = message_id or f"m-{next(_numbers)}"
        body, headers = self._signed(message_id)
        request = urllib.request.Request(self.system.url + self.path, body, headers)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            status = 0
        noted = Answer(message_id, status, time.monotonic() - began)
        self.answers.append(noted)
        return noted

    def send_until_taken(self, message_id: str = "", *, within: float = 60) -> str:
        """What providers do with a refusal: the same message again."""
        message_id = message_id or f"m-{next(_numbers)}"
        deadline = time.monotonic() + within
        while not 200 <= self.send(message_id).status < 300:
            assert time.monotonic() < deadline, f"{message_id} was never taken"
            time.sleep(0.2)
        return message_id

    def _signed(self, message_id: str) -> tuple[bytes, dict[str, str]]:
        now = datetime.now(UTC)
        data = {
            "id": message_id,
            "thread": f"t-{message_id}",
            "from": {"handle": f"somebody-{message_id}", "name": "Somebody"},
            "text": "Where is my parcel?",
        }
        event = {"type": "message.received", "timestamp": now.isoformat(), "data": data}
        body = json.dumps(event)
        signature = Webhook(self.secret).sign(f"delivery-{message_id}", now, body)
        return body.encode(), {
            "content-type": "application/json",
            "webhook-id": f"delivery-{message_id}",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }

    @property
    def accepted(self) -> list[str]:
        return sorted({one.message_id for one in self.answers if 200 <= one.status < 300})

    @contextmanager
    def stream(self, *, pause: float = 0.05) -> Iterator[None]:
        """Messages keep coming, in another thread, each until it is taken."""
        enough = threading.Event()

        def run() -> None:
            while not enough.is_set():
                self.send_until_taken()
                time.sleep(pause)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    def stored(self) -> Counter[str]:
        with self.system.database() as connection:
            rows = connection.execute(
                "SELECT external_id FROM conversations_message"
                " WHERE direction = 'in' AND external_id = ANY(%s)",
                [self.accepted],
            ).fetchall()
        return Counter(row[0] for row in rows)

    def assert_each_is_there_once(self, *, within: float) -> float:
        """Nothing lost, nothing doubled; returns how many seconds it took."""
        expected = Counter(self.accepted)
        assert expected, "nothing was sent"
        seconds = await_that(
            lambda: len(self.stored()) == len(expected), "all taken in", within=within
        )
        assert self.stored() == expected
        return seconds
