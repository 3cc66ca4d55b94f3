"""The sample company on a fresh installation: it lives, and an ambassador can be asked."""

import io
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from knox.auth import TokenAuthentication

from ambassadors.routing import candidates
from config.sample.installing import ensure_sample
from conversations.channels.models import Channel, Source
from conversations.editorial.models import Publication
from conversations.inbox.models import Conversation, Delivery, Status
from conversations.listening.models import Watch
from crm.access.models import Role
from crm.access.services import roles_of
from crm.organisation.models import Employee, Unit, User
from tests.config.history.files import counts

pytestmark = pytest.mark.django_db


def test_a_fresh_installation_gets_people_channels_and_a_living_inbox(tmp_path: Path) -> None:
    assert ensure_sample(tmp_path, out=io.StringIO())
    file = tmp_path / "sample.json"
    assert file.stat().st_mode & 0o777 == 0o600
    facts = json.loads(file.read_text())

    for role, person in facts["people"].items():
        user = User.objects.get(email=person["email"])
        assert roles_of(user) == {Role(role)}
        assert Client().login(username=person["email"], password=person["password"])
        known, _ = TokenAuthentication().authenticate_credentials(person["token"].encode())
        assert known == user

    for kind, told in facts["channels"].items():
        channel = Channel.objects.get(pk=told["id"])
        assert (channel.kind, channel.owned, channel.is_open) == (kind, True, True)
        assert Source.objects.filter(channel=channel).exists()
    assert facts["channels"]["webhook"]["secret"].startswith("whsec_")
    assert facts["channels"]["webhook"]["url"].startswith("/")
    assert facts["channels"]["email"]["address"] == "support@relais.localhost"

    assert Conversation.objects.filter(status=Status.OPEN).count() >= 12
    assert Conversation.objects.filter(status=Status.WAITING).count() >= 5
    assert not Conversation.objects.filter(live=True).exists()
    assert not Delivery.objects.exists()
    only_the_ambassador_is_asked(facts)
    planned = Publication.objects.filter(key=None)
    states = set(planned.values_list("state", flat=True))
    assert states == {"draft", "submitted", "approved", "published"}
    help_centre = Client().get("/help/bivouac/").content.decode()
    assert "Laver un duvet" in help_centre
    assert Watch.objects.count() == 1

    before = counts()
    assert not ensure_sample(tmp_path, out=io.StringIO())
    assert counts() == before

    file.unlink()  # as if the first start had been cut off before its end
    assert ensure_sample(tmp_path, out=io.StringIO())
    assert counts() == before | {"crm_act": before["crm_act"] + len(facts["people"])}  # new tokens
    assert json.loads(file.read_text())["channels"] == facts["channels"]


def only_the_ambassador_is_asked(facts: dict) -> None:
    conversation = Conversation.objects.filter(status=Status.OPEN).first()
    since = conversation.occurred_at
    people = candidates.people(at=since).known.values()
    asked = [Employee.objects.get(pk=person.employee_id).user.email for person in people]
    assert asked == [facts["people"]["ambassador"]["email"]]


def test_a_database_with_data_is_left_alone(tmp_path: Path) -> None:
    Unit.objects.create(name="Ours")
    before = counts()
    assert not ensure_sample(tmp_path, out=io.StringIO())
    assert counts() == before
    assert not list(tmp_path.iterdir())


def test_production_never_gets_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LOCAL", False)
    with pytest.raises(ImproperlyConfigured):
        ensure_sample(tmp_path, out=io.StringIO())
    assert not Unit.objects.exists()
