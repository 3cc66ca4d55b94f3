"""Two carriers, and a person who writes at that very moment; a backup that knows them still."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections

from conversations.channels import claiming
from conversations.channels.models import Channel
from conversations.inbox.models import Message
from crm.access.models import Role
from crm.contacts.models import Contact, Identity
from crm.journal.models import Tombstone
from crm.privacy import erasing, services
from crm.privacy.finding import find
from crm.privacy.models import Erasure, ErasureState, Ground
from tests import house

HANDLE = "quillon_v77"


def says(channel: Channel, number: int, text: str = "zanzibar") -> None:
    sender = {"handle": HANDLE, "name": "Quillon Vandermeer"}
    said = house.message(f"m{number}", text, thread=f"t{number}", **{"from": sender})
    house.post_webhook(channel, house.event(said))


def begun(channel: Channel) -> Erasure:
    desk = house.department(channel.unit, "Desk")
    one, two = (house.somebody(desk, Role.STAFF, name=name) for name in ("One", "Two"))
    contact = Contact.objects.get(identities__handle=HANDLE)
    erasure = services.ask(contact, ground=Ground.ASKED, by=one.acting)
    return services.approve(erasure, by=two.acting)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_and_a_message_at_that_very_moment() -> None:
    channel = house.webhook_channel(house.unit())
    for number in range(20):
        says(channel, number)
    claiming.ingest()
    erasure = begun(channel)
    start = threading.Barrier(3)

    def carry() -> None:
        start.wait()
        try:
            for _ in range(100):
                if erasing.carry(erasure.pk):
                    return
        finally:
            connections.close_all()

    def write() -> None:
        try:
            start.wait()
            for number in range(100, 110):
                says(channel, number, "again")
                claiming.ingest()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(carry), pool.submit(carry), pool.submit(write)]:
            done.result()
    erasing.carry_due()
    claiming.ingest()
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.DONE
    old = Message.objects.filter(author_identity__in=erasure.identities)
    assert set(old.values_list("text", flat=True)) == {""}
    assert erasure.counts["conversations.Message"] == old.count()  # each counted once
    assert Message.objects.count() == 30  # nothing was lost
    new = Message.objects.exclude(author_identity__in=erasure.identities)
    assert set(new.values_list("text", flat=True)) <= {"again"}


@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_forgets_them_again_and_not_who_wrote_anew(tmp_path: Path) -> None:
    channel = house.webhook_channel(house.unit())
    says(channel, 1)
    claiming.ingest()
    _back_up()
    erasure = begun(channel)
    assert erasing.carry(erasure.pk)
    call_command("tombstones", "--dump", str(tmp_path / "gone"), stdout=io.StringIO())
    assert "quillon" not in (tmp_path / "gone").read_text().lower()
    _restore()
    assert Contact.objects.filter(name="Quillon Vandermeer").exists()
    says(channel, 1)  # the backup's envelope is known: nothing new
    for _ in range(2):
        out = io.StringIO()
        call_command("tombstones", "--load", str(tmp_path / "gone"), stdout=out)
    assert "0 people came back" in out.getvalue()
    assert list(find([HANDLE, "Vandermeer", "zanzibar"])) == []
    says(channel, 2, "anew")
    claiming.ingest()
    call_command("tombstones", "--load", str(tmp_path / "gone"), stdout=io.StringIO())
    assert Identity.objects.filter(handle=HANDLE).count() == 1


_TABLES = ("crm_contact", "crm_identity", "conversations_conversation", "conversations_message")
_TABLES = (*_TABLES, "conversations_envelope")


def _back_up() -> None:
    """What a backup has of the tables that matter here."""
    with connection.cursor() as cursor:
        for name in _TABLES:
            cursor.execute(f"CREATE TEMPORARY TABLE kept_{name} AS SELECT * FROM {name}")  # noqa: S608


def _restore() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM crm_erasure")
        cursor.execute("SELECT set_config('session_replication_role', 'replica', false)")
        for name in (*_TABLES, "crm_tombstone"):
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608
        for name in _TABLES:
            cursor.execute(f"INSERT INTO {name} SELECT * FROM kept_{name}")  # noqa: S608
            cursor.execute(f"DROP TABLE kept_{name}")
        cursor.execute("SELECT set_config('session_replication_role', 'origin', false)")
    assert not Tombstone.objects.exists()
