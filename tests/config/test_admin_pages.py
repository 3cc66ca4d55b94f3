"""Every page of the admin, for every kind of person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.test import Client
from django.utils import timezone

from ambassadors.governance.models import Policy, Training
from ambassadors.routing.models import Absence, Topic
from conversations.inbox.models import Conversation
from conversations.inbox.services import note, reply
from conversations.service_levels.models import Target
from conversations.service_levels.services import save_target
from crm.access.models import Role, RoleGrant
from crm.organisation.models import Calendar, User
from crm.organisation.services import save_calendar
from tests import house
from tests.conversations.knowledge import shelf

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)  # noqa: SLF001
NAMES = [model._meta.label_lower for model in MODELS]


def address(model: type[models.Model], page: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"


def furnished() -> house.Somebody:
    """A company in which there is something of everything."""
    home = house.unit()
    workshop = house.department(home)
    staff = house.somebody(workshop, Role.STAFF, name="Camille")
    ada = house.ambassador(workshop)
    house.rule()
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message()))
    house.drain()
    conversation = Conversation.objects.get()
    note(conversation, text="a note", by=staff.acting)
    reply(conversation, text="an answer", by=staff.acting)
    shelf.published("Parcels", text="They come by post.", by=staff)
    now = timezone.now()
    Absence.objects.create(employee=ada.employee, starts_at=now, ends_at=now + timedelta(days=1))
    Topic.objects.create(name="parcels", keywords=["parcel"])
    Policy.objects.create(name="Tone", version="1", occurred_at=now)
    Training.objects.create(employee=ada.employee, course="Tone", occurred_at=now)
    calendar = save_calendar(Calendar(name="Office"), by=staff.acting)
    save_target(Target(name="Everybody", calendar=calendar, first_answer="4 h"), by=staff.acting)
    return staff


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_every_page_opens_for_its_owner(client: Client, model: type[models.Model]) -> None:
    furnished()
    client.force_login(User.objects.create_superuser("root@company.example", "x", name="Root"))
    assert client.get(address(model)).status_code == 200
    assert client.get(f"{address(model)}?q=a").status_code == 200
    for row in model.objects.all()[:1]:
        for page in ("change/", "history/"):
            assert client.get(address(model, f"{row.pk}/{page}")).status_code == 200
    assert client.get(address(model, "add/")).status_code in {200, 403}


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_staff_opens_what_its_role_names(client: Client, model: type[models.Model]) -> None:
    staff = furnished()
    client.force_login(staff.user)
    may = f"{model._meta.app_label}.view_{model._meta.model_name}" in settings.STAFF_PERMISSIONS
    assert client.get(address(model)).status_code == (200 if may else 403)
    for row in model.objects.all()[:1]:
        page = client.get(address(model, f"{row.pk}/change/"))
        assert page.status_code == (200 if may else 403)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.AMBASSADOR, Role.EXECUTIVE])
def test_nobody_else_opens_any(client: Client, role: Role) -> None:
    furnished()
    person = house.somebody(house.department(house.unit("Other")), role)
    client.force_login(person.user)
    for model in MODELS:
        assert client.get(address(model)).status_code == 302
        assert client.get(address(model, "add/")).status_code == 302


_SCOPED = ["contact", "channel", "envelope", "delivery", "offer", "availability", "absence"]


@pytest.mark.django_db
@pytest.mark.parametrize("model", [m for m in MODELS if m._meta.model_name in _SCOPED])
def test_staff_of_another_unit_finds_no_row(client: Client, model: type[models.Model]) -> None:
    furnished()
    other = house.unit("Other")
    person = house.somebody(house.department(other), name="Olga")
    RoleGrant.objects.create(user=person.user, role=Role.STAFF, unit=other)
    User.objects.filter(pk=person.user.pk).update(is_staff=True)
    client.force_login(person.user)
    rows = list(model.objects.all()[:1])
    assert rows, "the company must be furnished with one"
    assert client.get(address(model)).context["cl"].result_count == 0
    assert (
        client.get(address(model, f"{rows[0].pk}/change/")).status_code == 302
    )  # gone, to the start


@pytest.mark.django_db
def test_staff_gives_itself_no_rights(client: Client) -> None:
    staff = furnished()
    client.force_login(staff.user)
    for page in ("crm/user/add/", "crm/rolegrant/add/", f"crm/user/{staff.user.pk}/password/"):
        assert client.post(f"/admin/{page}", {"is_superuser": "on"}).status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()
