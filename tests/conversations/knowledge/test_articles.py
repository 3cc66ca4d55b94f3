"""Articles: found without accents, suggested for a question, counted from what was sent."""

import pytest
from django.utils import timezone

from conversations.inbox.models import Delivery, Message
from conversations.inbox.services import reply
from conversations.knowledge.models import ArticleUse, UseCheck
from conversations.knowledge.search import find, published
from conversations.knowledge.suggesting import suggest
from conversations.knowledge.tasks import count_uses_due
from conversations.knowledge.using import count_uses, uncounted
from crm.access.models import Role
from tests import house
from tests.api.hands import hear
from tests.conversations.knowledge import shelf

pytestmark = pytest.mark.django_db

PARCEL = (
    "You can follow your parcel with the number in the mail we sent when it left our house. "
    "If nothing moves for three days, write to us and we look for it."
)


@pytest.fixture
def brand():
    return house.unit()


@pytest.fixture
def sam(brand):
    return house.somebody(house.department(brand), Role.STAFF, name="Sam")


@pytest.fixture
def articles(sam):
    texts = {
        "Follow a parcel": (PARCEL, "en"),
        "Mot de passe oublié": ("Réinitialisez votre mot de passe depuis la page d'accueil.", "fr"),
        "Opening hours": ("The shop is open from nine to six on every day but Sunday.", "en"),
    }
    return {
        title: shelf.published(title, text=text, language=language, by=sam)
        for title, (text, language) in texts.items()
    }


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("parcels", "Follow a parcel"),
        ("OUBLIE", "Mot de passe oublié"),
        ("oublié passe", "Mot de passe oublié"),
        ('"nine to six"', "Opening hours"),
        ("' & | !() :*", None),
        ("parcel sunday", None),
    ],
)
def test_articles_are_found_by_their_words_without_accents(words, title, articles):
    found = published().in_bulk(find(words, published()).ids)
    assert [row.title for row in found.values()] == ([title] if title else [])


def test_what_may_answer_the_question_is_suggested(articles, brand):
    channel = house.webhook_channel(brand)
    asked = hear(channel, "Hello, how do I follow the parcel that you sent?", thread="a")
    assert suggest(asked)[0] == articles["Follow a parcel"]
    asked = hear(channel, "J'ai oublie mon mot de passe !", thread="b")
    assert suggest(asked) == [articles["Mot de passe oublié"]]
    assert suggest(hear(channel, "The of and le la", thread="c")) == []


def _sent(brand, sam, text, claimed=()) -> Message:
    conversation = hear(house.webhook_channel(brand), "Hello?", thread=text[:40])
    message = reply(conversation, text=text, articles=[c.pk for c in claimed], by=sam.acting)
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())
    Delivery.objects.filter(pk=message.pk).update(state="sent", attempt=1)
    return message


def test_a_use_is_what_stands_in_the_sent_text_not_what_was_claimed(articles, brand, sam):
    parcel, hours = articles["Follow a parcel"], articles["Opening hours"]
    copied = _sent(brand, sam, f"Dear Bob,\n\n{PARCEL.upper()}\n\nKind regards")
    claimed = _sent(brand, sam, "I have no idea, sorry.", claimed=[hours])
    both = _sent(brand, sam, f"{hours.text} {PARCEL}", claimed=[hours])
    for message in (copied, claimed, both):
        count_uses(message.pk)
        count_uses(message.pk)
    uses = ArticleUse.objects.order_by("message__occurred_at", "position")
    assert list(uses.values_list("message", "article")) == [
        (copied.pk, parcel.pk),
        (both.pk, hours.pk),
        (both.pk, parcel.pk),
    ]
    assert UseCheck.objects.count() == 3


def test_the_sweep_takes_what_was_sent_and_nothing_else(articles, brand, sam):
    message = _sent(brand, sam, PARCEL)
    waiting = _sent(brand, sam, "Later.")
    Delivery.objects.filter(pk=waiting.pk).update(state="queued")
    imported = _sent(brand, sam, "Long ago.")
    Delivery.objects.filter(pk=imported.pk).delete()
    assert uncounted(at=timezone.now()) == [message.pk]
    count_uses_due()
    assert uncounted(at=timezone.now()) == []
    assert ArticleUse.objects.count() == 1
