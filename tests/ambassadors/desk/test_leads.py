"""A person's figures are for that person and their lead, and for nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from ambassadors.governance.ladder import Ladder
from ambassadors.routing.services import assign
from conversations.inbox.models import Conversation
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.organisation.models import Employee, EmployeeVersion, User
from crm.organisation.services import save_employee
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller

pytestmark = pytest.mark.django_db


class Company:
    """Lea leads Ada and nobody else; Max leads Lea."""

    def __init__(self) -> None:
        self.home = house.unit()
        place = house.department(self.home)
        self.max = house.somebody(place, name="Max")
        self.lea = house.somebody(place, name="Lea")
        self.ada = house.ambassador(place)
        self.bob = house.ambassador(place, name="Bob")
        self.sam = house.somebody(place, Role.STAFF, name="Sam")
        self.eve = house.somebody(place, Role.EXECUTIVE, name="Eve")
        self.root = house.somebody(place, name="Root")
        User.objects.filter(pk=self.root.user.pk).update(is_superuser=True, is_staff=True)
        self.root.user.refresh_from_db()
        self.led(self.lea, by=self.max)
        self.led(self.ada, by=self.lea)

    def led(self, person: house.Somebody, *, by: house.Somebody | None) -> None:
        person.employee.lead = by.employee if by else None
        save_employee(person.employee, by=AUTOMATION)

    def answered(self) -> None:
        channel = house.webhook_channel(self.home)
        house.post_webhook(channel, house.event(house.message()))
        house.drain()
        conversation = Conversation.objects.get()
        assign(conversation, employee=self.ada.employee, by=self.ada.acting)
        reply(conversation, text="By post.", by=self.ada.acting)


@pytest.fixture
def company() -> Company:
    return Company()


def read(person: house.Somebody, of: house.Somebody) -> tuple[Any, int]:
    """The answers that the API tells, and what the page says."""
    client = Client()
    client.force_login(person.user)
    said = Caller(person.user).get(f"people/{of.employee.pk}/statistics/")
    page = client.get(f"/my/people/{of.employee.pk}/")
    return (said.json().get("answers"), page.status_code)


def test_a_lead_sees_the_figures_of_their_people(company: Company) -> None:
    Ladder.objects.create(unit=company.home)
    company.answered()
    assert read(company.lea, company.ada) == (1, 200)
    listed = Caller(company.lea.user).get("people/").json()["results"]
    assert [row["name"] for row in listed] == ["Ada"]
    client = Client()
    client.force_login(company.lea.user)
    assert "The people you lead" in client.get("/my/").content.decode()
    page = client.get(f"/my/people/{company.ada.employee.pk}/").content.decode()
    assert "for this person and for you as their lead" in page
    assert "Their answers wait until a colleague has approved them." in page


def test_nobody_else_does_whatever_their_role(company: Company) -> None:
    others = (company.max, company.bob, company.sam, company.eve, company.root)
    for person in others:
        assert read(person, company.ada) == (None, 404)
        names = [row["name"] for row in Caller(person.user).get("people/").json()["results"]]
        assert names == (["Lea"] if person is company.max else [])
    assert read(company.ada, company.lea) == (None, 404)  # nor upwards
    assert read(company.ada, company.ada) == (None, 404)  # one's own stand at /my/figures/


def test_a_lead_of_a_lead_sees_one_step_down(company: Company) -> None:
    assert read(company.max, company.lea)[1] == 200
    assert read(company.max, company.ada)[1] == 404


def test_a_former_lead_and_one_who_left_see_nothing(company: Company) -> None:
    company.led(company.ada, by=company.bob)
    assert read(company.lea, company.ada) == (None, 404)
    assert read(company.bob, company.ada)[1] == 200
    company.bob.employee.left_at = timezone.now() - timedelta(days=1)
    save_employee(company.bob.employee, by=AUTOMATION)
    assert read(company.bob, company.ada) == (None, 403)  # who left has no pages at all


def test_a_person_is_told_who_sees_their_figures(company: Company) -> None:
    client = Client()
    client.force_login(company.ada.user)
    assert "those of your lead, Lea" in client.get("/my/figures/").content.decode()


def test_who_led_whom_is_dated(company: Company) -> None:
    company.led(company.ada, by=company.bob)
    versions = EmployeeVersion.objects.filter(employee=company.ada.employee)
    leads = versions.order_by("occurred_at").values_list("lead__name", flat=True)
    assert list(leads) == [None, "Lea", "Bob"]


def test_nobody_leads_themself(company: Company) -> None:
    company.ada.employee.lead = company.ada.employee
    with pytest.raises(ValidationError):
        company.ada.employee.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        save_employee(company.ada.employee, by=AUTOMATION)
    assert Employee.objects.get(pk=company.ada.employee.pk).lead == company.lea.employee
