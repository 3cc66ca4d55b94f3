"""The way from a message through the door to the figures, with no import."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ambassadors.routing.models import Offer
from ambassadors.routing.services import accept
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from conversations.inbox.services import close, reply
from conversations.knowledge.models import Article
from crm.organisation.models import DepartmentVersion, EmployeeVersion
from crm.organisation.services import save_department, save_employee, save_unit
from crm.values import AUTOMATION
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.maturity.company import criterion

pytestmark = pytest.mark.django_db


def organisation():
    home = house.unit("Shop")
    workshop = house.department(home)
    ada = house.ambassador(workshop)
    save_unit(home, by=AUTOMATION)
    save_department(workshop, by=AUTOMATION)
    save_employee(ada.employee, by=AUTOMATION)
    return home, ada


def asked(home):
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message()))
    house.drain()
    return Conversation.objects.get(channel=channel)


def sent(message):
    """The provider took it."""
    Delivery.objects.filter(message=message).update(state=DeliveryState.SENT)
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())


def appraised():
    """A fortnight from now: every deadline of today has passed by then."""
    day = timezone.localdate() + timedelta(days=14)
    return appraise(day, reading=PastReading.CORRECTED)


def counted(id_):
    found = criterion(appraised(), id_)
    return found["k"], found["n"]


@pytest.fixture
def offered():
    house.rule()
    home, ada = organisation()
    return asked(home), ada


def test_an_accepted_and_answered_conversation_counts_in_every_figure_it_belongs_to(offered):
    conversation, ada = offered
    accept(Offer.objects.get(), by=ada.acting)
    sent(reply(conversation, text="On its way.", by=ada.acting))
    close(conversation, by=ada.acting)
    said = {one["id"]: (one["k"], one["n"]) for one in appraised()["criteria"]}
    assert said["S3-CON-1"] == (1, 1)
    assert said["S3-GOV-2"] == (1, 1)
    assert said["S2-CHA-1"] == (1, None)
    assert said["S2-CHA-2"] == (1, None)
    assert said["S2-GOV-1"] == (1, 1)
    assert said["S4-CAP-1"] == (0, 1)


def test_an_answer_that_no_provider_took_is_none(offered):
    conversation, ada = offered
    accept(Offer.objects.get(), by=ada.acting)
    reply(conversation, text="On its way.", by=ada.acting)
    assert counted("S3-CON-1") == (0, 1)
    assert counted("S2-GOV-1") == (0, 0)


def test_an_answer_that_fails_later_is_none_from_then_on(offered):
    conversation, ada = offered
    accept(Offer.objects.get(), by=ada.acting)
    message = reply(conversation, text="On its way.", by=ada.acting)
    sent(message)
    assert counted("S3-CON-1") == (1, 1)
    Delivery.objects.filter(message=message).update(state=DeliveryState.FAILED)
    assert counted("S3-CON-1") == (0, 1)


def test_an_offer_nobody_accepted_routes_nothing(offered):
    assert counted("S3-GOV-2") == (0, 1)


def test_a_message_from_a_colleague_is_no_external_party(offered):
    conversation, _ = offered
    conversation.identity.handle = "colleague@company.example"
    conversation.identity.save()
    colleague = house.somebody(house.department(conversation.unit), name="Colleague").employee
    colleague.email = "Colleague@company.example"
    save_employee(colleague, by=AUTOMATION)
    assert counted("S3-CON-1") == (0, 0)
    assert counted("S2-CHA-2") == (0, None)


def test_the_organisation_is_read_from_its_versions(offered):
    assert EmployeeVersion.objects.exists()
    assert DepartmentVersion.objects.exists()
    assert not Article.objects.exists()
    assert counted("S5-COV") == (0, 1)
