"""An article from a conversation in one step, without what says who asked."""

from __future__ import annotations

import pytest

from conversations.inbox.masking import without_people
from conversations.inbox.models import Conversation, Delivery
from conversations.inbox.services import note, reply
from conversations.knowledge.drafting import drafted
from conversations.knowledge.models import Article
from crm.access.models import Role
from crm.contacts.models import Contact, Identity
from tests import house
from tests.api.hands import Caller, a_key, hear

pytestmark = pytest.mark.django_db
ASKED = "Hello! I am Berta Miller, order AB-12345. Can I return boots after thirty days? Thanks"
ANSWER = """Dear Mrs Miller,

Yes: boots come back within sixty days. For your order AB-12345 we have written to
berta@mail.example and called +33 6 12 34 56 78; the label goes to 12 rue de la Paix, 75002 Paris.
For Elodie of Miller & Sons it is the same.

Kind regards,
Sam of the shop"""
LEFT = """Yes: boots come back within sixty days. For your order [number] we have written to
[address] and called [number]; the label goes to [address], [address].
For [name] of [name] it is the same."""


@pytest.fixture
def brand():
    return house.unit()


@pytest.fixture
def sam(brand):
    return house.somebody(house.department(brand), Role.STAFF, name="Sam")


@pytest.fixture
def asked(brand) -> Conversation:
    channel = house.webhook_channel(brand)
    found = hear(channel, ASKED, **{"from": {"handle": "bertamill", "name": "Berta Miller"}})
    contact = Contact.objects.get()
    contact.organization = "Miller & Sons"
    contact.save()
    Identity.objects.create(contact=contact, kind="mastodon", handle="élodie@social.example")
    return found


def test_what_was_answered_becomes_a_draft_in_one_step(asked, sam):
    reply(asked, text=ANSWER, by=sam.acting)
    note(asked, text="She is furious.", by=sam.acting)
    made = Caller(sam.user).post(f"conversations/{asked.pk}/article/", key=a_key())
    assert made.status_code == 201, made.content
    said = made.json()
    assert said["title"] == "Can I return boots after thirty days?"
    assert said["text"] == LEFT
    assert (said["state"], said["unit"], said["conversation"]) == (
        "draft",
        asked.unit.source_id,
        str(asked.pk),
    )
    hidden = ("Berta", "Miller", "bertamill", "12345", "Elodie", "rue", "75002", "furious", "Sam")
    assert not [word for word in hidden if word in made.content.decode().replace('"Sam"', "")]


def test_answers_that_never_went_out_are_no_article(asked, sam):
    caller = Caller(sam.user)
    assert caller.post(f"conversations/{asked.pk}/article/", key=a_key()).status_code == 409
    message = reply(asked, text="Sixty days.", by=sam.acting)
    Delivery.objects.filter(pk=message.pk).update(state="failed")
    refused = caller.post(f"conversations/{asked.pk}/article/", key=a_key())
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_answered")
    assert not Article.objects.exists()


def test_who_may_not_see_the_conversation_learns_nothing_of_it(asked, sam):
    reply(asked, text=ANSWER, by=sam.acting)
    other = house.somebody(house.department(house.unit("Other")), Role.AMBASSADOR)
    caller = Caller(other.user)
    assert caller.post(f"conversations/{asked.pk}/article/", key=a_key()).status_code == 404
    made = Caller(sam.user).post(f"conversations/{asked.pk}/article/", key=a_key()).json()
    assert caller.get(f"articles/{made['id']}/").status_code == 404  # a draft
    Caller(sam.user).post(f"articles/{made['id']}/submit/", key=a_key())
    seen = caller.get(f"articles/{made['id']}/").json()
    assert (seen["state"], seen["conversation"]) == ("review", None)


def test_greetings_farewells_and_quotes_are_nobody_elses_business(asked, sam):
    for text in ("Bonjour Berta,\nOui, soixante jours.\n\nBelle journée,\nSam", "And shoes, too."):
        reply(asked, text=text, by=sam.acting)
    assert drafted(asked).text == "Oui, soixante jours.\n\nAnd shoes, too."


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("order 300412", "order [number]"),
        ("ma commande n° 300412-B", "ma commande n° [number]"),
        ("see #4711", "see [number]"),
        ("12 Baker Street, NW1 6XE", "[address], [address]"),
        ("My name is Ann Lee Chu and", "My name is [name] and"),
        ("Je m'appelle Zoé", "Je m'appelle [name]"),
        ("the order of the day, in case of 3 tents", "the order of the day, in case of 3 tents"),
        ("for example at Free or Orange", "for example at Free or Orange"),
        ("Eva and ÉVA", "[name] and [name]"),
    ],
)
def test_what_says_who_somebody_is_is_left_out(said, left):
    assert without_people(said, names=["Éva"]) == left


def test_masking_takes_no_time_whatever_stands_in_the_text():
    hostile = ("order no " * 3_000, "1 Aa " * 5_000, "a@" * 10_000, "12 rue " * 5_000, "#1" * 9_000)
    for text in hostile:
        assert without_people(text, names=["Bob"])
