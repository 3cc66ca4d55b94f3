"""Accepted and never answered: warned, taken back, offered to somebody else, told, counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from ambassadors.routing import services, tasks
from ambassadors.routing.models import Absence, Offer, OfferState, RoutingCase, Rule
from conversations.channels.models import Channel
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import close, reply, snooze
from tests import house
from tests.ambassadors.routing.mails import outbox

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2027-02-01T09:00:00+00:00")


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = tmp_path.as_uri()
    return tmp_path


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def people(clock: Any) -> dict[Any, house.Somebody]:
    """Two ambassadors; one of them accepted and has two hours, then half an hour of grace."""
    home = house.unit()
    place = house.department(home)
    both = [house.ambassador(place, name=name) for name in ("Ada", "Bea")]
    house.rule(answer_minutes=120, grace_minutes=30)
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message(text="Where is my parcel, please?")))
    Conversation.objects.update(waiting_since=START)
    house.drain()
    by_employee = {each.employee: each for each in both}
    Conversation.objects.update(waiting_since=START)
    offer = Offer.objects.get()
    services.accept(offer, by=by_employee[offer.employee].acting)
    return by_employee


def _sweep(clock: Any, **later: int) -> None:
    clock.move_to(START + timedelta(**later))
    tasks.follow_up_due()
    tasks.tell_due()
    tasks.route_due()


def test_a_warning_comes_before_the_conversation_is_taken_back(
    clock: Any, people: dict[Any, house.Somebody], folder: Path
) -> None:
    first = Offer.objects.get()
    _sweep(clock, minutes=119)
    assert outbox(folder) == []
    _sweep(clock, minutes=120)
    (warning,) = outbox(folder)
    assert warning["To"].addresses[0].addr_spec == people[first.employee].user.email
    assert "still waits for your answer" in warning.get_content()
    assert Conversation.objects.get().assignee == first.employee
    _sweep(clock, minutes=149)
    assert Offer.objects.get().state == OfferState.ACCEPTED
    _sweep(clock, minutes=150)
    first.refresh_from_db()
    assert (first.state, first.reason) == (OfferState.TAKEN_BACK, "not_answered")
    assert first.accepted_at == START
    second = Offer.objects.get(state=OfferState.OPEN)
    assert second.employee != first.employee
    assert "taken back" in " ".join(RoutingCase.objects.get().reasons)
    _sweep(clock, minutes=151)
    mails = {mail["To"].addresses[0].addr_spec: mail.get_content() for mail in outbox(folder)}
    assert "colleague is asked now" in mails[people[first.employee].user.email]
    assert "/accept/" in mails[people[second.employee].user.email]


def test_the_waiting_time_is_kept_and_the_sight_is_lost(
    clock: Any, people: dict[Any, house.Somebody], folder: Path
) -> None:
    first = Offer.objects.get()
    for minutes in (120, 150):
        _sweep(clock, minutes=minutes)
    conversation = Conversation.objects.get()
    assert (conversation.waiting_since, conversation.assignee) == (START, None)
    visible = Conversation.objects.visible_to(people[first.employee].user)
    assert not visible.exists()


def test_nobody_is_offered_twice_what_they_let_lie(
    clock: Any, people: dict[Any, house.Somebody], folder: Path
) -> None:
    for minutes in (120, 150):
        _sweep(clock, minutes=minutes)
    second = Offer.objects.get(state=OfferState.OPEN)
    services.decline(second, reason="no_time", by=people[second.employee].acting)
    _sweep(clock, minutes=160)
    assert not Offer.objects.filter(state=OfferState.OPEN).exists()
    assert RoutingCase.objects.get().state == "overflowed"


@pytest.mark.parametrize("end", ["answered", "closed", "reassigned"])
def test_what_was_answered_ended_or_given_on_is_not_taken_back(
    clock: Any, people: dict[Any, house.Somebody], folder: Path, end: str
) -> None:
    offer, conversation = Offer.objects.get(), Conversation.objects.get()
    ada = people.pop(offer.employee)
    (bea,) = people.values()
    clock.move_to(START + timedelta(minutes=5))
    if end == "answered":
        message = reply(conversation, text="It left.", by=ada.acting)
        services.answered(conversation, message, at=timezone.now())
        assert Offer.objects.get().answer_due_at is None
    elif end == "closed":
        close(conversation, by=ada.acting)
    else:
        services.assign(conversation, employee=bea.employee, by=bea.acting)
    for minutes in (120, 150, 300):
        _sweep(clock, minutes=minutes)
    offer.refresh_from_db()
    assert (offer.state, offer.warned_at, offer.answer_due_at) == (OfferState.ACCEPTED, None, None)
    assert outbox(folder) == []


def test_an_answer_whose_signal_was_lost_still_ends_the_wait(
    clock: Any, people: dict[Any, house.Somebody], folder: Path
) -> None:
    offer, conversation = Offer.objects.get(), Conversation.objects.get()
    clock.move_to(START + timedelta(minutes=5))
    reply(conversation, text="It left.", by=people[offer.employee].acting)
    Conversation.objects.update(status="open", waiting_since=timezone.now())  # they wrote again
    for minutes in (120, 150):
        _sweep(clock, minutes=minutes)
    assert Offer.objects.get().state == OfferState.ACCEPTED
    assert Message.objects.filter(direction="out").count() == 1


def test_a_snoozed_conversation_is_asked_about_when_it_wakes(
    clock: Any, people: dict[Any, house.Somebody], folder: Path
) -> None:
    offer = Offer.objects.get()
    until = START + timedelta(days=1)
    snooze(Conversation.objects.get(), until=until, by=people[offer.employee].acting)
    _sweep(clock, minutes=120)
    offer.refresh_from_db()
    assert (offer.answer_due_at, offer.warned_at) == (until, None)


def test_a_rule_may_let_people_keep_what_they_accept(
    clock: Any, people: dict[Any, house.Somebody]
) -> None:
    offer = Offer.objects.get()
    assert offer.answer_due_at == START + timedelta(minutes=120)
    services.assign(
        Conversation.objects.get(),
        employee=offer.employee,
        by=people[offer.employee].acting,
    )
    assert Offer.objects.exclude(pk=offer.pk).get().answer_due_at is None
    house.rule("keeps", answer_minutes=0)
    RoutingCase.objects.update(rule=Rule.objects.get(name="keeps"))
    Offer.objects.filter(pk=offer.pk).update(state="open", accepted_at=None, answer_due_at=None)
    services.accept(offer, by=people[offer.employee].acting)
    offer.refresh_from_db()
    assert offer.answer_due_at is None


def test_after_an_absence_one_mail_says_everything_that_waits(
    clock: Any, folder: Path, people: dict[Any, house.Somebody]
) -> None:
    home = Conversation.objects.get().unit
    cleo = house.ambassador(house.department(home, "Lab"), name="Cleo")
    giver = next(iter(people.values()))
    Rule.objects.all().delete()
    channel = Channel.objects.get()
    from_now = START + timedelta(days=2)
    Absence.objects.create(employee=cleo.employee, starts_at=START, ends_at=from_now)
    for number in range(3):
        said = house.message(f"n{number}", f"Question {number}?", thread=f"n{number}")
        house.post_webhook(channel, house.event(said))
    house.drain()
    for conversation in Conversation.objects.filter(assignee=None):
        offer = services.assign(conversation, employee=cleo.employee, by=giver.acting)
        tasks.tell_offers(str(offer.pk))
    assert outbox(folder) == []
    clock.move_to(from_now)
    tasks.tell_due()
    (digest,) = outbox(folder)
    for number in range(3):
        assert f"Question {number}?" in digest.get_content()
    assert digest.get_content().count("/accept/") == 3
    assert "3 things" in digest["Subject"]
