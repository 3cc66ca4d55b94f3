"""Several people and one conversation: versions, presence, invitations, taking over."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from conversations.inbox import presence, services
from conversations.inbox.models import Conversation, Message, Participant, Takeover
from conversations.inbox.tasks import tell_colleagues, tell_deadlines, watch_deadlines
from conversations.service_levels.models import Target
from conversations.service_levels.services import save_target
from crm.access.models import Role, RoleGrant
from crm.journal.models import Act
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller, a_key, hear
from tests.rows import row_counts

pytestmark = pytest.mark.django_db
PAGE = "/admin/conversations/conversation/"


class World:
    """One conversation that Ada has; Camille serves its unit, Eve is of another department."""

    def __init__(self) -> None:
        self.home = house.unit()
        self.shop = house.department(self.home)
        self.channel = house.webhook_channel(self.home)
        self.staff = house.somebody(self.shop, Role.STAFF, name="Camille")
        self.ada = house.somebody(self.shop, Role.AMBASSADOR, name="Ada")
        self.eve = house.somebody(house.department(self.home, "Lab"), Role.AMBASSADOR, name="Eve")
        self.conversation = hear(self.channel)
        self.path = f"conversations/{self.conversation.pk}"

    def owned(self) -> World:
        key = a_key()
        body = {"employee": str(self.ada.employee.pk)}
        assert (
            Caller(self.staff.user).post(f"{self.path}/assign/", body, key=key).status_code == 200
        )
        return self

    def now(self) -> Conversation:
        return Conversation.objects.get(pk=self.conversation.pk)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def outbox(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = (tmp_path / "outbox").as_uri()
    return tmp_path / "outbox"


def mails(folder: Path) -> list[EmailMessage]:
    paths = sorted(folder.glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


# --- versions ---------------------------------------------------------------------------------


def test_an_act_on_what_was_read_is_refused_once_it_changed(world: World) -> None:
    caller = Caller(world.staff.user)
    etag = caller.get(f"{world.path}/")["ETag"]
    services.note(world.conversation, text="a word", by=world.staff.acting)
    until = (timezone.now() + timedelta(days=1)).isoformat()
    acts = {
        "close": {},
        "snooze": {"until": until},
        "prioritise": {"priority": "high"},
        "messages": {"text": "Yes.", "kind": "reply"},
        "assign": {"employee": str(world.ada.employee.pk)},
    }
    before = row_counts(), Conversation.objects.values().get()
    for act, body in acts.items():
        headers = {"If-Match": etag, "Idempotency-Key": a_key()}
        refused = caller.ask("POST", f"{world.path}/{act}/", body, **headers)
        assert (refused.status_code, refused.json()["code"]) == (412, "changed")
    assert (row_counts(), Conversation.objects.values().get()) == before


def test_an_act_on_the_present_state_is_done_and_names_the_next_one(world: World) -> None:
    caller = Caller(world.staff.user)
    etag = caller.get(f"{world.path}/")["ETag"]
    body = {"priority": "high"}
    done = caller.ask("POST", f"{world.path}/prioritise/", body, **{"If-Match": etag})
    assert done.status_code == 200
    assert done["ETag"] == caller.get(f"{world.path}/")["ETag"] != etag
    for named in ("*", f'"x", {done["ETag"]}'):
        again = caller.ask("POST", f"{world.path}/prioritise/", body, **{"If-Match": named})
        assert again.status_code == 200
    assert caller.post(f"{world.path}/close/").status_code == 200  # asked for nothing, as before


def test_an_answer_to_less_than_was_said_is_held_up(client: Client, world: World) -> None:
    client.force_login(world.staff.user)
    page = client.get(f"{PAGE}{world.conversation.pk}/change/")
    seen = page.context["seen"]
    hear(world.channel, "Hello? Anybody?")
    form = {"text": "my long answer", "seen": seen}
    answer = client.post(f"{PAGE}{world.conversation.pk}/do/reply/", form)
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "the customer has written since you began; your text is kept" in said
    assert ">my long answer</textarea>" in said
    assert not Message.objects.filter(direction="out").exists()
    form["seen"] = answer.context["seen"]
    assert client.post(f"{PAGE}{world.conversation.pk}/do/reply/", form).status_code == 302


# --- presence -----------------------------------------------------------------------------------


def test_who_looks_and_who_writes_is_seen_by_the_others(world: World) -> None:
    world.owned()
    staff, ada = Caller(world.staff.user), Caller(world.ada.user)
    path = f"{world.path}/presence/"
    assert staff.ask("PUT", path, {"state": "viewing"}).json()["others"] == []
    told = ada.ask("PUT", path, {"state": "writing"}).json()
    assert told["others"] == [{"name": "Camille", "state": "viewing"}]
    assert told["owner"]["name"] == "Ada"
    assert staff.get(path).json()["others"] == [{"name": "Ada", "state": "writing"}]
    ada.ask("PUT", path, {"state": "away"})
    assert staff.get(path).json()["others"] == []
    assert staff.ask("PUT", path, {"state": "dancing"}).status_code == 400


def test_a_page_that_says_nothing_is_soon_forgotten(world: World, client: Client) -> None:
    client.force_login(world.staff.user)
    path = f"{PAGE}{world.conversation.pk}/presence/"
    presence.be(world.conversation.pk, world.ada.user, state="writing")
    others = client.post(path, {"state": "viewing"}).json()["others"]
    assert others == [{"name": "Ada", "state": "writing"}]
    with time_machine.travel(timezone.now() + timedelta(seconds=presence.LASTS + 2)):
        assert client.post(path, {"state": "viewing"}).json()["others"] == []
    client.force_login(world.eve.user)
    assert client.post(path, {"state": "viewing"}).status_code == 302  # not for her


def test_without_redis_nobody_is_seen_and_all_else_goes_on(
    world: World, client: Client, settings: Any
) -> None:
    dead = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"default": dead}
    client.force_login(world.staff.user)
    try:
        answer = client.post(f"{PAGE}{world.conversation.pk}/presence/", {"state": "viewing"})
        assert (answer.status_code, answer.json()) == (200, {"others": []})
        assert client.get(f"{PAGE}{world.conversation.pk}/change/").status_code == 200
    finally:
        presence.ask_redis_again()


# --- invitations --------------------------------------------------------------------------------


def invite(world: World, by: house.Somebody, role: str) -> Any:
    body = {"employee": str(world.eve.employee.pk), "role": role}
    return Caller(by.user).post(f"{world.path}/invitations/", body, key=a_key())


def test_an_adviser_sees_this_one_conversation_and_only_notes(world: World, outbox: Path) -> None:
    world.owned()
    other = hear(world.channel, thread="other")
    eve = Caller(world.eve.user)
    assert eve.get(f"{world.path}/").status_code == 404
    assert invite(world, world.ada, "advising").status_code == 201
    assert [row["id"] for row in eve.get("conversations/").json()["results"]] == [
        str(world.conversation.pk)
    ]
    assert eve.get(f"conversations/{other.pk}/").status_code == 404
    assert eve.say(world.conversation, "It is the glue.", kind="note").status_code == 201
    before = row_counts()
    assert eve.say(world.conversation, "It is the glue.").status_code == 403
    assert eve.post(f"{world.path}/close/").status_code == 403
    body = {"employee": str(world.ada.employee.pk), "role": "helping"}
    assert eve.post(f"{world.path}/invitations/", body, key=a_key()).status_code == 403
    assert row_counts() == before
    tell_colleagues()
    tell_colleagues()
    [mail] = mails(outbox)
    assert mail["To"].addresses[0].addr_spec == world.eve.user.email
    assert "Ada asks you in" in mail["Subject"]
    assert "> Where is my parcel?" in mail.get_content()


def test_who_is_asked_in_to_answer_answers_until_it_ends(world: World) -> None:
    assert invite(world, world.staff, "helping").status_code == 201
    eve, staff = Caller(world.eve.user), Caller(world.staff.user)
    assert eve.say(world.conversation, "It is the glue.").status_code == 201
    [row] = staff.get(f"{world.path}/invitations/").json()["results"]
    assert (row["name"], row["role"], row["invited_by"]["name"]) == ("Eve", "helping", "Camille")
    assert row["employee"] == str(world.eve.employee.pk)
    assert eve.ask("DELETE", f"{world.path}/invitations/{row['id']}/").status_code == 403
    assert staff.ask("DELETE", f"{world.path}/invitations/{row['id']}/").status_code == 204
    assert staff.ask("DELETE", f"{world.path}/invitations/{row['id']}/").status_code == 404
    assert eve.get(f"{world.path}/").status_code == 404
    assert eve.say(world.conversation, "And").status_code == 404
    verbs = Act.objects.filter(subject_id=str(world.conversation.pk)).values_list("verb", flat=True)
    assert {"colleague_invited", "invitation_ended"} <= set(verbs)


def test_a_second_invitation_changes_what_for_and_assigning_ends_none(world: World) -> None:
    invite(world, world.staff, "advising")
    invite(world, world.staff, "helping")
    invite(world, world.staff, "helping")
    assert [row.role for row in Participant.objects.filter(user=world.eve.user)] == ["helping"]
    world.owned()
    assert Participant.objects.filter(user=world.eve.user, role="helping").exists()


def test_nobody_who_left_is_asked_in(world: World) -> None:
    world.eve.employee.left_at = timezone.now()
    world.eve.employee.save()
    before = row_counts()
    refused = invite(world, world.staff, "advising")
    assert row_counts() == before | {"knox_authtoken": 1}
    assert (refused.status_code, refused.json()["code"]) == (400, "cannot_answer")
    assert invite(world, world.staff, "approving").status_code == 400
    assert not Participant.objects.exists()


def test_staff_invites_and_ends_it_on_the_page(client: Client, world: World) -> None:
    client.force_login(world.staff.user)
    page = f"{PAGE}{world.conversation.pk}"
    form = {"employee": str(world.eve.employee.pk), "role": "advising"}
    assert client.post(f"{page}/do/invite/", form).status_code == 302
    shown = client.get(f"{page}/change/").content.decode()
    assert "advises" in shown
    row = Participant.objects.get(user=world.eve.user)
    client.post(f"{page}/do/uninvite/", {"participant": str(row.pk)})
    assert not Participant.objects.filter(user=world.eve.user).exists()


def test_an_adviser_on_staffs_site_notes_and_does_nothing_else(
    client: Client, world: World
) -> None:
    far = house.unit("Far")
    olga = house.somebody(house.department(far), name="Olga")
    RoleGrant.objects.create(user=olga.user, role=Role.STAFF, unit=far)
    olga.user.is_staff = True
    olga.user.save()
    client.force_login(olga.user)
    page = f"{PAGE}{world.conversation.pk}"
    assert client.get(f"{page}/change/").status_code == 404
    body = {"employee": str(olga.employee.pk), "role": "advising"}
    Caller(world.staff.user).post(f"{world.path}/invitations/", body, key=a_key())
    assert client.get(f"{page}/change/").status_code == 200
    assert client.post(f"{page}/do/note/", {"text": "glue"}).status_code == 302
    before = row_counts()
    for act in ("reply", "close", "invite", "force-takeover", "prioritise"):
        assert client.post(f"{page}/do/{act}/", {"text": "x"}).status_code == 404
    assert row_counts() == before


# --- taking over --------------------------------------------------------------------------------


def takeover(who: house.Somebody, world: World, act: str = "") -> Any:
    return Caller(who.user).post(f"{world.path}/takeover/{act}", key=a_key())


def test_the_owner_is_asked_and_hands_over(world: World, outbox: Path) -> None:
    world.owned()
    invite(world, world.staff, "helping")
    assert takeover(world.eve, world).status_code == 201
    assert takeover(world.eve, world).status_code == 201  # the same stands
    assert takeover(world.staff, world).json()["code"] == "asked_already"
    told = Caller(world.ada.user).get(f"{world.path}/presence/").json()["takeover"]
    assert (told["asker"]["name"], told["state"]) == ("Eve", "asked")
    assert takeover(world.staff, world, "agree/").json()["code"] == "not_yours"
    assert takeover(world.ada, world, "agree/").json()["state"] == "agreed"
    assert world.now().assignee == world.eve.employee
    assert Caller(world.ada.user).get(f"{world.path}/").status_code == 404
    assert Act.objects.filter(verb="conversation_taken_over").count() == 1
    tell_colleagues()
    assert "Ada has handed the conversation over to you." in mails(outbox)[-1].get_content()


def test_the_owner_may_keep_it_and_only_time_takes_it(world: World) -> None:
    world.owned()
    invite(world, world.staff, "helping")
    assert takeover(world.eve, world, "force/").json()["code"] == "ask_first"
    takeover(world.eve, world)
    assert takeover(world.ada, world, "refuse/").json()["state"] == "refused"
    assert world.now().assignee == world.ada.employee
    takeover(world.eve, world)
    before = Takeover.objects.values_list("state", flat=True).order_by("pk")[:]
    assert takeover(world.eve, world, "force/").json()["code"] == "too_early"
    assert list(before) == ["refused", "asked"]
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert takeover(world.eve, world, "force/").json()["state"] == "forced"
    assert world.now().assignee == world.eve.employee


def test_staff_takes_it_at_once_and_the_owner_is_told(world: World, outbox: Path) -> None:
    world.owned()
    assert takeover(world.staff, world, "force/").json()["state"] == "forced"
    assert world.now().assignee == world.staff.employee
    tell_colleagues()
    mail = mails(outbox)[-1]
    assert mail["To"].addresses[0].addr_spec == world.ada.user.email
    assert "Camille has taken your conversation over." in mail.get_content()


def test_what_was_asked_of_a_former_owner_lapses(world: World) -> None:
    world.owned()
    takeover(world.staff, world)
    body = {"employee": str(world.eve.employee.pk)}
    Caller(world.staff.user).post(f"{world.path}/assign/", body, key=a_key())
    assert takeover(world.eve, world, "agree/").json()["code"] == "not_asked"
    assert takeover(world.staff, world).status_code == 201
    assert sorted(Takeover.objects.values_list("state", flat=True)) == ["asked", "lapsed"]


def test_the_page_shows_the_owner_what_is_asked(client: Client, world: World) -> None:
    world.owned()
    client.force_login(world.staff.user)
    page = f"{PAGE}{world.conversation.pk}"
    assert "Ask to take over" in client.get(f"{page}/change/").content.decode()
    client.post(f"{page}/do/ask-takeover/")
    assert "has asked Ada to hand" in client.get(f"{page}/change/").content.decode()
    ada = Client()
    world.ada.user.is_staff = True
    world.ada.user.save()
    RoleGrant.objects.create(user=world.ada.user, role=Role.STAFF, unit=house.unit("Far"))
    ada.force_login(world.ada.user)
    assert (
        "Camille asks to take this conversation over" in ada.get(f"{page}/change/").content.decode()
    )
    ada.post(f"{page}/do/agree-takeover/")
    assert world.now().assignee == world.staff.employee


# --- deadlines are told -------------------------------------------------------------------------


def test_deadlines_are_told_once_in_one_mail_a_person(world: World, outbox: Path) -> None:
    save_target(Target(name="Everybody", first_answer="1 h"), by=AUTOMATION)
    world.owned()
    heard = [hear(world.channel, thread=f"t{number}") for number in range(3)]
    with time_machine.travel(timezone.now() + timedelta(minutes=50)):
        for _again in range(2):
            watch_deadlines()
            tell_deadlines()
    [mail] = [mail for mail in mails(outbox) if "deadlines" in mail["Subject"]]
    assert mail["To"].addresses[0].addr_spec == world.staff.user.email
    assert "3 deadlines are near or over" in mail["Subject"]
    assert all(str(conversation.pk) in mail.get_content() for conversation in heard)


def test_a_number_of_any_length_names_no_invitation(client: Client, world: World) -> None:
    client.force_login(world.staff.user)
    page = f"{PAGE}{world.conversation.pk}"
    for number in ("9" * 30, "9" * 5_000, "-1", "x", ""):
        assert client.post(f"{page}/do/uninvite/", {"participant": number}).status_code == 302
        if number.isdigit():
            path = f"{world.path}/invitations/{number}/"
            assert Caller(world.staff.user).ask("DELETE", path).status_code == 404
