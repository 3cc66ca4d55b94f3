"""An article's life: drafted, handed in, read by somebody else, changed, retired."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from conversations.knowledge import flags, services
from conversations.knowledge.models import (
    Article,
    ArticleFlag,
    ArticleReview,
    ArticleVersion,
    Visibility,
)
from conversations.knowledge.rights import why_not_review
from crm.access.models import Role, RoleGrant
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.models import Act
from crm.values import Actor, Via
from tests import house
from tests.conversations.knowledge import shelf
from tests.rows import row_counts

pytestmark = pytest.mark.django_db
TEXT = "You can follow your parcel with the number in our mail."


@pytest.fixture
def shop():
    return house.department(house.unit())


@pytest.fixture
def ada(shop):
    return house.somebody(shop, Role.AMBASSADOR, name="Ada")


@pytest.fixture
def ben(shop):
    return house.somebody(shop, Role.AMBASSADOR, name="Ben")


@pytest.fixture
def sam(shop):
    return house.somebody(shop, Role.STAFF, name="Sam")


def written(by: house.Somebody, **more: object) -> Article:
    return services.write_article("Parcels", text=TEXT, by=by.acting, **more)


def test_what_is_handed_in_is_a_version_and_out_once_somebody_else_has_read_it(ada, ben):
    article = written(ada)
    assert (article.state, article.number) == ("draft", 0)
    article = services.edit(article, text=f"{TEXT} Ask us.", tags=["post", "post"], by=ada.acting)
    article = services.submit(article, by=ada.acting)
    assert (article.state, article.number, article.waiting) == ("review", 1, 1)
    article = services.approve(article, number=1, by=ben.acting)
    assert (article.state, article.waiting, article.tags) == ("published", None, ["post"])
    version = article.versions.get()
    assert (version.outcome, version.by, version.decided_by) == (
        "published",
        ada.employee,
        ben.employee,
    )
    assert ArticleReview.objects.get(article=article).by == ben.employee
    assert article.review_on == (timezone.now() + services.FRESH_FOR).date()
    verbs = Act.objects.filter(subject_id=str(article.pk)).order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == [
        "article_written",
        "article_edited",
        "article_submitted",
        "article_published",
    ]


def test_nobody_reviews_their_own_in_whatever_name(ada, ben):
    article = services.submit(written(ada), by=ada.acting)
    before = row_counts()
    shared = Actor(ben.user, Via.OWN, session=ada.acting.session)
    for by in (ada.acting, Actor(ben.user, Via.SERVICE), shared):
        with pytest.raises(Forbidden):
            services.approve(article, number=1, by=by)
    with pytest.raises(Forbidden):
        services.send_back(article, number=1, comment="?", by=ada.acting)
    assert row_counts() == before
    article.refresh_from_db()
    assert article.state == "review"
    decided = {"decided_by": ada.employee, "decided_at": timezone.now()}
    with pytest.raises(DatabaseError, match="nobody_reviews"), transaction.atomic():
        ArticleVersion.objects.update(outcome="published", **decided)


def test_who_wrote_any_of_what_waits_reviews_none_of_it(ada, ben, sam):
    article = shelf.published("Parcels", text=TEXT, by=ada, reviewer=ben)
    services.propose(article, text="By bike.", by=ben.acting)
    article = services.propose(article, text="By bike, mostly.", by=sam.acting)
    waiting = services.waiting_version(article)
    assert (waiting.number, waiting.by) == (3, sam.employee)
    for writer in (ben, sam):
        assert why_not_review(article, waiting, writer.user)
        with pytest.raises(Forbidden):
            services.approve(article, number=3, by=writer.acting)
    assert services.approve(article, number=3, by=ada.acting).text == "By bike, mostly."


def test_a_change_stays_inside_until_it_is_approved_and_old_words_are_kept(ada, ben):
    article = shelf.published("Parcels", text=TEXT, by=ada, reviewer=ben)
    article = services.propose(article, title="Post", text="By bike.", by=ben.acting)
    assert (article.title, article.text, article.state) == ("Parcels", TEXT, "published")
    with pytest.raises(Conflict, match="changed since"):
        services.approve(article, number=1, by=ada.acting)
    article = services.approve(article, number=2, by=ada.acting)
    assert (article.title, article.author, article.number) == ("Post", ada.employee, 2)
    texts = article.versions.order_by("number").values_list("text", flat=True)
    assert list(texts) == [TEXT, "By bike."]
    with pytest.raises(Conflict):
        services.propose(article, text="By bike.", by=ben.acting)  # nothing differs


def test_versions_authors_and_first_dates_are_not_rewritten(ada, ben):
    article = shelf.published("Parcels", text=TEXT, by=ada, reviewer=ben)
    attempts = (
        lambda: ArticleVersion.objects.update(text="Another"),
        lambda: ArticleVersion.objects.update(outcome="sent_back"),
        lambda: ArticleVersion.objects.all().delete(),
        lambda: Article.objects.update(author=ben.employee),
        lambda: Article.objects.update(occurred_at=timezone.now() - timedelta(days=400)),
    )
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            attempt()
    article.refresh_from_db()
    assert article.author == ada.employee


def test_an_imported_article_keeps_its_first_words_when_it_changes(ada, ben):
    then = timezone.now() - timedelta(days=90)
    article = Article.objects.create(
        key="a1", title="Boots", text="Wax.", author=ada.employee, state="published",
        occurred_at=then, published_at=then,
    )  # fmt: skip
    services.propose(article, text="Oil.", by=ada.acting)
    article = services.approve(article, number=2, by=ben.acting)
    first, second = article.versions.order_by("number")
    assert (first.text, first.outcome, first.occurred_at) == ("Wax.", "published", then)
    assert (second.text, article.text) == ("Oil.", "Oil.")


def test_what_is_sent_back_says_why_and_comes_again(ada, ben):
    article = services.submit(written(ada), by=ada.acting)
    with pytest.raises(Invalid):
        services.send_back(article, number=1, comment=" ", by=ben.acting)
    article = services.send_back(article, number=1, comment="Which post?", by=ben.acting)
    assert (article.state, article.comment) == ("draft", "Which post?")
    article = services.submit(services.edit(article, text="Mail.", by=ada.acting), by=ada.acting)
    assert (article.number, article.comment) == (2, "")
    assert article.versions.get(number=1).outcome == "sent_back"


def test_what_everybody_can_read_takes_the_staff_of_its_unit(shop, ada, ben, sam):
    article = written(ada, visibility=Visibility.PUBLIC, unit=shop.unit)
    article = services.submit(article, by=ada.acting)
    elsewhere = house.somebody(shop, name="Eva")
    RoleGrant.objects.create(user=elsewhere.user, role=Role.STAFF, unit=house.unit("Other"))
    for person in (ben, elsewhere):
        with pytest.raises(Forbidden):
            services.approve(article, number=1, by=person.acting)
    article = services.approve(article, number=1, by=sam.acting)
    services.propose(article, visibility=Visibility.INTERNAL, by=ada.acting)
    with pytest.raises(Forbidden):  # nor is it taken from them by anybody
        services.approve(article, number=2, by=ben.acting)


def test_still_right_is_said_by_somebody_else_than_who_wrote_it(ada, ben):
    article = shelf.published("Parcels", text=TEXT, by=ada, reviewer=ben)
    Article.objects.update(review_on=timezone.localdate())
    with pytest.raises(Forbidden):
        services.review(article, by=ada.acting)
    with pytest.raises(Forbidden):
        services.review(article, by=Actor(ben.user, Via.SERVICE))
    services.review(article, by=ben.acting)
    article.refresh_from_db()
    assert article.review_on > timezone.localdate()
    assert article.reviews.count() == 2


def test_a_draft_is_seen_and_changed_by_who_writes_it_alone(ada, ben, sam):
    article = written(ada)
    seen = {p.employee.name: Article.objects.visible_to(p.user).count() for p in (ada, ben, sam)}
    assert seen == {"Ada": 1, "Ben": 0, "Sam": 0}
    with pytest.raises(Forbidden):
        services.edit(article, text="Mine now.", by=sam.acting)
    services.submit(article, by=ada.acting)
    assert Article.objects.visible_to(ben.user).count() == 1
    nobody = house.somebody(house.department(house.unit("Other")))
    assert Article.objects.visible_to(nobody.user).count() == 0


def test_a_retired_one_is_handed_in_again(ada, ben, sam):
    article = shelf.published("Parcels", text=TEXT, by=ada, reviewer=ben)
    services.propose(article, text="By bike.", by=ben.acting)
    with pytest.raises(Forbidden):
        services.retire(article, by=ben.acting)
    article = services.retire(article, by=sam.acting)
    assert (article.state, article.waiting) == ("retired", None)
    assert article.versions.get(number=2).outcome == "replaced"
    article = services.restore(article, by=ben.acting)
    assert (article.state, article.waiting) == ("review", 3)
    assert services.approve(article, number=3, by=sam.acting).text == TEXT


def test_what_is_wrong_is_said_once_and_closed_by_a_change_or_a_word(ada, ben, sam):
    article = shelf.published("Parcels", text=TEXT, by=ada, reviewer=ben)
    wrong = flags.flag(article, text="Not on Sundays.", by=ben.acting)
    with pytest.raises(Conflict):
        flags.flag(article, text="Again.", by=ben.acting)
    with pytest.raises(Forbidden):
        flags.dismiss(wrong, by=ben.acting)
    assert flags.dismiss(wrong, by=ada.acting).outcome == "dismissed"
    flags.flag(article, text="Nor on Mondays.", by=ben.acting)
    services.propose(article, text=f"{TEXT} Not on Mondays.", by=ben.acting)
    services.approve(article, number=2, by=sam.acting)
    outcomes = ArticleFlag.objects.order_by("occurred_at").values_list("outcome", flat=True)
    assert list(outcomes) == ["dismissed", "fixed"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": " "}, "empty"),
        ({"text": "\n"}, "empty"),
        ({"title": "x" * 201}, "too_long"),
        ({"text": "x" * 50_001}, "too_long"),
        ({"tags": ["x" * 61]}, "too_long"),
        ({"tags": list("abcdefghijklmnopqrstu")}, "too_long"),
        ({"visibility": "secret"}, "invalid"),
    ],
)
def test_what_is_no_article_is_refused(fields, code, ada):
    article = written(ada)
    with pytest.raises(Invalid) as refused:
        services.edit(article, by=ada.acting, **fields)
    assert refused.value.code == code
    article.refresh_from_db()
    assert article.text == TEXT


def test_it_is_handed_over_and_looked_at_by_a_day(ada, ben, sam):
    article = shelf.published("Parcels", text=TEXT, by=ada, reviewer=ben)
    day = timezone.localdate() + timedelta(days=30)
    with pytest.raises(Forbidden):
        services.care(article, owner=ben.employee, by=ben.acting)
    article = services.care(article, owner=ben.employee, review_on=day, by=sam.acting)
    assert (article.carer, article.author, article.review_on) == (ben.employee, ada.employee, day)
    with pytest.raises(Invalid):
        services.care(article, review_on=day - timedelta(days=60), by=ben.acting)
