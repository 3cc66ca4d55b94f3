"""S4-CAP-1 from live acts: what would cheat it leaves the gate shut, the same number of honest
acts opens it, and lifting the guard lets the cheat through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from ambassadors.routing.services import accept
from conversations.inbox.models import Conversation, Delivery, Message
from conversations.inbox.services import close, reply
from conversations.knowledge import services, using
from conversations.knowledge.models import Article, ArticleUse, UseCheck
from conversations.knowledge.using import count_uses
from crm.errors import Forbidden
from crm.values import Actor, Via
from tests import house
from tests.ambassadors.atelier import START, Atelier

pytestmark = pytest.mark.django_db
CLOSED = 30  # what a B2B company is asked for at least
ARTICLES = 8  # used twice each by two people: six are asked for
BEFORE = START - timedelta(days=30)
_SAID = (
    "glue hardens within an hour when the leather is dry warm and brushed clean on both sides"
    " press it for a minute wait until tomorrow and wax the seam after"
)


def words(number: int) -> str:
    """Of one article: no word stands in another one."""
    return " ".join(f"{word}{'abcdefghijkl'[number]}" for word in _SAID.split())


@pytest.fixture
def company() -> Iterator[Atelier]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Atelier(traveller)


def written(
    company: Atelier,
    number: int,
    *,
    by: house.Somebody | None = None,
    reviewer: house.Somebody | None = None,
    at: object = BEFORE,
) -> Article:
    """By the desk, read by a colleague of the sales."""
    author = by or company.desk
    made = services.write_article(f"Glue {number}", text=words(number), by=author.acting, at=at)
    services.submit(made, by=author.acting, at=at)
    return services.approve(made, number=1, by=(reviewer or company.sales[2]).acting, at=at)


def answered(company: Atelier, text: str, by: house.Somebody, claimed: object = ()) -> Message:
    conversation: Conversation = company.asked()
    accept(company.offered(conversation, by), by=by.acting)
    message = reply(conversation, text=text, articles=claimed, by=by.acting)
    company.arrived(message)
    Delivery.objects.filter(message=message).update(attempt=1)  # it was sent from here
    company.clock.shift(3600)
    close(conversation, by=by.acting)
    return message


def lived(
    company: Atelier,
    text: Callable[[int], str],
    *,
    by: Callable[[int], house.Somebody] | None = None,
    claimed: Callable[[int], object] = lambda number: (),
    count: bool = True,
) -> list[Message]:
    """Thirty conversations in ten weeks, closed; the first sixteen answered with `text`."""
    said = []
    for number in range(CLOSED):
        company.week(number // 3)
        who = by(number) if by else [company.workshop[0], company.workshop[1]][number // 8 % 2]
        own = text(number % ARTICLES) if number < 2 * ARTICLES else f"Hm, {number}."
        said.append(answered(company, own, who, claimed(number % ARTICLES)))
    if count:
        counted(said)
    return said


def counted(said: list[Message]) -> None:
    for message in said:
        count_uses(message.pk)


def again(said: list[Message]) -> None:
    """As if nobody had looked yet."""
    ArticleUse.objects.all().delete()
    UseCheck.objects.all().delete()
    counted(said)


def in_words(number: int) -> str:
    return f"Hello,\n\n{words(number)}\n\nKind regards"


def test_what_colleagues_wrote_reused_by_two_people_opens_the_gate(company: Atelier) -> None:
    for number in range(ARTICLES):
        written(company, number)
    lived(company, in_words)
    assert company.judged("S4-CAP-1") == ("MET", 2 * ARTICLES)


def test_ones_own_articles_are_no_reuse(company: Atelier) -> None:
    """Two people who each answer with what they wrote themselves."""
    ada, ben = company.workshop[:2]
    for number in range(ARTICLES):
        written(company, number, by=ada if number % 2 else ben)
    lived(company, in_words, by=lambda number: ada if number % 2 else ben)
    assert ArticleUse.objects.count() == 2 * ARTICLES  # counted, as what they are
    assert company.judged("S4-CAP-1") == ("NOT_MET", 0)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Article.objects.update(author=company.desk.employee)  # nor are they given away


def test_articles_made_of_what_was_sent_count_from_then_on(
    company: Atelier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers first; then somebody else writes them down, before the sweep has looked."""
    said = lived(company, in_words, count=False)
    for number in range(ARTICLES):
        written(company, number, at=timezone.now())
    counted(said)
    assert company.judged("S4-CAP-1") == ("NOT_MET", 0)
    monkeypatch.setattr(using, "texts_at", _texts_now)  # as if nobody asked since when
    again(said)
    uses = ArticleUse.objects.count()
    assert uses == 2 * ARTICLES
    assert company.judged("S4-CAP-1")[1] == 0  # the measure asks it once more


def _texts_now(ids: object, moment: object) -> dict[object, str]:
    return dict(Article.objects.filter(pk__in=list(ids)).values_list("pk", "text"))  # type: ignore[call-overload]


def test_an_old_article_rewritten_to_what_was_sent_was_not_used_then(
    company: Atelier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old empty shells by a colleague; after the answers they get their words."""
    shells = []
    for number in range(ARTICLES):
        author = company.desk
        made = services.write_article(
            f"Shell {number}", text="To be written.", by=author.acting, at=BEFORE
        )
        services.submit(made, by=author.acting, at=BEFORE)
        services.approve(made, number=1, by=company.sales[2].acting, at=BEFORE)
        shells.append(made)
    said = lived(company, in_words, count=False)
    for number, shell in enumerate(shells):
        services.propose(shell, text=words(number), by=company.desk.acting)
        services.approve(shell, number=2, by=company.sales[2].acting)
    counted(said)
    assert company.judged("S4-CAP-1") == ("NOT_MET", 0)
    monkeypatch.setattr(using, "texts_at", _texts_now)
    again(said)
    assert company.judged("S4-CAP-1") == ("MET", 2 * ARTICLES)


def test_a_claim_is_no_use(company: Atelier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer names an article that it says nothing of."""
    articles = [written(company, number) for number in range(ARTICLES)]
    said = lived(company, lambda n: f"Yes, {n}.", claimed=lambda n: [articles[n].pk])
    assert company.judged("S4-CAP-1") == ("NOT_MET", 0)
    monkeypatch.setattr(using, "was_used", lambda text, runs, *, claimed: claimed)
    again(said)
    assert company.judged("S4-CAP-1")[0] == "MET"


def test_one_article_pasted_everywhere_is_one_article(company: Atelier) -> None:
    article = written(company, 0)
    lived(company, lambda number: in_words(0))
    assert ArticleUse.objects.filter(article=article).count() == 2 * ARTICLES
    assert company.judged("S4-CAP-1") == ("NOT_MET", 2)  # five of a hundred closed ones


def test_nobody_publishes_alone(company: Atelier) -> None:
    """Under a key in a colleague's name, or in one's own session as somebody else: nothing is
    out, so nothing is used."""
    ada, rita = company.workshop[2], company.sales[2]
    for number in range(ARTICLES):
        made = services.write_article(
            f"Glue {number}", text=words(number), by=ada.acting, at=BEFORE
        )
        services.submit(made, by=ada.acting, at=BEFORE)
        shared = Actor(rita.user, Via.OWN, session=ada.acting.session)
        for by in (ada.acting, Actor(rita.user, Via.SERVICE), shared):
            with pytest.raises(Forbidden):
                services.approve(made, number=1, by=by)
    said = lived(company, in_words)
    assert ArticleUse.objects.count() == 0
    assert company.judged("S4-CAP-1") == ("NOT_MET", 0)
    now = timezone.now()
    Article.objects.update(state="published", published_at=BEFORE, updated_at=now)
    again(said)
    assert company.judged("S4-CAP-1") == ("MET", 2 * ARTICLES)


@pytest.mark.parametrize(("renewed", "outcome"), [(0, "NOT_MET"), (4, "MET")])
def test_what_nobody_has_looked_at_for_a_year_is_no_knowledge(
    company: Atelier, renewed: int, outcome: str
) -> None:
    """Their authors can't say that it is still right; a colleague does, for half of them."""
    long_ago = START - timedelta(days=400)
    articles = [written(company, number, at=long_ago) for number in range(ARTICLES)]
    lived(company, in_words)
    for article in articles:
        with pytest.raises(Forbidden):
            services.review(article, by=company.desk.acting)
    for article in articles[:renewed]:
        services.review(article, by=company.sales[0].acting)
    assert company.judged("S4-CAP-1") == (outcome, 2 * ARTICLES)
