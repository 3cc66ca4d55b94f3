"""Offers: one after another, one winner, and staff when nobody is left."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ambassadors.routing import services, stepping, tasks, telling
from ambassadors.routing.models import Absence, Offer, OfferState, RoutingCase, Topic
from conversations.inbox.models import Conversation, Delivery, Participant
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.models import Act
from tests import house


@pytest.fixture
def home() -> house.Unit:
    return house.unit()


def _asks(home: house.Unit, text: str = "Where is my parcel, please?") -> Conversation:
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message(text=text)))
    house.drain()
    return Conversation.objects.get(channel=channel)


@pytest.mark.django_db
def test_a_message_is_offered_accepted_and_answered(home: house.Unit) -> None:
    ada = house.ambassador(house.department(home))
    house.rule()
    conversation = _asks(home)
    offer = Offer.objects.get()
    assert (offer.employee, offer.state, offer.load) == (ada.employee, OfferState.OPEN, 0)
    assert offer.score == pytest.approx(sum(offer.parts.values()))
    with pytest.raises(Forbidden, match="accept"):
        reply(conversation, text="too early", by=ada.acting)
    assert not Delivery.objects.exists()
    services.accept(offer, by=ada.acting)
    message = reply(conversation, text="On its way.", by=ada.acting)
    conversation.refresh_from_db()
    assert conversation.assignee == ada.employee
    assert message.delivery.state == "queued"
    assert conversation.language == "en"
    company = ["unit", "department", "employee"]
    acts = Act.objects.exclude(subject_type__in=company).order_by("pk")
    verbs = acts.values_list("verb", flat=True)
    assert list(verbs) == ["channel_opened", "offer_made", "offer_accepted", "reply_written"]


@pytest.mark.django_db
def test_a_language_that_nobody_found_before_is_found_by_routing(home: house.Unit) -> None:
    house.ambassador(house.department(home))
    conversation = _asks(home, "Bonjour, ma commande n'est pas arrivée.")
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(language="")  # as what a person takes up from a mention comes in
    RoutingCase.objects.all().delete()
    house.rule(languages=["fr"])
    house.drain()
    assert (rows.get().language, Offer.objects.count()) == ("fr", 1)


@pytest.mark.django_db
def test_an_offer_gives_a_look_and_a_refusal_takes_it_away(home: house.Unit) -> None:
    ada = house.ambassador(house.department(home))
    house.rule()
    conversation = _asks(home)
    assert list(Conversation.objects.visible_to(ada.user)) == [conversation]
    services.decline(Offer.objects.get(), reason="no_time", by=ada.acting)
    assert not Conversation.objects.visible_to(ada.user).exists()


@pytest.mark.django_db
def test_a_refused_conversation_goes_to_the_next_person_and_keeps_its_age(
    home: house.Unit,
) -> None:
    place = house.department(home)
    people = {p.employee: p for p in (house.ambassador(place), house.ambassador(place))}
    house.rule()
    conversation = _asks(home)
    first = Offer.objects.get()
    services.decline(first, reason="not_my_topic", by=people[first.employee].acting)
    house.drain()
    second = Offer.objects.get(state=OfferState.OPEN)
    assert second.employee != first.employee
    since = conversation.waiting_since
    conversation.refresh_from_db()
    assert conversation.waiting_since == since
    services.decline(second, reason="other", comment="x", by=people[second.employee].acting)
    house.drain()
    case = RoutingCase.objects.get()
    assert case.state == "overflowed"
    assert "asked 2" in case.reasons[-1]


@pytest.mark.django_db
def test_an_unknown_reason_declines_nothing(home: house.Unit) -> None:
    ada = house.ambassador(house.department(home))
    house.rule()
    _asks(home)
    with pytest.raises(Invalid):
        services.decline(Offer.objects.get(), reason="bored", by=ada.acting)
    assert Offer.objects.get().state == OfferState.OPEN


@pytest.mark.django_db
def test_an_expired_offer_can_not_be_accepted_and_the_next_person_is_asked(
    home: house.Unit,
) -> None:
    place = house.department(home)
    people = {p.employee: p for p in (house.ambassador(place), house.ambassador(place))}
    house.rule(offer_minutes=30)
    _asks(home)
    first = Offer.objects.get()
    late = timezone.now() + timedelta(minutes=31)
    with pytest.raises(Conflict):
        services.accept(first, by=people[first.employee].acting, at=late)
    stepping.step(RoutingCase.objects.get(), at=late)
    first.refresh_from_db()
    assert first.state == OfferState.EXPIRED
    assert Offer.objects.get(state=OfferState.OPEN).employee != first.employee


@pytest.mark.django_db
def test_who_is_absent_or_full_or_of_another_topic_is_not_asked(home: house.Unit) -> None:
    place = house.department(home)
    now = timezone.now()
    Topic.objects.create(name="parcels", keywords=["parcel", "colis"])
    house.rule(topics=["parcels"])
    absent = house.ambassador(place, name="Absent")
    Absence.objects.create(employee=absent.employee, starts_at=now, ends_at=now + timedelta(days=1))
    house.ambassador(place, name="Full", most_open=0)
    house.ambassador(place, name="Other", topics=["bicycles"])
    house.ambassador(place, name="French", languages=["fr"])
    right = house.ambassador(place, name="Right", topics=["parcels"], languages=["en"])
    _asks(home)
    offer = Offer.objects.get()
    assert offer.employee == right.employee
    assert offer.parts["topic"] > 0
    assert offer.parts["language"] > 0


@pytest.mark.django_db
def test_without_a_rule_staff_finds_the_conversation(home: house.Unit) -> None:
    staff = house.somebody(house.department(home), Role.STAFF)
    conversation = _asks(home)
    assert RoutingCase.objects.get().state == "overflowed"
    assert list(Conversation.objects.visible_to(staff.user)) == [conversation]
    reply(conversation, text="Here we are", by=staff.acting)
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_assigning_by_hand_asks_for_an_own_acceptance(home: house.Unit) -> None:
    place = house.department(home)
    staff = house.somebody(place, Role.STAFF)
    ada = house.ambassador(place)
    conversation = _asks(home)
    offer = services.assign(conversation, employee=ada.employee, by=staff.acting)
    assert (offer.state, offer.accepted_at) == (OfferState.OPEN, None)
    conversation.refresh_from_db()
    assert conversation.assignee == ada.employee
    services.accept(offer, by=ada.acting)
    mine = services.assign(conversation, employee=staff.employee, by=staff.acting)
    assert mine.state == OfferState.ACCEPTED
    assert mine.via == "own"
    assert list(Participant.objects.values_list("user", flat=True)) == [staff.user.pk]


@pytest.mark.django_db(transaction=True)
def test_two_who_accept_at_once_get_one_winner(home: house.Unit) -> None:
    ada = house.ambassador(house.department(home))
    house.rule()
    _asks(home)
    offer = Offer.objects.get()

    def accept(_: int) -> str:
        try:
            services.accept(Offer.objects.get(pk=offer.pk), by=ada.acting)
        except Conflict as error:
            return error.code
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(accept, range(2)))
    assert ends == ["offer_gone", "won"]


@pytest.mark.django_db
def test_an_offer_is_told_by_mail_once_with_the_question_in_it(
    home: house.Unit, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_URL = tmp_path.as_uri()
    ada = house.ambassador(house.department(home))
    house.rule()
    _asks(home, "Où est mon colis ?")
    offer = Offer.objects.get()
    for _ in range(2):
        telling.tell(offer.pk)
    (mail,) = tmp_path.glob("*.eml")
    parsed = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert parsed["To"].addresses[0].addr_spec == ada.user.email
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert "> Où est mon colis ?" in parsed.get_content()


@pytest.mark.django_db(transaction=True)
def test_many_routers_at_once_make_one_offer(home: house.Unit) -> None:
    place = house.department(home)
    for name in ("Ada", "Bea", "Cleo"):
        house.ambassador(place, name=name)
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message()))
    house.drain()
    house.rule()
    RoutingCase.objects.update(state="seeking", due_at=timezone.now())
    start = threading.Barrier(8)

    def work(_: int) -> None:
        start.wait()
        try:
            tasks.route()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert Offer.objects.filter(state=OfferState.OPEN, live=True).count() == 1
    assert Participant.objects.count() == 1
    assert Act.objects.filter(verb="offer_made").count() == 1
