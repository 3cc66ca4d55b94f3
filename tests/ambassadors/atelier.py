"""A B2B company of sixty, small enough to live through half a year in a test: a desk that hands
out, departments of three that answer, and a clock that the test moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ambassadors.routing.models import Offer
from ambassadors.routing.services import accept, assign
from conversations.channels.models import Envelope
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.organisation.models import CompanyVersion, Unit
from crm.organisation.services import save_unit
from crm.values import AUTOMATION, Actor, Via
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.maturity.company import criterion

START = datetime.fromisoformat("2027-02-01T09:00:00+00:00")  # a Monday
JUDGED = START + timedelta(weeks=17)  # enough evaluations for a gate to open
HOUR = 3600


class Atelier:
    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.home = save_unit(Unit(name="Atelier", profile="b2b"), by=AUTOMATION)
        CompanyVersion.objects.create(name="Atelier", headcount=60, occurred_at=START)
        self.desk = house.somebody(house.department(self.home, "Desk"), Role.STAFF, name="Desk")
        self.workshop = self.department("Workshop")
        self.sales = self.department("Sales")
        self.channel = house.webhook_channel(self.home)
        self.number = 0

    def department(self, name: str) -> list[house.Somebody]:
        place = house.department(self.home, name)
        return [house.ambassador(place, name=f"{name}{number}") for number in range(3)]

    def week(self, number: int) -> None:
        self.clock.move_to(START + timedelta(weeks=number, hours=2))

    def asked(self) -> Conversation:
        self.number += 1
        name = f"q{self.number}"
        said = house.message(name, "Which glue?", thread=name, **{"from": {"handle": name}})
        house.post_webhook(self.channel, house.event(said))
        Envelope.objects.filter(state="waiting").update(received_at=timezone.now())
        house.drain()
        return Conversation.objects.get(thread=name)

    def offered(self, conversation: Conversation, person: house.Somebody) -> Offer:
        self.clock.shift(HOUR)
        return assign(conversation, employee=person.employee, by=self.desk.acting)

    def answers(
        self,
        conversation: Conversation,
        person: house.Somebody,
        *,
        via: Via = Via.OWN,
        text: str = "",
    ) -> Message:
        """Accepted as oneself; answered by that door; the provider took it."""
        accept(self.offered(conversation, person), by=person.acting)
        self.clock.shift(HOUR)
        said = text or f"The white one, {conversation.thread}."
        message = reply(conversation, text=said, by=Actor(person.user, via))
        self.arrived(message)
        self.clock.shift(HOUR)
        return message

    def arrived(self, message: Message) -> None:
        Delivery.objects.filter(message=message).update(state=DeliveryState.SENT)
        Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())

    def judged(self, id_: str) -> tuple[str, int]:
        self.clock.move_to(JUDGED)
        found = criterion(appraise(timezone.localdate(), reading=PastReading.CORRECTED), id_)
        return found["outcome"], found["k"]
