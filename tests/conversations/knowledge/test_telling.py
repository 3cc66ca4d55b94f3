"""Who keeps an article is told what it needs: once, in one mail."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.utils import timezone

from conversations.knowledge import flags, services
from conversations.knowledge.models import Article
from conversations.knowledge.tasks import tell_due
from crm.access.models import Role
from tests import house
from tests.conversations.knowledge import shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def outbox(tmp_path: Path, settings):
    settings.EMAIL_URL = tmp_path.as_uri()

    def read():
        mails = [
            message_from_bytes(file.read_bytes(), policy=policy.default)
            for file in sorted(tmp_path.rglob("*.eml"))
        ]
        return [(mail["To"], mail["Subject"], mail.get_content()) for mail in mails]

    return read


@pytest.fixture
def shop():
    return house.department(house.unit())


@pytest.fixture
def ada(shop):
    return house.somebody(shop, Role.AMBASSADOR, name="Ada")


@pytest.fixture
def sam(shop):
    return house.somebody(shop, Role.STAFF, name="Sam")


def test_the_owner_hears_once_what_is_wrong(outbox, ada, sam):
    for title in ("Parcels", "Returns"):
        article = shelf.published(title, text="By post.", by=ada, reviewer=sam)
        flags.flag(article, text=f"{title}: not any more", by=sam.acting)
    tell_due()
    tell_due()
    [(to, subject, text)] = outbox()
    assert ada.user.email in to
    assert subject == "Something is wrong in what you keep: Parcels"
    assert "> Parcels: not any more" in text
    assert "> Returns: not any more" in text
    assert f"/api/v1/articles/{article.pk}/" in text


def test_a_stale_article_is_told_once_for_each_due_day(outbox, ada, sam):
    article = shelf.published("Parcels", text="By post.", by=ada, reviewer=sam)
    tell_due()
    assert outbox() == []
    Article.objects.update(review_on=timezone.localdate())
    tell_due()
    tell_due()
    [(_, subject, text)] = outbox()
    assert subject == "1 article is due for a review"
    assert "Parcels" in text
    services.review(article, by=sam.acting)
    tell_due()
    Article.objects.update(review_on=timezone.localdate() - timedelta(days=1))
    tell_due()
    assert len(outbox()) == 2


def test_where_the_owner_is_gone_the_staff_is_told(outbox, ada, sam):
    article = shelf.published("Parcels", text="By post.", by=ada, reviewer=sam)
    ada.user.is_active = False
    ada.user.save()
    flags.flag(article, text="Wrong.", by=sam.acting)
    tell_due()
    [(to, _, text)] = outbox()
    assert sam.user.email in to
    assert f"/admin/conversations/article/{article.pk}/change/" in text


def test_what_was_closed_meanwhile_is_no_news(outbox, ada, sam):
    article = shelf.published("Parcels", text="By post.", by=ada, reviewer=sam)
    flags.dismiss(flags.flag(article, text="Wrong.", by=sam.acting), by=ada.acting)
    tell_due()
    assert outbox() == []
