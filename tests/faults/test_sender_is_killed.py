"""The worker dies after the mail server said 250 and before we could note it."""

import time

import pytest

from tests.faults.customer import MailServer
from tests.faults.system import System, await_that

pytestmark = pytest.mark.fault

REPLY = """
import json
from conversations.channels.services import open_channel
from conversations.inbox.models import Conversation
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.access.services import grant
from crm.contacts.models import Contact, Identity
from crm.organisation.models import Department, Employee, Unit, User
from crm.values import AUTOMATION, Actor, Via
from django.utils import timezone
unit = Unit.objects.create(name="Fault")
channel = open_channel(unit, kind="email", name="F", address="fault@brand.example", by=AUTOMATION)
user = User.objects.create_user("f@brand.example", "a long password", name="F")
grant(user, Role.STAFF)
Employee.objects.create(
    name="F", email=user.email, user=user, department=Department.objects.create(name="D", unit=unit)
)
now = timezone.now()
contact = Contact.objects.create(name="Bob", occurred_at=now)
identity = Identity.objects.create(
    contact=contact, kind="email", handle="bob@home.example"
)
conversation = Conversation.objects.create(
    channel=channel, unit=unit, identity=identity, occurred_at=now, live=True
)
print(json.dumps(str(reply(conversation, text="Soon.", by=Actor(user, Via.OWN, session="s")).pk)))
"""


def test_a_mail_whose_sender_died_after_the_250_is_unknown_and_never_sent_twice(
    system: System, mail_server: MailServer
) -> None:
    mail_server.received.clear()
    with system.database() as lock:

        def hold() -> None:
            """Between the last byte and our 250: the outcome cannot be written any more."""
            lock.execute("SELECT 1 FROM conversations_delivery WHERE state = 'sending' FOR UPDATE")

        mail_server.before_answer = hold
        try:
            message = system.shell(REPLY)
            await_that(lambda: mail_server.received, "the mail went out", within=30)
            await_that(lambda: _blocked(system), "the worker waits to note it", within=10)
            system.kill_part("worker")
        finally:
            mail_server.before_answer = lambda: None
            lock.rollback()
    await_that(lambda: _state(system, message) == "unknown", "shown as unknown", within=90)
    time.sleep(5)
    assert len(mail_server.received) == 1


def _state(system: System, message: str) -> str:
    query = "SELECT state FROM conversations_delivery WHERE message_id = %s"
    return str(system.value(query, message))


def _blocked(system: System) -> bool:
    return bool(system.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))
