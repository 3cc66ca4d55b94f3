"""A new ambassador's answers wait for somebody else's approval, where a company wants it so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from ambassadors.governance import approvals, telling, vouching
from ambassadors.governance.corrections import correct
from ambassadors.governance.ladder import Ladder, Step
from ambassadors.governance.models import Correction, CorrectionKind, NamedRole
from ambassadors.governance.reading import drafts_of, waiting_for
from ambassadors.governance.standing import standing
from ambassadors.routing.services import assign
from conversations.channels.wire.contract import File
from conversations.inbox.models import Conversation, Message, Participant
from conversations.inbox.services import reply
from crm.access.models import Role, RoleGrant
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.models import Act
from crm.values import AUTOMATION, Actor, Via
from tests import house
from tests.api.hands import Caller

pytestmark = pytest.mark.django_db


class Company:
    """One unit with a ladder, an ambassador who has a conversation, and two of the staff."""

    def __init__(self, **terms: Any) -> None:
        self.unit = house.unit()
        place = house.department(self.unit)
        self.ada = house.ambassador(place)
        self.sam, self.tim = (self._staff(place, name) for name in ("Sam", "Tim"))
        self.ladder = Ladder.objects.create(unit=self.unit, **terms)
        self.channel = house.webhook_channel(self.unit)
        self.number = 0

    def _staff(self, place: Any, name: str) -> house.Somebody:
        person = house.somebody(place, name=name)
        RoleGrant.objects.create(user=person.user, role=Role.STAFF, unit=self.unit)
        return person

    def hear(self, thread: str) -> Conversation:
        self.number += 1
        said = house.message(f"m{self.number}", "Where is it?", thread=thread)
        house.post_webhook(self.channel, house.event(said))
        house.drain()
        return Conversation.objects.get(thread=thread)

    def written(self, text: str = "On its way.", thread: str = "t") -> Message:
        conversation = self.hear(thread)
        assign(conversation, employee=self.ada.employee, by=self.ada.acting)
        message = reply(conversation, text=text, by=self.ada.acting)
        if message.delivery.state == "held":
            approvals.ask(message, at=timezone.now())
        return message

    def state(self, message: Message) -> str:
        return str(Message.objects.get(pk=message.pk).delivery.state)


@pytest.fixture
def company() -> Company:
    return Company(threshold=2)


def test_without_a_ladder_or_with_one_switched_off_nothing_is_held(company: Company) -> None:
    Ladder.objects.update(active=False)
    assert company.state(company.written()) == "queued"
    Ladder.objects.all().delete()
    assert company.state(company.written(thread="u")) == "queued"


def test_the_files_of_an_answer_are_before_whoever_decides_on_it(
    company: Company, client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_URL = tmp_path.as_uri()
    conversation = company.hear("t")
    assign(conversation, employee=company.ada.employee, by=company.ada.acting)
    label = File("label.pdf", "application/pdf", b"%PDF label")
    message = reply(conversation, text="", files=[label], by=company.ada.acting)
    approvals.ask(message, at=timezone.now())
    telling.tell_due()
    [told, *_] = (str(path.read_text()) for path in sorted(tmp_path.glob("*.eml")))
    assert "label.pdf" in told
    [file] = message.attachments.all()
    staff = house.somebody(company.ada.employee.department, Role.STAFF, name="Cam")
    for person, page in (
        (staff, "/admin/ambassadors/ladder/approvals/"),
        (staff, f"/admin/conversations/conversation/{conversation.pk}/change/"),
        (company.sam, "/approvals/"),
        (company.ada, "/approvals/"),
    ):
        client.force_login(person.user)
        shown = client.get(page).content.decode()
        assert f'href="/files/{file.pk}/"' in shown, page
        download: Any = client.get(f"/files/{file.pk}/")
        assert b"".join(download.streaming_content) == label.data
    for caller, held in ((Caller(company.ada.user), "drafts"), (Caller(staff.user), "approvals")):
        [said] = caller.get(f"{held}/").json()["results"]
        assert [each["name"] for each in said["attachments"]] == ["label.pdf"]
        assert said["attachments"][0]["url"].endswith(f"/files/{file.pk}/")
    stranger = house.somebody(house.department(company.unit), name="Eve")
    client.force_login(stranger.user)
    assert client.get(f"/files/{file.pk}/").status_code == 404
    assert "label.pdf" not in client.get("/approvals/").content.decode()
    client.force_login(company.sam.user)
    form = {"text": "", "from": "approvals"}  # files need no words
    client.post(f"/approvals/{message.pk}/approve/", form)
    assert company.state(message) == "queued"


def test_an_answer_is_held_approved_and_then_sent(company: Company) -> None:
    message = company.written()
    house.drain()
    assert company.state(message) == "held"
    conversation = Conversation.objects.get()
    assert conversation.status == "open"
    assert conversation.waiting_since is not None
    assert list(waiting_for(company.sam.user)) == [message]
    assert list(drafts_of(company.ada.user)) == [message]
    approvals.approve(message, by=company.sam.acting)
    message = Message.objects.get(pk=message.pk)
    assert (message.delivery.state, message.approved_by) == ("queued", company.sam.employee)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.waiting_since) == ("waiting", None)
    assert list(Step.objects.order_by("pk").values_list("kind", flat=True)) == ["asked", "approved"]
    assert Act.objects.filter(verb="answer_approved", actor=company.sam.user).exists()


def test_staff_goes_by_no_ladder(company: Company) -> None:
    conversation = company.hear("t")
    assert company.state(reply(conversation, text="Hello", by=company.sam.acting)) == "queued"


def test_an_approver_may_change_the_words_and_the_first_ones_are_kept(company: Company) -> None:
    message = company.written("Its coming.")
    approvals.approve(message, by=company.sam.acting, text="It is coming.")
    assert Message.objects.get(pk=message.pk).text == "It is coming."
    step = Step.objects.get(kind="edited")
    assert (step.text, step.by) == ("Its coming.", company.sam.employee)


def test_nobody_approves_an_answer_of_their_own_whatever_their_role(company: Company) -> None:
    message = company.written()
    RoleGrant.objects.create(user=company.ada.user, role=Role.STAFF, unit=company.unit)
    with pytest.raises(Forbidden) as refused:
        approvals.approve(message, by=company.ada.acting)
    assert refused.value.code == "own_answer"
    assert company.state(message) == "held"
    assert not waiting_for(company.ada.user).exists()


def test_neither_a_machine_nor_a_stranger_approves(company: Company) -> None:
    message = company.written()
    stranger = house.ambassador(company.ada.employee.department)
    key = Actor(company.sam.user, Via.SERVICE, "key")
    for by in (AUTOMATION, key, stranger.acting):
        with pytest.raises(Forbidden):
            approvals.approve(message, by=by)
    assert company.state(message) == "held"
    assert Step.objects.count() == 1


def test_what_was_said_since_must_be_read_and_confirmed(company: Company) -> None:
    message = company.written()
    company.hear("t")
    with pytest.raises(Conflict) as refused:
        approvals.approve(message, by=company.sam.acting)
    assert refused.value.code == "stale"
    seen: Any = waiting_for(company.sam.user).get()
    company.hear("t")
    with pytest.raises(Conflict):  # yet another word: what was confirmed is not the newest
        approvals.approve(message, by=company.sam.acting, newest=seen.newest)
    assert company.state(message) == "held"
    seen = waiting_for(company.sam.user).get()
    approvals.approve(message, by=company.sam.acting, newest=seen.newest)
    assert company.state(message) == "queued"


def test_sent_back_it_is_the_authors_turn_and_then_the_approvers_again(company: Company) -> None:
    message = company.written()
    with pytest.raises(Invalid):
        approvals.send_back(message, comment=" ", by=company.sam.acting)
    approvals.send_back(message, comment="When?", by=company.sam.acting)
    assert not waiting_for(company.sam.user).exists()
    with pytest.raises(Conflict) as refused:
        approvals.approve(message, by=company.tim.acting)
    assert refused.value.code == "sent_back"
    with pytest.raises(Forbidden):
        approvals.rewrite(message, text="Mine now", by=company.sam.acting)
    company.hear("t")
    approvals.rewrite(message, text="It comes tomorrow.", by=company.ada.acting)
    approvals.approve(message, by=company.tim.acting)  # written after what was said: not stale
    message = Message.objects.get(pk=message.pk)
    assert (message.text, message.delivery.state) == ("It comes tomorrow.", "queued")
    kinds = ["asked", "sent_back", "rewritten", "approved"]
    assert list(Step.objects.order_by("pk").values_list("kind", flat=True)) == kinds


def test_a_dropped_answer_never_goes_out(company: Company) -> None:
    message = company.written()
    approvals.drop(message, by=company.ada.acting)
    house.drain()
    assert company.state(message) == "dropped"
    with pytest.raises(Conflict):
        approvals.approve(message, by=company.sam.acting)
    assert Conversation.objects.get().status == "open"


def test_trust_grows_by_answers_approved_as_written_and_then_they_go_at_once(
    company: Company,
) -> None:
    for number in range(3):  # the same words twice: once
        message = company.written("Same" if number < 2 else "Other", thread=f"t{number}")
        assert company.state(message) == "held"
        approvals.approve(message, by=company.sam.acting)
    assert company.state(company.written(thread="at once")) == "queued"


def test_an_edit_adds_nothing_and_mistakes_take_trust_away(company: Company) -> None:
    Ladder.objects.update(correction_cost=1)
    approvals.approve(company.written("a", "1"), by=company.sam.acting, text="A")
    for words in ("b", "c"):
        approvals.approve(company.written(words, words), by=company.sam.acting)
    company.ladder.refresh_from_db()
    assert standing(company.ada.employee, company.ladder).trusted
    sent = company.written("d", "d")
    Message.objects.filter(pk=sent.pk).update(sent_at=timezone.now())
    sent.refresh_from_db()
    correct(sent, kind=CorrectionKind.CORRECTED, by=company.sam.acting)
    trust = standing(company.ada.employee, company.ladder)
    assert (trust.points, trust.trusted, trust.lines[-1].change) == (1, False, -1)
    assert company.state(company.written("e", "e")) == "held"
    with pytest.raises(Conflict):
        correct(sent, kind=CorrectionKind.CORRECTED, by=company.sam.acting)
    assert Correction.objects.count() == 1


def test_what_was_never_sent_is_not_corrected_nor_by_a_stranger(company: Company) -> None:
    message = company.written()
    with pytest.raises(Conflict):
        correct(message, kind=CorrectionKind.WITHDRAWN, by=company.sam.acting)
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())
    message.refresh_from_db()
    stranger = house.ambassador(company.ada.employee.department)
    with pytest.raises(Forbidden):
        correct(message, kind=CorrectionKind.WITHDRAWN, by=stranger.acting)
    assert not Correction.objects.exists()


def test_somebody_of_the_staff_gives_their_word_but_not_for_themself(company: Company) -> None:
    with pytest.raises(Forbidden):
        vouching.vouch(company.ada.employee, trusted=True, by=company.ada.acting)
    vouching.vouch(company.ada.employee, trusted=True, by=company.sam.acting)
    assert company.state(company.written(thread="1")) == "queued"
    vouching.vouch(company.ada.employee, trusted=False, by=company.sam.acting)
    assert company.state(company.written(thread="2")) == "held"


def test_a_gate_that_fails_holds_and_the_sweep_finds_it(company: Company, settings: Any) -> None:
    settings.REPLY_GATES = ["tests.nowhere.gate"]
    message = reply(company.hear("t"), text="Hello", by=company.sam.acting)
    assert company.state(message) == "held"
    telling.tell_due()
    assert Step.objects.get().kind == "asked"
    assert list(waiting_for(company.tim.user)) == [message]


def test_the_named_role_sees_the_conversation_while_it_waits(company: Company) -> None:
    cleo = house.somebody(house.department(house.unit("Legal")), name="Cleo")
    role = NamedRole.objects.create(name="Mentors")
    role.people.add(cleo.employee, company.ada.employee)
    Ladder.objects.update(role=role)
    assert not Conversation.objects.visible_to(cleo.user).exists()
    message = company.written()
    assert Conversation.objects.visible_to(cleo.user).exists()
    assert list(waiting_for(cleo.user)) == [message]
    approving = Participant.objects.filter(role="approving")
    assert list(approving.values_list("user", flat=True)) == [cleo.user.pk]
    approvals.approve(message, by=cleo.acting)
    assert not Conversation.objects.visible_to(cleo.user).exists()


def test_approvers_and_authors_are_told_by_mail_once(
    company: Company, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_URL = tmp_path.as_uri()
    message = company.written()
    for _ in range(2):
        telling.tell_due()
    assert _told(tmp_path) == sorted([company.sam.user.email, company.tim.user.email])
    approvals.send_back(message, comment="When exactly?", by=company.sam.acting)
    for _ in range(2):
        telling.tell_due()
    mails = [mail.read_bytes() for mail in tmp_path.glob("*.eml")]
    (back,) = [mail for mail in mails if company.ada.user.email.encode() in mail]
    assert "When exactly?" in message_from_bytes(back, policy=policy.default).get_content()


def _told(folder: Path) -> list[str]:
    mails = [message_from_bytes(m.read_bytes(), policy=policy.default) for m in folder.iterdir()]
    return sorted(mail["To"].addresses[0].addr_spec for mail in mails)


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_wins() -> None:
    company = Company()
    message = company.written()

    def decide(person: house.Somebody) -> str:
        try:
            approvals.approve(Message.objects.get(pk=message.pk), by=person.acting)
        except Conflict as error:
            return error.code
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(decide, (company.sam, company.tim)))
    assert ends == ["decided", "won"]
    assert Step.objects.filter(kind="approved").count() == 1
