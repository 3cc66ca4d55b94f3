"""Export, import into an empty database, export: the same lines."""

import gzip
import io
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from conversations.channels.models import Channel
from conversations.editorial import learning, life
from conversations.editorial.models import Publication
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message, MessageKind
from crm.contacts.models import Contact, Identity
from crm.organisation.models import CompanyVersion, Employee
from crm.values import Via
from tests.config.history.files import COMPANY, HISTORIES, line, message, take
from tests.conversations.editorial.plan import desk

pytestmark = pytest.mark.django_db
EVERY_TYPE = [
    {"type": "company", "name": "Nord SA", "headcount": 40},
    *COMPANY,
    COMPANY[2] | {"at": "2026-03-01T00:00:00Z", "left_at": "2026-04-01T00:00:00Z", "lead": "e2"},
    line("calendar", "ca1", name="Desk", timezone="Europe/Paris", monday="09:00-12:00, 13:00-17:00",
         tuesday="", wednesday="", thursday="", friday="", saturday="", sunday="",
         holidays="12-25 Christmas"),
    line("calendar", "ca1", name="Desk", timezone="Europe/Paris", monday="10:00-12:00",
         tuesday="", wednesday="", thursday="", friday="", saturday="", sunday="")
    | {"at": "2026-02-01T00:00:00Z"},
    line("service_level", "sl1", name="Fast", unit="u1", channel="ch1", priority="high",
         calendar="ca1", first_answer="30 min", resolution="2 d", active=True),
    line("service_level", "sl2", name="All", next_answer="4 h", active=False),
    line("contact", "c2", name="Nobody", relationship="partner", identities=[],
         organization="Nobody & Sons"),
    line("article", "a1", title="Boots", text="Wax.", author="e2", language="en", tags=["shoes"]),
    line("article", "a2", title="Tents", text="Dry.", author="e1", language="en", owner="e2",
         visibility="public", unit="u1", review_on="2027-01-05", retired=True),
    line("article_version", "av1", article="a2", number=1, by="e1", title="Tents", text="Dry.",
         language="en", visibility="public", outcome="published", decided_by="e2",
         decided_at="2026-01-06T09:00:00Z"),
    line("article_version", "av2", article="a2", number=2, by="e2", title="Tents", text="Dry it.",
         language="en", tags=["shoes"], outcome="published", decided_by="e1",
         decided_at="2026-01-07T09:00:00Z"),
    line("article_version", "av3", article="a2", number=3, by="e2", title="Tents", text="Fold it.",
         language="en", outcome="sent_back", decided_by="e1",
         decided_at="2026-01-08T09:00:00Z", comment="Which way?"),
    line("article_review", "r1", article="a1", by="e1"),
    message("m1", "v1", "in", "c1", "2026-02-01T10:00:00.123456Z", subject="Boots",
            external_id="<1@x>"),
    message("m2", "v1", "out", "e1", "2026-02-01T11:00:00Z", own=True, articles=["a1"],
            approved_by="e2", approval_required=True),
    message("m3", "v1", "in", "c2", "2026-02-01T12:00:00Z", external_id="<1@x>"),
    line("needs_answer", "n1", conversation="v1", value=True, by="classifier"),
    line("needs_answer", "n2", conversation="v1", value=False, by="e1"),
    line("assignment", "g1", conversation="v1", employee="e1", by="rule", own=True,
         accepted_at="2026-02-01T10:30:00Z"),
    line("assignment", "g2", conversation="v1", employee="e2", by="manual"),
    line("close", "x1", conversation="v1", by=None) | {"at": "2026-02-02T10:00:00Z"},
    line("escalation", "z1", conversation="v1", rule="legal", role="lawyer", drill=True),
    line("escalation", "z2", conversation="v1", rule="legal", role="lawyer", drill=False,
         message="m1", reply="m2", told_at="2026-02-01T10:30:00Z"),
    line("approval_step", "st1", message="m2", kind="asked"),
    line("approval_step", "st2", message="m2", kind="sent_back", by="e2", comment="When?"),
    line("approval_step", "st3", message="m2", kind="approved", by="e2", own=True),
    line("vouch", "vo1", employee="e1", trusted=True, by="e2", comment="Knows it.", own=True),
    line("correction", "f1", message="m2", kind="corrected"),
    {"type": "heartbeat", "at": "2026-02-01T00:00:00+05:00", "source": "s1"},
    line("mention", "w1", source="s1", text="nice", author="someone", url="https://x.example/1"),
    line("triage", "y1", mention="w1", by="e1", outcome="watch", own=True),
    line("publication", "b1", channel="ch1", author="e1", text="new",
         planned_at="2026-01-01T00:00:00Z", publish_at="2026-01-05T00:00:00Z", audience="all",
         segment="regulars", topic="boots",
         approved_by="e2", expected={"metric": "clicks", "value": 1.5},
         published_at="2026-01-05T00:00:00Z"),
    line("reaction", "o1", publication="b1", metric="clicks", value=3, compared_by="e2",
         lesson="Mornings are quiet."),
    line("decision", "j1", publication="b1", by="e1", text="again", comparison="o1"),
    line("policy", "p1", name="Charter", version="1", text="Be kind.",
         reviewed_at="2026-01-05T00:00:00Z"),
    line("policy", "p2", name="Press", version="1", text="Send them to us.", gates_offers=True),
    line("course", "cs1", name="Crisis", required=True, valid_months=12),
    line("course", "cs2", name="Tone"),
    line("acknowledgement", "k1", policy="p1", version="1", employee="e1", session="s", own=True),
    line("training", "t1", employee="e1", course="Crisis"),
    line("community", "co1", name="Practice", dimension="internal", practice=True),
    line("community", "co2", name="Ours", dimension="partner", practice=False, purpose="Dealers.",
         only_for=["d1"]),
    line("post", "q1", community="co1", thread="th1", author="e1", text="hello", own=True),
    line("post", "q2", community="co1", thread="th1", author="c2", text="hi"),
    line("round_trip", "rt1", conversation="v1", post="q1", answered_at="2026-02-02T10:00:00Z",
         partner=False),
    line("post", "q3", community="co2", thread="q3", author="e1", text="Which glue?", own=True,
         title="Glue", conversation="v1", withdrawn_at="2026-02-02T10:00:00Z"),
    line("round_trip", "rt2", conversation="v1", post="q3", partner=True, answer="q3", reply="m2"),
    line("insight", "i2", conversation="v1", author="e1", text="idea", outcome="rejected",
         owner="e2", decided_at="2026-02-02T10:00:00Z", why="Too dear."),
    line("insight", "i1", conversation="v1", author="e1", text="idea", outcome="shipped",
         owner="e2", decided_at="2026-02-02T10:00:00Z", told_at="2026-02-02T10:00:00Z"),
]  # fmt: skip


def test_a_live_plan_goes_out_as_history_and_comes_back(tmp_path: Path) -> None:
    made = desk()
    out = life.confirm(made.approved(topic="tents"), by=made.ben.acting)
    learning.compare(out, value=18.0, lesson="Fine.", by=made.ada.acting)
    learning.decide(out, text="More.", by=made.ben.acting)
    made.submitted(text="Waits")
    made.planned(text="A draft is nobody's history")
    first = exported(tmp_path)
    kinds = Counter(json.loads(each)["type"] for each in first)
    assert (kinds["publication"], kinds["reaction"], kinds["decision"]) == (2, 1, 1)
    assert take(tmp_path, list(first), "--trust-own-acts") == []  # known here already
    assert again(tmp_path, first) == first
    states = Publication.objects.order_by("text").values_list("state", flat=True)
    assert list(states) == ["published", "recorded"]


DERIVED = [
    *("key", "channel__key", "unit__key", "identity__handle", "status", "subject", "occurred_at"),
    *("assignee__key", "waiting_since", "closed_at", "last_message_at", "updated_at", "live"),
]


def exported(path: Path) -> list[bytes]:
    file = path / "export.jsonl"
    call_command("export_history", str(file), stdout=io.StringIO(), stderr=io.StringIO())
    return file.read_bytes().splitlines()


def empty_the_database() -> None:
    tables = [
        f'"{table}"'
        for table in connection.introspection.table_names()
        if table.startswith(("crm_", "conversations_", "ambassadors_", "maturity_"))
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def again(path: Path, lines: list[bytes]) -> list[bytes]:
    empty_the_database()
    assert take(path, list(lines), "--trust-own-acts") == []
    return exported(path)


def test_every_type_survives_export_import_and_export(tmp_path: Path) -> None:
    assert take(tmp_path, EVERY_TYPE, "--trust-own-acts") == []
    first = exported(tmp_path)
    assert len(first) == len(EVERY_TYPE)
    assert again(tmp_path, first) == first


def test_shuffled_and_doubled_lines_give_the_same_company(tmp_path: Path) -> None:
    take(tmp_path, EVERY_TYPE, "--trust-own-acts")
    first, inbox = exported(tmp_path), list(Conversation.objects.values(*DERIVED))
    empty_the_database()
    lines = EVERY_TYPE * 2
    Random(7).shuffle(lines)  # noqa: S311
    assert take(tmp_path, lines, "--trust-own-acts") == []
    assert exported(tmp_path) == first
    assert list(Conversation.objects.values(*DERIVED)) == inbox


def test_what_is_exported_says_what_was_imported(tmp_path: Path) -> None:
    take(tmp_path, EVERY_TYPE, "--trust-own-acts")
    lines = [json.loads(said) for said in exported(tmp_path)]
    by_id = {(said["type"], said.get("id")): said for said in lines}
    for given in EVERY_TYPE:
        if given["type"] in ("company", "employee", "calendar", "heartbeat"):
            continue
        said = by_id[given["type"], given["id"]]
        wanted = {k: v for k, v in given.items() if v is not None and not k.endswith("at")}
        assert {k: v for k, v in said.items() if k in wanted} == wanted


def test_a_version_of_a_policy_that_came_later_is_named_as_if_it_had_come_first(
    tmp_path: Path,
) -> None:
    ack = line("acknowledgement", "k1", policy="Charter", version="2", employee="e1", session="s")
    one = line("policy", "p1", name="Charter", version="1", text="Be kind.")
    two = line("policy", "p2", name="Charter", version="2", text="Be kinder.")
    take(tmp_path, [*COMPANY, one, ack])
    take(tmp_path, [two])
    first = exported(tmp_path)
    assert b'"policy":"p2"' in b"".join(first)
    assert again(tmp_path, first) == first


def test_an_export_imported_where_it_came_from_changes_nothing(tmp_path: Path) -> None:
    take(tmp_path, EVERY_TYPE, "--trust-own-acts")
    Employee.objects.filter(key="e2").update(key=None)  # born here
    first = exported(tmp_path)
    assert take(tmp_path, list(first), "--trust-own-acts") == []
    assert exported(tmp_path) == first


def live_exchange() -> Conversation:
    """What the doors would have written: no ids of another system, notes and unsent answers."""
    contact = Contact.objects.create(name="Live", occurred_at=timezone.now())
    identity = Identity.objects.create(contact=contact, kind="webchat", scope="x", handle="v-1")
    channel = Channel.objects.get(key="ch1")
    now = timezone.now()
    conversation = Conversation.objects.create(
        channel=channel, unit=channel.unit, identity=identity, occurred_at=now, live=True
    )
    said: dict[str, Any] = {"conversation": conversation, "channel": channel, "occurred_at": now}
    eva = Employee.objects.get(key="e1")
    Message.objects.create(**said, direction="in", author_identity=identity, text="Hello?")
    Message.objects.create(
        **said, direction="out", author_employee=eva, text="Yes.", sent_at=now, via=Via.OWN
    )
    Message.objects.create(
        **said, direction="out", author_employee=eva, text="aside", kind=MessageKind.NOTE
    )
    queued = Message.objects.create(**said, direction="out", author_employee=eva, text="later")
    Delivery.objects.create(message=queued, conversation=conversation, state=DeliveryState.QUEUED)
    return conversation


def test_live_records_are_exported_with_our_ids_and_own_acts_marked(tmp_path: Path) -> None:
    take(tmp_path, COMPANY)
    conversation = live_exchange()
    lines = exported(tmp_path)
    said = [json.loads(one) for one in lines]
    messages = [one for one in said if one["type"] == "message"]
    assert sorted((one["text"], one.get("own", False)) for one in messages) == [
        ("Hello?", False),
        ("Yes.", True),
    ]
    assert {one["conversation"] for one in messages} == {str(conversation.pk)}
    assert again(tmp_path, lines) == lines


def test_what_the_format_has_no_field_for_is_listed(tmp_path: Path) -> None:
    take(tmp_path, COMPANY)
    live_exchange()
    told = io.StringIO()
    call_command("export_history", str(tmp_path / "x.jsonl"), stdout=io.StringIO(), stderr=told)
    assert "1 internal notes" in told.getvalue()
    assert "1 messages not sent, or failed" in told.getvalue()


def test_a_gzipped_export_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    take(tmp_path, EVERY_TYPE)
    packed = [tmp_path / name for name in ("one.jsonl.gz", "two.jsonl.gz")]
    for file in packed:
        call_command("export_history", str(file), stdout=io.StringIO(), stderr=io.StringIO())
    assert packed[0].read_bytes() == packed[1].read_bytes()
    assert gzip.decompress(packed[0].read_bytes()).splitlines() == exported(tmp_path)


@pytest.mark.skipif(not HISTORIES.exists(), reason="the example histories are not here")
def test_an_example_history_survives(tmp_path: Path) -> None:
    packed = (HISTORIES / "b-coordinated-workshop.jsonl.gz").read_bytes()
    take(tmp_path, gzip.decompress(packed).splitlines(), "--trust-own-acts")
    first = exported(tmp_path)
    assert len(first) == 1931
    assert CompanyVersion.objects.count() == 1
    assert again(tmp_path, first) == first
