"""The stream, on a real server: told as it happens, resumed without a gap, bounded."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.db import connection, transaction
from django.utils import timezone
from knox.models import AuthToken

from ambassadors.live import bell, services, stream
from ambassadors.live.models import Event, EventKind
from ambassadors.live.services import News
from ambassadors.routing import services as routing
from ambassadors.routing import tasks
from ambassadors.routing.models import Offer
from conversations.inbox.models import Conversation, Participant
from crm.access.models import Role
from tests import house
from tests.ambassadors.live.listening import Listener
from tests.api.hands import hear, offered

pytestmark = pytest.mark.django_db(transaction=True)
Listen = Callable[..., Listener]


@pytest.fixture
def listen(live_server: Any, settings: Any) -> Iterator[Listen]:
    settings.STREAM_SECONDS = 90.0
    opened: list[Listener] = []

    def start(person: house.Somebody, *, hello: str = "stream.opened", **more: Any) -> Listener:
        listener = Listener(live_server.url, person.user, **more)
        opened.append(listener)
        listener.wait_for(hello)
        return listener

    yield start
    _end_all()
    for each in opened:
        each.close()


def _end_all() -> None:
    """A server only notices that somebody hung up when it next writes."""
    end = time.monotonic() + 40
    while stream.places.count() and time.monotonic() < end:
        stream.places.end_all()
        time.sleep(0.02)
    assert not stream.places.count()


@pytest.fixture
def ada() -> house.Somebody:
    return house.ambassador(house.department(house.unit()), name="Ada")


def _asks(person: house.Somebody, text: str = "Where is my parcel?") -> Conversation:
    unit = person.employee.department.unit
    channel = house.webhook_channel(unit)
    return hear(channel, text)


def test_two_people_each_hear_their_own_offers_as_they_come(
    ada: house.Somebody, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOK", 60.0)  # what is heard sooner was rung
    bea = house.ambassador(ada.employee.department, name="Bea", active=False)
    ears = {person.user.pk: listen(person) for person in (ada, bea)}
    conversation = _asks(ada)
    offer = offered(ada)
    heard = ears[ada.user.pk].wait_for("offer.made")
    assert heard.data["data"] == {"conversation": str(conversation.pk), "offer": str(offer.pk)}
    routing.withdraw(conversation, at=timezone.now())
    ears[ada.user.pk].wait_for("offer.ended")
    assert ears[bea.user.pk].kinds() == ["stream.opened"]


def test_a_message_is_told_to_whoever_has_the_conversation(
    ada: house.Somebody, listen: Listen
) -> None:
    conversation = _asks(ada)
    routing.accept(offered(ada), by=ada.acting)
    ear = listen(ada)
    services.tell_of_messages([conversation.pk])
    heard = ear.wait_for("message.received")
    assert heard.data["data"] == {"conversation": str(conversation.pk)}


def test_a_stream_goes_on_after_the_last_event_without_a_gap_or_a_repeat(
    ada: house.Somebody, listen: Listen
) -> None:
    first = listen(ada)
    conversation = _asks(ada)
    made = offered(ada)
    heard = first.wait_for("offer.made")
    first.close()
    routing.withdraw(conversation, at=timezone.now())
    second = listen(ada, after=heard.id)
    ended = second.wait_for("offer.ended")
    assert ended.data["data"]["offer"] == str(made.pk)
    assert second.kinds() == ["stream.opened", "offer.ended"]
    third = listen(ada, after=ended.id)
    time.sleep(0.3)
    assert third.kinds() == ["stream.opened"]


def test_a_silent_stream_can_be_resumed_from_its_hello(ada: house.Somebody, listen: Listen) -> None:
    hello = listen(ada).wait_for("stream.opened")
    _asks(ada)
    offered(ada)
    again = listen(ada, after=hello.id)
    again.wait_for("offer.made")


def test_who_missed_what_was_pruned_is_told_to_read_again(
    ada: house.Somebody, listen: Listen
) -> None:
    listen(ada, after="987654321", hello="stream.reset")
    _asks(ada)
    offered(ada)
    old = Event.objects.latest("number")
    Event.objects.update(at=timezone.now() - services.KEPT * 2)
    assert services.forget_old(at=timezone.now()) == Event.objects.exclude(pk=old.pk).count()
    assert services.is_known(old.number)


def test_rights_are_asked_at_the_moment_of_sending(ada: house.Somebody, listen: Listen) -> None:
    conversation = _asks(ada)
    offered(ada)
    begin = Event.objects.latest("number").number
    news = [
        News(ada.user.pk, kind, conversation.pk)
        for kind in (EventKind.MESSAGE_RECEIVED, EventKind.OFFER_ENDED)
    ]
    Participant.objects.all().delete()
    with transaction.atomic():
        services.publish(news)
    ear = listen(ada, after=str(begin))
    ear.wait_for("offer.ended")
    assert ear.kinds() == ["stream.opened", "offer.ended"]


def test_who_is_closed_out_hears_nothing_more(ada: house.Somebody, listen: Listen) -> None:
    ear, second = listen(ada), listen(ada)
    AuthToken.objects.filter(token_key=ear.token[:15]).delete()
    _asks(ada)
    offered(ada)
    assert ear.ended.wait(40)
    assert ear.kinds() == ["stream.opened"]
    second.wait_for("offer.made")
    ada.user.is_active = False
    ada.user.save()
    assert second.ended.wait(40)


def test_a_process_holds_so_many_streams_and_no_more(
    ada: house.Somebody, listen: Listen, live_server: Any, settings: Any
) -> None:
    settings.STREAMS_MOST = 2
    place = ada.employee.department
    bea, cleo = (house.somebody(place, Role.AMBASSADOR, name=name) for name in ("Bea", "Cleo"))
    listen(ada)
    listen(cleo)
    url = f"{live_server.url}/api/v1/stream/"
    full = httpx.get(url, headers=_as(bea), trust_env=False)
    assert (full.status_code, full.headers["retry-after"]) == (503, "10")
    assert full.json()["code"] == "streams_full"
    assert full.headers["content-type"] == "application/problem+json"
    _end_all()
    settings.STREAM_SECONDS = 0.0
    assert httpx.get(url, headers=_as(bea), trust_env=False).status_code == 200


def test_a_new_stream_of_a_person_takes_the_place_of_their_oldest(
    ada: house.Somebody, listen: Listen, settings: Any
) -> None:
    settings.STREAMS_MOST = settings.STREAMS_PER_PERSON = 2
    first, second, third = (listen(ada) for _ in range(3))
    assert first.ended.wait(40)
    assert stream.places.count() == 2
    _asks(ada)
    offered(ada)
    second.wait_for("offer.made")
    third.wait_for("offer.made")


def _as(person: house.Somebody) -> dict[str, str]:
    token = AuthToken.objects.create(user=person.user)[1]
    return {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}


def test_the_answer_says_what_proxies_and_clients_need(
    ada: house.Somebody, live_server: Any, settings: Any
) -> None:
    settings.STREAM_SECONDS = 0.0
    headers = _as(ada) | {"Accept-Encoding": "gzip"}
    answer = httpx.get(f"{live_server.url}/api/v1/stream/", headers=headers, trust_env=False)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-encoding"] == "identity"
    assert answer.text.startswith("retry: 2000\nevent: stream.opened\nid: ")
    anonymous = httpx.get(f"{live_server.url}/api/v1/stream/", trust_env=False)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_authenticated")


def test_a_quiet_stream_pings(
    ada: house.Somebody, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING", 0.1)
    monkeypatch.setattr(stream, "LOOK", 0.2)
    ear = listen(ada)
    end = time.monotonic() + 20
    while ear.comments < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert ear.comments >= 2


def test_without_redis_the_stream_looks_by_itself(
    ada: house.Somebody, listen: Listen, settings: Any
) -> None:
    dead = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"default": dead}
    monkey = pytest.MonkeyPatch()
    monkey.setattr(bell, "_ringer", bell._Ringer())  # noqa: SLF001
    monkey.setattr(bell, "_listener", bell._Listener())  # noqa: SLF001
    try:
        ear = listen(ada)
        _asks(ada)
        offered(ada)
        ear.wait_for("offer.made")
    finally:
        ear.close()
        monkey.undo()


def test_a_waiting_stream_holds_no_connection_of_the_database(
    ada: house.Somebody, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOK", 60.0)  # no look comes between
    monkeypatch.setattr(stream, "LOOK_DEAF", 60.0)
    before = _connections()
    for _ in range(2):
        listen(ada)
    end = time.monotonic() + 30  # the streams themselves end after 90
    while _connections() > before and time.monotonic() < end:
        time.sleep(0.1)
    assert stream.places.count() == 2
    assert _connections() <= before


def _connections() -> int:
    """Of clients: the server's own vacuuming of this database is none of ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_events_are_numbered_in_the_order_of_their_commits(ada: house.Somebody) -> None:
    """The one that began first and commits last is the last: no reader can pass it by."""
    conversation = _asks(ada)
    other = connection.copy()
    try:
        with transaction.atomic():
            services.publish([News(ada.user.pk, EventKind.OFFER_ENDED, conversation.pk)])
            with other.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO ambassadors_event (user_id, kind, conversation_id)"
                    " VALUES (%s, 'message.received', %s)",
                    [ada.user.pk, conversation.pk],
                )
            between = Event.objects.exclude(number=None).get()
    finally:
        other.close()
    numbers = Event.objects.order_by("number").values_list("kind", flat=True)
    assert list(numbers) == ["message.received", "offer.ended"]
    assert between.kind == "message.received"
    assert not Offer.objects.exists()
    tasks.tell_due()


def test_events_of_one_transaction_are_numbered_as_they_were_told(ada: house.Somebody) -> None:
    where = _asks(ada).pk
    Event.objects.all().delete()

    def tell(*kinds: EventKind) -> None:
        services.publish([News(ada.user.pk, kind, where) for kind in kinds])

    with transaction.atomic():
        tell(EventKind.OFFER_MADE)
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            tell(EventKind.OFFER_MADE)
            _ = 1 / 0
        tell(EventKind.OFFER_ENDED, EventKind.MESSAGE_RECEIVED)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        tell(EventKind.APPROVAL_WANTED)
    events = Event.objects.order_by("number")
    told = ["offer.made", "offer.ended", "message.received", "approval.wanted"]
    assert list(events.values_list("kind", flat=True)) == told
    assert not events.filter(number=None).exists()
