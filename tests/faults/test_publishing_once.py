"""Publications under several workers and a worker that dies at the worst moment: each appears once,
counted at the provider; where that can't be promised it is unknown and not sent again."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.customer import MailServer
from tests.faults.system import System, await_that

pytestmark = pytest.mark.fault
MANY = 40

PLAN = """
import json
from datetime import timedelta
from django.utils import timezone
from conversations.channels.services import open_channel
from conversations.editorial import life
from crm.access.models import Role
from crm.access.services import grant
from crm.organisation.models import Department, Employee, Unit, User
from crm.values import AUTOMATION, Actor, Via
from uuid import uuid4
unit = Unit.objects.create(name="Plan")
place = Department.objects.create(name="Desk", unit=unit)
def person(name):
    email = f"{uuid4()}@brand.example"
    user = User.objects.create_user(email, "a long password", name=name)
    grant(user, Role.STAFF)
    Employee.objects.create(name=name, email=email, user=user, department=place)
    return Actor(user, Via.OWN, session=name + email)
ada, ben = person("Ada"), person("Ben")
channel = open_channel(unit, name="Page", by=AUTOMATION, **CHANNEL)
before = timezone.now() - timedelta(days=3)
made = []
for number in range(NUMBER):
    soon = timezone.now() + WAIT
    row = life.plan(channel, text=f"Publication {number}", publish_at=soon, by=ada, at=before)
    life.submit(row, by=ada, at=before)
    life.approve(row, edition=1, by=ben, at=before)
    made.append(str(row.pk))
print(json.dumps(made))
"""
SCAN = """
import threading
from django.db import connections
from conversations.editorial.tasks import publish_due
def scan():
    publish_due()
    connections.close_all()
together = [threading.Thread(target=scan) for _ in range(4)]
[one.start() for one in together]
[one.join() for one in together]
print("0")
"""


class Page(ThreadingHTTPServer):
    """Takes publications and writes each request down before it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before_answer: Callable[[], None] = lambda: None
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: Page

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append(self.headers["webhook-id"])
        self.server.before_answer()
        body = json.dumps({"id": f"post-{self.headers['webhook-id']}"}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """The ledger is enough."""


@pytest.fixture
def page() -> Iterator[Page]:
    with Page() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _plan(system: System, channel: dict[str, object], number: int, wait: int = 0) -> list[str]:
    named = {"CHANNEL": repr(channel), "NUMBER": str(number), "WAIT": f"timedelta(seconds={wait})"}
    code = PLAN
    for name, value in named.items():
        code = code.replace(name, value)
    made: list[str] = system.shell(code)
    return made


def _webhook(page: Page) -> dict[str, object]:
    return {"kind": "webhook", "callback_url": page.url}


def _states(system: System, made: list[str]) -> Counter[str]:
    query = "SELECT state FROM conversations_publication WHERE id = ANY(%s::uuid[])"
    with system.database() as connection:
        return Counter(row[0] for row in connection.execute(query, [made]).fetchall())


def _blocked(system: System) -> bool:
    return bool(system.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))


def test_several_scans_at_once_publish_each_once(system: System, page: Page) -> None:
    made = _plan(system, _webhook(page), MANY, wait=6)
    time.sleep(6)
    system.shell(SCAN)  # beside the system's own workers
    await_that(lambda: _states(system, made) == {"published": MANY}, "all are out", within=60)
    time.sleep(5)
    assert Counter(page.asked) == Counter(made)


def test_a_worker_killed_among_many_loses_none_and_doubles_none(system: System, page: Page) -> None:
    page.before_answer = lambda: time.sleep(0.1)
    made = _plan(system, _webhook(page), MANY)
    await_that(lambda: len(page.asked) >= 5, "some are out", within=60)
    system.kill_part("worker")
    await_that(lambda: _states(system, made) == {"published": MANY}, "all are out", within=150)
    assert set(page.asked) == set(made)  # a repeat bears the same id: the page knows it
    assert len(page.asked) <= MANY + 4


def test_the_answer_came_and_the_worker_died_before_its_commit(system: System, page: Page) -> None:
    with system.database() as lock:

        def hold() -> None:
            query = "SELECT 1 FROM conversations_publication WHERE state = 'publishing' FOR UPDATE"
            lock.execute(query)

        page.before_answer = hold
        made = _plan(system, _webhook(page), 1)
        await_that(lambda: page.asked, "it was asked for", within=30)
        await_that(lambda: _blocked(system), "the worker waits to note it", within=10)
        system.kill_part("worker")
        page.before_answer = lambda: None
        lock.rollback()
    await_that(lambda: _states(system, made) == {"published": 1}, "again, same id", within=120)
    assert set(page.asked) == set(made)


def test_mail_whose_sender_died_after_the_250_is_unknown_and_never_sent_twice(
    system: System, mail_server: MailServer
) -> None:
    mail_server.received.clear()
    options = {"list_address": "news@brand.example"}
    channel = {"kind": "email", "address": "plan@brand.example", "options": options}
    with system.database() as lock:

        def hold() -> None:
            query = "SELECT 1 FROM conversations_publication WHERE state = 'publishing' FOR UPDATE"
            lock.execute(query)

        mail_server.before_answer = hold
        try:
            made = _plan(system, channel, 1)
            await_that(lambda: mail_server.received, "the mail went out", within=30)
            await_that(lambda: _blocked(system), "the worker waits to note it", within=10)
            system.kill_part("worker")
        finally:
            mail_server.before_answer = lambda: None
            lock.rollback()
    await_that(lambda: _states(system, made) == {"unknown": 1}, "shown as unknown", within=120)
    time.sleep(5)
    assert len(mail_server.received) == 1
