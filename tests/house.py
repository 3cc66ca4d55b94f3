"""A small company to test with, and the hands that act in it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from ambassadors.routing import tasks as routing_tasks
from ambassadors.routing.models import Availability, Rule
from conversations.channels import claiming
from conversations.channels.models import Channel
from conversations.channels.services import open_channel
from conversations.channels.wire import standard_webhooks
from conversations.inbox import tasks as inbox_tasks
from crm.access.models import Role
from crm.access.services import grant
from crm.organisation.models import Department, Employee, Unit, User
from crm.organisation.services import save_department, save_employee, save_unit
from crm.values import AUTOMATION, Actor, Via

_numbers = itertools.count(1)


@dataclass
class Somebody:
    user: User
    employee: Employee

    @property
    def acting(self) -> Actor:
        return Actor(self.user, Via.OWN, session=f"session of {self.user.pk}")


def unit(name: str = "Brand") -> Unit:
    return save_unit(Unit(name=name), by=AUTOMATION)


def department(of: Unit, name: str = "Workshop") -> Department:
    return save_department(Department(name=name, unit=of), by=AUTOMATION)


def somebody(of: Department, *roles: Role, name: str = "Ada") -> Somebody:
    number = next(_numbers)
    email = f"{name.lower()}.{number}@company.example"
    user = User.objects.create_user(email, "a long password", name=name)
    for role in roles:
        grant(user, role)
    employee = Employee(name=name, email=email, department=of, user=user)
    return Somebody(user, save_employee(employee, by=AUTOMATION))


def ambassador(of: Department, *, name: str = "Ada", **availability: Any) -> Somebody:
    person = somebody(of, Role.AMBASSADOR, name=name)
    Availability.objects.create(employee=person.employee, **availability)
    return person


def rule(name: str = "everything", **conditions: Any) -> Rule:
    return Rule.objects.create(name=name, **conditions)


def webhook_channel(of: Unit, **fields: Any) -> Channel:
    return open_channel(of, kind="webhook", name="Shop", by=AUTOMATION, **fields)


def mail_channel(of: Unit, address: str = "support@relais.example", **fields: Any) -> Channel:
    return open_channel(of, kind="email", name=address, address=address, by=AUTOMATION, **fields)


def message(message_id: str = "m1", text: str = "Where is my parcel?", **fields: Any) -> Any:
    return {
        "id": message_id,
        "thread": "t1",
        "from": {"handle": "bob", "name": "Bob"},
        "text": text,
        **fields,
    }


def event(data: Any) -> bytes:
    happened = {"type": "message.received", "timestamp": timezone.now().isoformat(), "data": data}
    return json.dumps(happened).encode()


def post_webhook(channel: Channel, body: bytes, *, delivery: str = "") -> HttpResponse:
    """A signed delivery, as a provider makes it."""
    message_id = delivery or f"delivery-{next(_numbers)}"
    headers = standard_webhooks.headers(channel.secret, message_id=message_id, body=body)
    headers.pop("content-type")
    client = Client(headers=headers)
    return client.post(f"/hooks/{channel.token}/", data=body, content_type="application/json")


def drain() -> None:
    """Everything that is due, as the worker's sweeps do it."""
    claiming.ingest()
    routing_tasks.route_due()
    inbox_tasks.deliver_due()
