"""The pages of a person who answers: no role of the staff is needed, from offer to answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ambassadors.governance import approvals, policies
from ambassadors.governance.ladder import Ladder, Step
from ambassadors.governance.models import EscalationRule, NamedRole
from ambassadors.governance.standing import standing
from ambassadors.governance.vouching import vouch
from ambassadors.routing.models import Absence, Availability, Offer, OfferState, Topic
from ambassadors.routing.services import assign
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.conversations.knowledge import shelf

pytestmark = pytest.mark.django_db


class Company:
    """An ambassador who knows of parcels, a colleague, and the staff."""

    def __init__(self) -> None:
        self.home = house.unit()
        place = house.department(self.home)
        Topic.objects.create(name="parcels", keywords=["parcel"])
        self.ada = house.ambassador(place, topics=["parcels"], levels={"parcels": 3})
        self.bob = house.somebody(place, name="Bob")
        self.sam = house.somebody(place, Role.STAFF, name="Sam")
        self.channel = house.webhook_channel(self.home)
        self.number = 0

    def hear(self, text: str = "Where is my parcel?", thread: str = "t1") -> Conversation:
        self.number += 1
        said = house.message(f"m{self.number}", text, thread=thread)
        house.post_webhook(self.channel, house.event(said))
        house.drain()
        return Conversation.objects.get(thread=thread)

    def offered(self) -> Offer:
        house.rule()
        self.hear()
        return Offer.objects.get(employee=self.ada.employee)

    def taken(self) -> Conversation:
        conversation = self.hear()
        assign(conversation, employee=self.ada.employee, by=self.ada.acting)
        return conversation


def window(person: house.Somebody) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def ada(company: Company) -> Client:
    return window(company.ada)


def test_who_works_here_is_led_to_their_own_page(company: Company, ada: Client) -> None:
    assert ada.get("/")["Location"] == "/my/"
    page = ada.get("/my/").content.decode()
    assert "Nothing is offered to you" in page
    assert "Your answers go out at once" in page


def test_an_offer_shows_the_question_and_why_it_came_to_this_person(
    company: Company, ada: Client
) -> None:
    offer = company.offered()
    page = ada.get("/my/").content.decode()
    assert "Where is my parcel?" in page
    assert "You know this topic: parcels (best)." in page
    assert str(offer.pk) in page
    assert "Where is my parcel?" not in window(company.bob).get("/my/").content.decode()


def test_accepting_leads_to_the_conversation_where_it_is_answered_and_closed(
    company: Company, ada: Client
) -> None:
    offer = company.offered()
    answer = ada.post(reverse("my_offer", args=[offer.pk, "accept"]))
    where = reverse("my_conversation", args=[offer.conversation_id])
    assert answer["Location"] == where
    page = ada.get(where)
    said = {"text": "It comes by post.", "seen": page.context["seen"], "then_close": "1"}
    ada.post(f"{where}reply/", said)
    message = Message.objects.get(direction="out")
    assert (message.text, message.author_employee, message.via) == (
        "It comes by post.",
        company.ada.employee,
        "own",
    )
    assert Conversation.objects.get().status == "closed"


def test_declining_asks_for_a_reason_and_may_note_an_absence(company: Company, ada: Client) -> None:
    offer = company.offered()
    where = reverse("my_offer", args=[offer.pk, "decline"])
    refused = ada.post(where, {"reason": "gone fishing", "comment": "Kept words"})
    assert refused.status_code == 400
    assert "Kept words" in refused.content.decode()
    last = (timezone.localdate() + timedelta(days=3)).isoformat()
    ada.post(where, {"reason": "absent", "away": last})
    offer.refresh_from_db()
    assert (offer.state, offer.reason) == (OfferState.DECLINED, "absent")
    assert Absence.objects.get().employee == company.ada.employee


def test_nobody_acts_on_an_offer_of_somebody_else(company: Company) -> None:
    offer = company.offered()
    for act in ("accept", "decline"):
        where = reverse("my_offer", args=[offer.pk, act])
        assert window(company.bob).post(where, {"reason": "other"}).status_code == 404
    offer.refresh_from_db()
    assert offer.state == OfferState.OPEN


def test_an_offer_that_ended_meanwhile_says_so(company: Company, ada: Client) -> None:
    offer = company.offered()
    Offer.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert "Where is my parcel?" not in ada.get("/my/").content.decode()
    late = ada.post(reverse("my_offer", args=[offer.pk, "accept"]))
    assert late.status_code == 409
    assert "this offer is gone" in late.content.decode()
    assert Conversation.objects.get().assignee is None


def test_who_may_not_see_a_conversation_finds_no_page_of_it(company: Company) -> None:
    conversation = company.taken()
    stranger = window(company.bob)
    where = reverse("my_conversation", args=[conversation.pk])
    assert stranger.get(where).status_code == 404
    for act in ("reply", "note", "close", "use"):
        assert stranger.post(f"{where}{act}/", {"text": "!"}).status_code == 404
    assert not Message.objects.filter(direction="out").exists()


def test_what_the_customer_wrote_meanwhile_keeps_the_text(company: Company, ada: Client) -> None:
    conversation = company.taken()
    where = reverse("my_conversation", args=[conversation.pk])
    seen = ada.get(where).context["seen"]
    company.hear("Never mind!")
    answer = ada.post(f"{where}reply/", {"text": "My long answer", "seen": seen})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "My long answer" in page
    assert "Never mind!" in page
    assert not Message.objects.filter(direction="out").exists()


def test_an_article_is_put_into_the_answer_and_counted(company: Company, ada: Client) -> None:
    article = shelf.published("Parcels", text="Parcels come by post.", by=company.sam)
    conversation = company.taken()
    where = reverse("my_conversation", args=[conversation.pk])
    assert "Parcels come by post." in ada.get(where).content.decode()
    page = ada.post(f"{where}use/", {"text": "Hello,", "use": str(article.pk)})
    assert page.context["text"] == "Hello,\n\nParcels come by post."
    said = {"text": page.context["text"], "articles": [str(article.pk)]}
    ada.post(f"{where}reply/", said)
    assert Message.objects.get(direction="out").articles == [article.pk]


def test_a_held_answer_shows_its_state_and_the_rule_and_is_written_anew(
    company: Company, ada: Client
) -> None:
    Ladder.objects.create(unit=company.home, threshold=5)
    conversation = company.taken()
    where = reverse("my_conversation", args=[conversation.pk])
    page = ada.post(f"{where}reply/", {"text": "Its coming."}, follow=True).content.decode()
    assert "A colleague approves it, then it goes out." in page
    message = Message.objects.get(direction="out")
    approvals.ask(message, at=timezone.now())
    approvals.send_back(message, comment="Say when.", by=company.sam.acting)
    mine = ada.get("/my/").content.decode()
    assert "sent back to you" in mine
    assert "0 of 5" in mine
    assert "With 5 your answers go out at once" in mine
    assert "Say when." in ada.get(where).content.decode()
    again = reverse("own_approval_act", args=[message.pk, "rewrite"])
    back = ada.post(again, {"text": "It comes on Monday.", "from": "conversation"})
    assert back["Location"] == where
    message.refresh_from_db()
    assert (message.text, message.delivery.state) == ("It comes on Monday.", "held")


def test_an_approver_without_the_staffs_role_decides_on_a_page_of_their_own(
    company: Company,
) -> None:
    role = NamedRole.objects.create(name="Mentors")
    role.people.add(company.bob.employee, company.ada.employee)
    Ladder.objects.create(unit=company.home, role=role)
    conversation = company.taken()
    message = reply(conversation, text="Its coming.", by=company.ada.acting)
    approvals.ask(message, at=timezone.now())
    bob = window(company.bob)
    assert bob.get("/admin/ambassadors/ladder/approvals/").status_code == 302  # not for him
    page = bob.get("/approvals/").content.decode()
    assert page.count("Its coming.") == 2  # side by side
    assert "Where is my parcel?" in page
    ada = window(company.ada).get("/approvals/").content.decode()
    assert "data-approval" not in ada  # never one's own
    assert "Its coming." in ada
    act = reverse("own_approval_act", args=[message.pk, "approve"])
    assert window(company.ada).post(act).status_code == 302
    assert Delivery.objects.get(message=message).state == DeliveryState.HELD
    bob.post(act, {"text": "It is coming."})
    message.refresh_from_db()
    assert (message.text, message.approved_by) == ("It is coming.", company.bob.employee)
    assert Step.objects.filter(kind="edited", by=company.bob.employee).exists()


def test_an_approver_sends_back_with_a_comment(company: Company) -> None:
    role = NamedRole.objects.create(name="Mentors")
    role.people.add(company.bob.employee)
    Ladder.objects.create(unit=company.home, role=role)
    message = reply(company.taken(), text="Its coming.", by=company.ada.acting)
    approvals.ask(message, at=timezone.now())
    bob = window(company.bob)
    bob.post(reverse("own_approval_act", args=[message.pk, "send-back"]), {"comment": "When?"})
    assert Step.objects.get(kind="sent_back").comment == "When?"
    assert "data-approval" not in bob.get("/approvals/").content.decode()


def test_the_staffs_queue_offers_no_decision_that_would_be_refused(company: Company) -> None:
    role = NamedRole.objects.create(name="Legal")
    role.people.add(company.bob.employee)
    EscalationRule.objects.create(name="Parcels", role=role, keywords=["parcel"])
    message = reply(company.taken(), text="Its coming.", by=company.ada.acting)
    approvals.ask(message, at=timezone.now())
    sam = window(company.sam)
    queue = sam.get("/admin/ambassadors/ladder/approvals/").content.decode()
    assert "data-approve" not in queue
    assert "waits for Legal" in queue
    where = f"/admin/conversations/conversation/{message.conversation_id}/change/"
    assert "waits for Legal" in sam.get(where).content.decode()
    assert "data-approval" not in sam.get("/approvals/").content.decode()
    assert "sensitive: Legal" in window(company.bob).get("/approvals/").content.decode()
    asked = reverse("own_approval_act", args=[message.pk, "approve"])
    window(company.bob).post(asked)
    assert Delivery.objects.get(message=message).state != DeliveryState.HELD


def test_hours_are_typed_by_the_day_and_kept_as_data(company: Company, ada: Client) -> None:
    page = ada.get("/my/hours/")
    assert "data-hours" in page.content.decode()
    said = {
        "active": "on",
        "known": "parcels: 1, glue",
        "languages": "en,fr",
        "most_open": "2",
        "most_weekly": "4",
        "minutes_weekly": "",
        "timezone": "Europe/Paris",
        "monday": "09:00-12:30, 14:00-18:00",
    }
    assert ada.post("/my/hours/", said).status_code == 302
    mine = Availability.objects.get()
    assert mine.hours == [
        {"day": 0, "from": "09:00", "to": "12:30"},
        {"day": 0, "from": "14:00", "to": "18:00"},
    ]
    assert (mine.levels, mine.most_open) == ({"parcels": 1, "glue": 2}, 2)
    wrong = ada.post("/my/hours/", said | {"tuesday": "morning", "languages": "French"})
    assert wrong.status_code == 400
    assert "Please correct what is marked below" in wrong.content.decode()
    mine.refresh_from_db()
    assert len(mine.hours) == 2


def test_absences_are_noted_by_days_and_taken_off(company: Company, ada: Client) -> None:
    Availability.objects.update(timezone="Europe/Paris")
    today = timezone.localdate()
    first, last = today + timedelta(days=2), today + timedelta(days=3)
    ada.post("/my/absences/", {"first": first.isoformat(), "last": last.isoformat()})
    away = Absence.objects.get()
    assert away.ends_at - away.starts_at == timedelta(days=2)
    for typed in ({"first": "soon", "last": "later"}, {"first": str(last), "last": str(first)}):
        assert ada.post("/my/absences/", typed).status_code == 400
    assert window(company.bob).post(f"/my/absences/{away.pk}/end/").status_code == 404
    ada.post(f"/my/absences/{away.pk}/end/")
    assert not Absence.objects.exists()


def test_ones_figures_are_for_ones_own_eyes(company: Company, ada: Client) -> None:
    reply(company.taken(), text="By post.", by=company.ada.acting)
    policies.publish("Tone", version="1", text="Be kind.", by=AUTOMATION)
    mine, others = (window(one).get("/my/figures/") for one in (company.ada, company.bob))
    assert (mine.context["figures"].answers, others.context["figures"].answers) == (1, 0)
    assert "not read" in mine.content.decode()


def test_the_page_learns_of_what_is_new(company: Company, ada: Client) -> None:
    assert ada.get("/my/pulse/").json() == {"offers": [], "waiting": 0, "approvals": 0}
    offer = company.offered()
    assert ada.get("/my/pulse/").json()["offers"] == [str(offer.pk)]


def test_a_policy_that_was_not_read_says_why_nothing_comes(company: Company, ada: Client) -> None:
    policy = policies.publish("Tone", version="1", text="Be kind.", by=AUTOMATION)
    type(policy).objects.update(occurred_at=timezone.now() - timedelta(days=20))
    assert "until you have read the policy" in ada.get("/my/").content.decode()


def test_the_page_costs_the_same_with_many_offers(
    company: Company, ada: Client, django_assert_max_num_queries: object
) -> None:
    company.offered()
    ada.get("/my/")
    with django_assert_max_num_queries(45):  # type: ignore[operator]
        ada.get("/my/")


def test_a_sent_answer_is_noted_as_wrong_and_trust_falls(company: Company, ada: Client) -> None:
    ladder = Ladder.objects.create(unit=company.home, threshold=5, withdrawal_cost=4)
    vouch(company.ada.employee, trusted=True, by=company.sam.acting)
    message = reply(company.taken(), text="By post.", by=company.ada.acting)
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())
    where = reverse("my_conversation", args=[message.conversation_id])
    assert "It was wrong…" in ada.get(where).content.decode()
    act = reverse("my_correction", args=[message.pk])
    assert window(company.bob).post(act, {"kind": "withdrawn"}).status_code == 404
    assert ada.post(act, {"kind": "withdrawn"})["Location"] == where
    assert standing(company.ada.employee, ladder).points == 1
    assert "withdrawn" in ada.get(where).content.decode()
    sam = window(company.sam)
    thread = f"/admin/conversations/conversation/{message.conversation_id}/change/"
    assert "data-corrections" in sam.get(thread).content.decode()
    sam.post(reverse("admin:correction_act", args=[message.pk]), {"kind": "corrected"})
    assert standing(company.ada.employee, ladder).points == 0
    assert not standing(company.ada.employee, ladder).trusted
