"""Nobody is left to ask: a named role is told, once in each wait, and may answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ambassadors.governance.models import NamedRole
from ambassadors.routing import tasks
from ambassadors.routing.models import RoutingCase
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.errors import Forbidden
from tests import house
from tests.ambassadors.routing.mails import outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = tmp_path.as_uri()
    return tmp_path


@pytest.fixture
def desk(folder: Path) -> tuple[house.Somebody, house.Somebody]:
    """(of the role, not of it); somebody left the company and is in the role still."""
    home = house.unit()
    place = house.department(home)
    inside, outside = (house.somebody(place, Role.AMBASSADOR, name=name) for name in ("In", "Out"))
    role = NamedRole.objects.create(name="Evening desk")
    role.people.add(inside.employee)
    house.rule(overflow_role=role, patience_minutes=0)
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message(text="Where is my parcel?")))
    house.drain()
    return inside, outside


def test_the_role_is_told_once_and_may_answer(
    desk: tuple[house.Somebody, house.Somebody], folder: Path
) -> None:
    inside, outside = desk
    assert RoutingCase.objects.get().state == "overflowed"
    for _ in range(2):
        tasks.follow_up_due()
    (mail,) = outbox(folder)
    assert mail["To"].addresses[0].addr_spec == inside.user.email
    assert "> Where is my parcel?" in mail.get_content()
    conversation = Conversation.objects.get()
    assert not Conversation.objects.visible_to(outside.user).exists()
    with pytest.raises(Forbidden):
        reply(conversation, text="Hm.", by=outside.acting)
    assert not Message.objects.filter(direction="out").exists()
    reply(conversation, text="It left.", by=inside.acting)
    assert Message.objects.get(direction="out").author_employee == inside.employee
    assert "Evening desk" in RoutingCase.objects.get().reasons[-1]


def test_what_somebody_has_meanwhile_is_told_to_no_role(
    desk: tuple[house.Somebody, house.Somebody], folder: Path
) -> None:
    Conversation.objects.update(assignee=desk[1].employee)
    tasks.follow_up_due()
    assert outbox(folder) == []
    assert not Conversation.objects.visible_to(desk[0].user).exists()
