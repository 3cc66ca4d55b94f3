"""A list costs as many queries with thirty rows as with three, whichever list it is.

A new list needs a line in ROWS: who reads it, and what makes thirty rows of it.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.mixins import ListModelMixin

from ambassadors.communities import round_trips
from ambassadors.communities.insights import note_insight
from ambassadors.communities.models import Community, Post
from ambassadors.communities.services import join, open_community, write_post
from ambassadors.governance.approvals import ask
from ambassadors.governance.models import Escalation
from ambassadors.live.models import Subscription
from ambassadors.routing.models import Offer
from conversations.channels.models import Channel
from conversations.channels.wire.contract import Mentioned
from conversations.editorial.models import Publication
from conversations.inbox.models import Conversation
from conversations.inbox.services import reply
from conversations.knowledge.flags import flag
from conversations.knowledge.models import Article, ReadyAnswer
from conversations.knowledge.ready import keep
from conversations.knowledge.services import propose
from conversations.listening.hearing import take, watches_of
from conversations.listening.models import Place
from conversations.listening.places import add_place
from conversations.listening.watches import begin_watch
from crm.access.personal_tokens import LONGEST, make_token
from crm.contacts.models import Contact, Duplicate, Identity
from crm.contacts.services import note_units
from crm.organisation.services import save_employee
from crm.privacy import services as erasures
from crm.values import AUTOMATION, uuid7
from tests import house
from tests.api import matrix, routes
from tests.api.hands import Caller, hear
from tests.conversations.knowledge import shelf

pytestmark = pytest.mark.django_db
MANY = range(30)
FEW = 3


class Company:
    def __init__(self):
        self.world = matrix.furnish()
        self.people, self.ids = self.world["people"], self.world["ids"]
        self.staff = self.people["staff"].acting
        self.channel = Channel.objects.get(pk=self.ids["channel"])
        self.taken = Conversation.objects.get(pk=self.world["taken"])
        self.circle = Community.objects.get(pk=self.ids["community"])
        self.shown = Article.objects.get(pk=self.ids["article"])
        self.brand_shop = self.people["staff"].employee.department
        self.brand = self.brand_shop.unit
        self.thread = Post.objects.get(pk=self.ids["thread"])

    def hear(self, number):
        hear(self.channel, thread=f"thread {number}", attachments=matrix.FILES)

    def contact(self, number):
        made = Contact.objects.create(name=f"Contact {number}", occurred_at=timezone.now())
        Identity.objects.create(contact=made, kind="email", handle=f"contact{number}-{made.pk}@a")
        note_units([(made.pk, self.brand.pk)])
        return made

    def pair(self, number):
        one, other = self.contact(number), self.contact(number)
        Duplicate.objects.create(one=one, other=other, evidence=["mail"], found_at=timezone.now())

    def erasure(self, number):
        erasures.ask(self.contact(number), ground="asked", by=self.staff)

    def token(self, number):
        until, mine = timezone.now() + LONGEST, self.people["asked"]
        make_token(mine.user, name="t", scopes=["offers"], expires_at=until, by=mine.acting)

    def answer_that_waits(self, number):
        held = reply(self.taken, text=f"Answer {number}", by=self.people["assignee"].acting)
        ask(held, at=timezone.now())

    def member(self, number):
        join(self.circle, by=house.somebody(self.people["staff"].employee.department).acting)

    def article(self, number):
        writer, reader = (self.people[name] for name in ("staff", "assignee"))
        shelf.published(f"A {number}", text="By post.", by=writer, reviewer=reader, unit=self.brand)

    def version(self, number):
        propose(self.shown, text=f"By post {number}.", by=self.people["assignee"].acting)

    def flag(self, number):
        flag(self.shown, text="By bike.", by=house.somebody(self.brand_shop).acting)

    def led(self, number):
        person = house.somebody(self.people["staff"].employee.department)
        person.employee.lead = self.people["executive"].employee
        save_employee(person.employee, by=AUTOMATION)

    def trip(self, number):
        words = {"community": self.circle, "title": "Glue", "text": "Which?"}
        round_trips.ask_inside(self.taken, by=self.staff, **words)

    def place(self, number):
        url = f"https://news.example/{number}"
        add_place(kind="feed", name="N", url=url, unit=self.channel.unit, by=self.staff)

    def lose(self, number):
        matrix.lost_in(self.taken)

    def mention(self, number):
        source = Place.objects.first().source
        said = Mentioned(external_id=f"m {number}", text=f"The boots {number} are fine")
        matcher = watches_of(source)
        take([said], source=source, matcher=matcher, takes_all=True, at=timezone.now())

    def insight(self, number):
        owner = self.people["staff"].employee
        note_insight(self.taken, text=f"Sell it {number}", owner=owner, by=self.staff)


def again(row, **changed):
    """One more of what is there."""
    row.pk = uuid7()
    for name, value in changed.items():
        setattr(row, name, value)
    row.save(force_insert=True)


ROWS = {
    "tokens": ("asked", Company.token),
    "channels": ("root", lambda c, n: house.webhook_channel(c.channel.unit)),
    "conversations": ("staff", Company.hear),
    "conversations/{}/messages": ("staff", Company.answer_that_waits),
    "envelopes": ("staff", Company.hear),
    "undelivered": ("staff", Company.lose),
    "contacts": ("staff", Company.contact),
    "duplicates": ("staff", Company.pair),
    "erasures": ("staff", Company.erasure),
    "articles": ("staff", Company.article),
    "ready-answers": (
        "staff",
        lambda c, n: keep(ReadyAnswer(), name=f"n{n}", text="!", unit=c.brand, by=c.staff),
    ),
    "articles/{}/versions": ("staff", Company.version),
    "articles/{}/flags": ("staff", Company.flag),
    "publications": (
        "staff",
        lambda c, n: again(Publication.objects.get(pk=c.ids["draft"]), key=None),
    ),
    "places": ("staff", Company.place),
    "watches": (
        "staff",
        lambda c, n: begin_watch(name=f"W {n}", terms=["a"], unit=c.channel.unit, by=c.staff),
    ),
    "mentions": ("staff", Company.mention),
    "people": ("executive", Company.led),
    "webhooks": (
        "asked",
        lambda c, n: Subscription.objects.create(
            user=c.people["asked"].user, url=f"http://127.0.0.1:9/{n}"
        ),
    ),
    "offers": (
        "asked",
        lambda c, n: again(Offer.objects.get(pk=c.ids["offer"]), state="withdrawn"),
    ),
    "communities": (
        "staff",
        lambda c, n: open_community(f"Circle {n}", dimension="internal", by=c.staff),
    ),
    "communities/{}/members": ("staff", Company.member),
    "threads": ("staff", Company.trip),  # each mentions a conversation
    "threads/{}/posts": ("staff", lambda c, n: write_post(c.thread, text=f"P {n}", by=c.staff)),
    "conversations/{}/round-trips": ("staff", Company.trip),
    "insights": ("staff", Company.insight),
    "escalations": ("staff", lambda c, n: again(Escalation.objects.get(pk=c.ids["hit"]))),
    "approvals": ("staff", Company.answer_that_waits),
    "drafts": ("assignee", Company.answer_that_waits),
}


def _lists():
    for method, route, view in routes.of_api():
        if method == "GET" and issubclass(view, ListModelMixin):
            yield re.sub("<.*?>", "{}", route.removeprefix("api/v1/").strip("/"))


def test_every_list_has_a_line():
    assert set(_lists()) == set(ROWS), "make their lines equal: ROWS of this test"


def test_a_list_costs_the_same_with_three_rows_and_with_thirty(subtests):
    company = Company()
    ids = {"conversations": company.taken, "communities": company.circle}
    ids |= {"articles": company.shown}
    ids = {name: row.pk for name, row in ids.items()} | {"threads": company.thread.pk}
    for path, (who, one_more) in ROWS.items():
        caller = Caller(company.people[who].user)
        where = path.format(ids.get(path.partition("/")[0])) + "/"
        have = len(caller.get(where, page_size=len(MANY)).json()["results"])
        for number in MANY[have:]:
            one_more(company, number)
        with subtests.test(path):
            costs = [_cost(caller, where, size) for size in (FEW, len(MANY))]
            assert costs[0] == costs[1]


def _cost(caller, where, size):
    with CaptureQueriesContext(connection) as asked:
        answer = caller.get(where, page_size=size)
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["results"]) == size
    return len(asked)
