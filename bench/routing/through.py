"""The real path: envelopes are ingested, then their conversations are offered, in one process."""

from __future__ import annotations

import json
import time

from django.db import connection

from ambassadors.routing import stepping
from ambassadors.routing.models import Availability, Offer, RoutingCase, Rule
from conversations.channels import claiming
from conversations.channels.models import Channel, Envelope
from conversations.channels.services import open_channel
from conversations.inbox.models import Conversation
from crm import language
from crm.access.models import Role
from crm.access.services import grant
from crm.organisation.models import Department, Employee, Unit, User
from crm.values import AUTOMATION, uuid7

PEOPLE = 200
WITHOUT_LIMIT = 30_000


def main(*, conversations: int) -> None:
    language.load()  # as a worker does before it takes anything
    channel = _company()
    _envelopes(channel, conversations)
    begin = time.perf_counter()
    while Envelope.objects.filter(state="waiting").exists():
        claiming.ingest()
    ingested = Conversation.objects.count() / (time.perf_counter() - begin)
    begin = time.perf_counter()
    while stepping.adopt() or RoutingCase.objects.filter(state="seeking").exists():
        stepping.route()
    offered = Offer.objects.count() / (time.perf_counter() - begin)
    print(f"{conversations} conversations, {PEOPLE} ambassadors, one process, the real tables")
    print(f"new conversations {ingested:7.0f}/s   offers {offered:7.0f}/s", end="   ")
    print(f"ratio {offered / ingested:.2f} (goal 1)")


def _company() -> Channel:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE crm_unit, crm_user, crm_contact, conversations_envelope,"
            " ambassadors_rule CASCADE"
        )
    unit = Unit.objects.create(name="bench")
    place = Department.objects.create(name="bench", unit=unit)
    for number in range(PEOPLE):
        _ambassador(place, number)
    Rule.objects.create(name="everything")
    return open_channel(unit, kind="webhook", name="bench", by=AUTOMATION)


def _ambassador(place: Department, number: int) -> None:
    email = f"person-{number}@company.example"
    user = User(email=email, name=f"Person {number}")
    user.set_unusable_password()
    user.save()
    grant(user, Role.AMBASSADOR)
    employee = Employee.objects.create(name=user.name, email=email, department=place, user=user)
    Availability.objects.create(
        employee=employee, most_open=WITHOUT_LIMIT, most_weekly=WITHOUT_LIMIT
    )


def _envelopes(channel: Channel, conversations: int) -> None:
    event = {"type": "message.received", "timestamp": "2026-01-01T00:00:00Z"}
    Envelope.objects.bulk_create(
        Envelope(
            id=uuid7(),
            channel=channel,
            key=f"delivery-{number}",
            body=json.dumps(event | {"data": _message(number)}).encode(),
        )
        for number in range(conversations)
    )


def _message(number: int) -> dict[str, object]:
    return {
        "id": f"message-{number}",
        "thread": f"thread-{number}",
        "from": {"handle": f"person-{number}", "name": f"Person {number}"},
        "text": f"Bonjour, ma commande {number} n'est pas arrivée. Où en est-elle ? " * 3,
    }
