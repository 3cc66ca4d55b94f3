"""A person goes from every room, stays gone, and the past that was measured does not move."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage, storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.channels import claiming
from conversations.channels.models import Envelope
from conversations.channels.services import replay
from conversations.inbox import tasks as inbox_tasks
from conversations.inbox.models import (
    Attachment,
    Conversation,
    Delivery,
    DeliveryState,
    Message,
    Status,
)
from conversations.inbox.services import note, reopen, reply
from conversations.knowledge.models import Article
from conversations.listening.models import Mention
from crm.access.models import Role
from crm.contacts.measures import addresses
from crm.contacts.models import Contact, Identity
from crm.errors import Conflict, Forbidden
from crm.journal.models import Act
from crm.privacy import erasing, registry, services
from crm.privacy.finding import find
from crm.privacy.models import Erasure, ErasureState, Ground
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.crm.privacy.life import ACCOUNT, MAIL, NAME, WORDS, Life, mail, put
from tests.maturity.company import START, Company

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = (tmp_path / "outbox").as_uri()
    stores = {name: dict(each) for name, each in settings.STORAGES.items()}
    stores["default"]["OPTIONS"] = {"location": str(tmp_path / "files")}
    settings.STORAGES = stores
    assert storages["default"].location == str(tmp_path / "files")
    return tmp_path / "files"


def places() -> dict[str, int]:
    return {found.place: found.rows for found in find(WORDS)}


def asked_and_agreed(life: Life) -> Erasure:
    erasure = services.ask(life.person, ground=Ground.ASKED, by=life.staff.acting)
    return services.approve(erasure, by=life.second.acting)


def appraised() -> str:
    days = (0, 7)
    today = timezone.localdate()
    return json.dumps(
        [
            appraise(today - timedelta(days=day), reading=reading)
            for day in days
            for reading in PastReading
        ],
        default=str,
        sort_keys=True,
    )


def test_nothing_is_left_of_a_person_and_nothing_brings_them_back() -> None:
    life = Life()
    before = places()
    assert len(before) > 25, before  # they really were everywhere
    untouched, past = life.untouched(), appraised()
    erasure = asked_and_agreed(life)
    assert erasing.carry(erasure.pk, seconds=60)
    assert places() == {}
    assert life.untouched() == untouched
    assert appraised() == past
    _is_proved(erasure, life)
    _nothing_revives_them(life)
    _nobody_writes_into_it(life)
    _who_writes_anew_is_somebody_new(life)


def _is_proved(erasure: Erasure, life: Life) -> None:
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.DONE
    assert erasure.counts["conversations.Message"] >= 8
    assert erasure.rows == sum(erasure.counts.values())
    held = [DeliveryState.QUEUED, DeliveryState.HELD]
    assert not Delivery.objects.filter(conversation=life.theirs, state__in=held).exists()
    life.theirs.refresh_from_db()
    assert life.theirs.status == Status.CLOSED
    # what others wrote is still there, without the name
    text = Article.objects.get(pk=life.article.pk).text
    assert text == "[erased] wrote and [erased] was answered."
    kept = Attachment.objects.exclude(file="").get()  # the same bytes, sent by somebody else too
    assert default_storage.exists(kept.file)
    acts = Act.objects.filter(subject_type="erasure").order_by("pk")
    assert list(acts.values_list("verb", flat=True)) == ["erasure_asked", "erasure_approved"]
    assert Act.objects.filter(verb="person_erased", subject_id=str(life.person.pk)).count() == 1


def _nothing_revives_them(life: Life) -> None:
    failed = Envelope.objects.get(body=b"", key=life.unread.key)
    contacts, messages = Contact.objects.count(), Message.objects.count()
    house.post_webhook(life.shop, life.events, delivery="first")  # its id is known
    house.post_webhook(life.shop, life.events, delivery="third")  # its id is new
    put(life.raw)
    put(life.raw, key="UIDVALIDITY changed")
    claiming.ingest()
    life.hear()
    inbox_tasks.deliver_due()
    assert (Contact.objects.count(), Message.objects.count()) == (contacts, messages)
    assert places() == {}
    assert Envelope.objects.filter(reason__contains="came once more").count() == 2
    with pytest.raises(Conflict) as refused:
        replay(failed, by=life.staff.acting)
    assert refused.value.code == "erased"
    assert Mention.objects.filter(text="").count() == 2


def _nobody_writes_into_it(life: Life) -> None:
    count = Message.objects.count()
    for act in (
        lambda: reply(life.theirs, text="Quillon?", by=life.staff.acting),
        lambda: note(life.theirs, text="Quillon!", by=life.staff.acting),
        lambda: reopen(life.theirs, by=life.staff.acting),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "erased"
    assert Message.objects.count() == count


def _who_writes_anew_is_somebody_new(life: Life) -> None:
    ours = f"<{life.sent.pk}@relais.example>"
    put(mail("Here I am again", number=9, In_Reply_To=ours, References=ours))
    fresh = Conversation.objects.latest("occurred_at")
    assert fresh.identity is not None
    assert fresh.pk != life.theirs.pk
    assert fresh.identity.contact_id != life.person.pk
    assert (fresh.identity.handle, fresh.identity.contact.name) == (MAIL, NAME)
    assert fresh.messages.count() == 1
    assert reply(fresh, text="Welcome.", by=life.staff.acting)
    assert list(Contact.objects.filter(name=NAME)) == [fresh.identity.contact]


def test_the_past_that_was_measured_does_not_move_and_its_history_revives_nobody(
    tmp_path: Path,
) -> None:
    root = house.somebody(house.department(house.unit("Head")), Role.STAFF, name="Root")
    second = house.somebody(house.department(house.unit("Head 2")), Role.STAFF, name="Second")
    company = Company()
    company.busy_weeks(12)
    company.take_in(tmp_path)
    mondays = [START.date() + timedelta(days=7 * week) for week in (3, 6, 9, 12)]

    def walked() -> str:
        said = [appraise(day, reading=each) for day in mondays for each in PastReading]
        return json.dumps(said, default=str, sort_keys=True)

    before = walked()
    assert '"number": 2' in before or '"number": 1' in before  # there is something to move
    for key in ("customer0", "customer3"):
        contact = Contact.objects.get(key=key)
        erasure = services.ask(contact, ground=Ground.RETENTION, by=root.acting)
        services.approve(erasure, by=second.acting)
        assert erasing.carry(erasure.pk, seconds=60)
    assert walked() == before
    rows = (Contact.objects.count(), Message.objects.count(), Conversation.objects.count())
    company.take_in(tmp_path)  # the same file: unchanged, and nothing rejected
    assert rows == (Contact.objects.count(), Message.objects.count(), Conversation.objects.count())
    assert list(find(["customer0@elsewhere.example", "customer3@elsewhere.example"])) == []
    assert walked() == before
    late = START + timedelta(days=80)
    company.asks("v0-0", late, contact="customer0", text="What I never said")
    company.asks("new", late, contact="customer0", text="What I never said")
    company.contact("other id", START, handle="customer0@elsewhere.example")
    with pytest.raises(CommandError):
        company.take_in(tmp_path)
    assert rows == (Contact.objects.count(), Message.objects.count(), Conversation.objects.count())


def sharing() -> set[tuple[Any, Any]]:
    """Pairs of contacts with an address in common, as the measures see them."""
    rows = addresses()
    return {
        (one.contact, other.contact)
        for one in rows
        for other in rows
        if (one.kind, one.handle) == (other.kind, other.handle)
    }


def test_killed_out_of_time_doubled_and_without_redis_it_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    life = Life()
    twin = Contact.objects.create(name="Twin", occurred_at=timezone.now())
    Identity.objects.create(contact=twin, kind="webhook", handle=ACCOUNT, scope="x")
    before = sharing()
    dead = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_connect_timeout": 0.1},
    }
    settings.CACHES = settings.CACHES | {"default": dead}
    erasure = asked_and_agreed(life)
    real = erasing._batch  # noqa: SLF001 - a worker that dies has no other seam
    for dies_at in ("ambassadors.Post", "conversations.Message", "crm.Identity (digests)"):

        def dying(pk: Any, name: str, run: Any, subject: Any, at: str = dies_at) -> int:
            count = real(pk, name, run, subject)
            if name == at:
                raise SystemExit
            return count

        monkeypatch.setattr(erasing, "_batch", dying)
        with pytest.raises(SystemExit):
            erasing.carry(erasure.pk, seconds=60)
        monkeypatch.setattr(erasing, "_batch", real)
        if dies_at != "crm.Identity (digests)":
            erasing.carry_due(seconds=0)  # no time: one batch
            erasure.refresh_from_db()
            assert erasure.state == ErasureState.RUNNING
    assert erasing.carry(erasure.pk, seconds=60)
    assert not erasing.carry(erasure.pk)  # once more: nothing to do
    assert Act.objects.filter(verb="person_erased").count() == 1
    assert sharing() == before  # a measure counts people who share an address once
    twins = Identity.objects.filter(contact=twin)
    assert [each.handle for each in twins] == [ACCOUNT]  # and what is theirs is theirs
    twins.update(handle="nobody")
    twins.update(alias="")
    assert places() == {}


def test_somebody_else_must_agree_and_only_who_serves_all_their_units() -> None:
    life = Life()
    elsewhere = house.unit("Elsewhere")
    stranger = house.somebody(house.department(elsewhere), name="Olaf")
    for by in (stranger.acting, life.ada.acting):
        with pytest.raises(Forbidden):
            services.ask(life.person, ground=Ground.ASKED, by=by)
    erasure = services.ask(life.person, ground=Ground.ASKED, by=life.staff.acting)
    with pytest.raises(Conflict) as twice:
        services.ask(life.person, ground=Ground.ASKED, by=life.second.acting)
    assert twice.value.code == "erasure_asked"
    with pytest.raises(Forbidden) as own:
        services.approve(erasure, by=life.staff.acting)
    assert own.value.code == "own_erasure"
    with pytest.raises(Forbidden):
        services.approve(erasure, by=stranger.acting)
    assert not erasing.carry(erasure.pk)
    assert Contact.objects.get(pk=life.person.pk).name == NAME
    services.refuse(erasure, by=life.staff.acting)
    with pytest.raises(Conflict):
        services.approve(erasure, by=life.second.acting)
    assert services.approve(
        services.ask(life.person, ground=Ground.ASKED, by=life.second.acting), by=life.staff.acting
    )
    with pytest.raises(CommandError, match="found in"):
        call_command("find_person", MAIL, stdout=io.StringIO())
    call_command("find_person", "nobody.at.all@nowhere.example", stdout=io.StringIO())
    Erasure.objects.all().delete()  # and a colleague is no customer to be erased
    Identity.objects.filter(handle=MAIL).update(handle=life.ada.employee.email.lower())
    with pytest.raises(Conflict) as refused:
        services.ask(life.person, ground=Ground.ASKED, by=life.staff.acting)
    assert refused.value.code == "is_employee"


def test_who_the_person_is_goes_last() -> None:
    """All the other rooms are searched by it."""
    rooms = [table.model.__module__ for table in registry.tables()]
    first = rooms.index("crm.contacts.models")
    assert set(rooms[first:]) == {"crm.contacts.models"}
    assert "crm.contacts.models" not in rooms[:first]
