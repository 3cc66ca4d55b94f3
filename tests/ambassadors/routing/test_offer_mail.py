"""An offer's mail: its links act once, for one person, and never by being opened."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from ambassadors.routing import services, telling
from ambassadors.routing.models import Availability, Offer, OfferState
from conversations.inbox.models import Conversation
from crm.journal.models import Act
from tests import house
from tests.ambassadors.routing.mails import link, outbox
from tests.rows import row_counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = tmp_path.as_uri()
    return tmp_path


@pytest.fixture
def ada() -> house.Somebody:
    home = house.unit()
    person = house.ambassador(house.department(home))
    house.rule(offer_minutes=60)
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message(text="Where is my parcel, please?")))
    house.drain()
    return person


@pytest.fixture
def mail(ada: house.Somebody, folder: Path) -> EmailMessage:
    telling.tell(Offer.objects.get().pk)
    (only,) = outbox(folder)
    return only


def test_the_link_to_accept_works_without_a_sign_in_and_is_the_persons_own_act(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    client = Client()
    shown = client.get(link(mail, "accept"))
    assert shown.status_code == 200
    assert "Where is my parcel, please?" in shown.content.decode()
    done = client.post(link(mail, "accept"))
    assert (done.status_code, dict(client.cookies)) == (200, {})
    offer = Offer.objects.get()
    assert (offer.state, offer.via) == (OfferState.ACCEPTED, "own")
    act = Act.objects.get(verb="offer_accepted")
    assert (act.actor, act.via, act.session[:5]) == (ada.user, "own", "link:")
    assert Conversation.objects.get().assignee == ada.employee


def test_looking_at_the_links_changes_nothing(mail: EmailMessage) -> None:
    before = row_counts(), Offer.objects.values().get()
    for act in ("accept", "decline"):
        for method in ("get", "head"):
            assert getattr(Client(), method)(link(mail, act)).status_code == 200
    assert (row_counts(), Offer.objects.values().get()) == before


def test_the_link_to_decline_asks_for_a_known_reason(mail: EmailMessage) -> None:
    where = link(mail, "decline")
    refused = Client().post(where, {"reason": "bored", "comment": "x"})
    assert refused.status_code == 400
    assert Offer.objects.get().state == OfferState.OPEN
    done = Client().post(where, {"reason": "not_my_topic", "comment": "Ask Bea."})
    assert done.status_code == 200
    offer = Offer.objects.get()
    assert (offer.state, offer.reason, offer.comment) == (
        OfferState.DECLINED,
        "not_my_topic",
        "Ask Bea.",
    )


def test_a_used_link_shows_what_happened_and_acts_no_more(mail: EmailMessage) -> None:
    Client().post(link(mail, "decline"), {"reason": "other"})
    before = row_counts(), Offer.objects.values().get()
    for act in ("accept", "decline"):
        for answer in (Client().get(link(mail, act)), Client().post(link(mail, act))):
            assert answer.status_code == 410
            assert "declined already" in answer.content.decode()
    assert (row_counts(), Offer.objects.values().get()) == before


def test_a_link_ends_with_its_offer(mail: EmailMessage) -> None:
    before = row_counts()
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        answer = Client().post(link(mail, "accept"))
        assert (answer.status_code, "ran out" in answer.content.decode()) == (410, True)
    assert row_counts() == before
    services.withdraw(Conversation.objects.get(), at=timezone.now())
    withdrawn = Client().post(link(mail, "accept"))
    assert (withdrawn.status_code, "withdrawn" in withdrawn.content.decode()) == (410, True)
    assert Offer.objects.get().accepted_at is None


def test_a_link_that_was_changed_or_belongs_to_another_person_is_refused(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    bea = house.ambassador(ada.employee.department, name="Bea")
    where = link(mail, "accept")
    before = row_counts()
    assert Client().post(where.replace("/offer/", "/offer/x")).status_code == 404
    assert Client().post("/offer/nonsense/accept/").status_code == 404
    Offer.objects.update(employee=bea.employee)
    assert Client().post(where).status_code == 404
    assert Offer.objects.get().state == OfferState.OPEN
    assert row_counts() == before


@pytest.mark.parametrize("end", ["left", "closed"])
def test_a_link_of_somebody_who_is_gone_is_refused(
    mail: EmailMessage, ada: house.Somebody, end: str
) -> None:
    if end == "left":
        ada.employee.left_at = timezone.now()
        ada.employee.save()
    else:
        ada.user.is_active = False
        ada.user.save()
    assert Client().post(link(mail, "accept")).status_code == 404
    assert Offer.objects.get().state == OfferState.OPEN


def test_without_a_mail_channel_the_mail_has_its_links_only(mail: EmailMessage) -> None:
    assert mail["Reply-To"] is None
    assert "reply" not in mail.get_content()


def test_the_mail_and_the_page_speak_the_persons_language(
    ada: house.Somebody, folder: Path
) -> None:
    ada.user.language = "fr"
    ada.user.save()
    telling.tell(Offer.objects.get().pk)
    (mail,) = outbox(folder)
    page = Client(headers={"Accept-Language": "en"}).get(link(mail, "accept"))
    assert 'lang="fr"' in page.content.decode()


def test_outside_the_persons_hours_the_mail_waits_until_they_begin(
    ada: house.Somebody, folder: Path
) -> None:
    hours = [{"day": day, "from": "09:00", "to": "17:00"} for day in range(5)]
    Availability.objects.update(hours=hours, timezone="Europe/Paris")
    Offer.objects.update(expires_at=None)
    with time_machine.travel("2027-03-28 21:00+02:00", tick=False):  # a Sunday evening
        telling.tell(Offer.objects.get().pk)
        telling.tell_due()
        assert outbox(folder) == []
    with time_machine.travel("2027-03-29 08:59+02:00", tick=False):
        telling.tell_due()
        assert outbox(folder) == []
    with time_machine.travel("2027-03-29 09:00+02:00", tick=False):
        telling.tell_due()
        telling.tell_due()
    assert len(outbox(folder)) == 1
