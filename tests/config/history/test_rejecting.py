"""What an import can't take: named by line and reason, and the rest goes in."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from conversations.channels.models import Heartbeat
from crm.organisation.models import Employee, Unit
from tests.config.history.files import AT, COMPANY, counts, import_file, line, message, take

pytestmark = pytest.mark.django_db
BAD = [
    ({"type": "parcel", "id": "1", "at": AT}, "type: unknown type 'parcel'"),
    ({"id": "1", "at": AT}, "type: is missing"),
    ({"type": ["unit"], "id": "1"}, "type: unknown type"),
    ([1, 2], "is not a JSON object"),
    (b"{", "is not one JSON object"),
    (b'{"type":"heartbeat"} {"type":"heartbeat"}', "is not one JSON object: Extra data"),
    (b"\xff\xfe\xfd", "is not UTF-8"),
    (b"[" * 200_000, "is nested too deeply"),
    (b'{"type":"reaction","value":' + b"9" * 5000 + b"}", "is not JSON"),
    (b'{"type":"reaction","value":NaN}', "NaN is no JSON number"),
    (line("training", "", employee="e1", course="x"), "id: is empty"),
    (line("training", "x" * 201, employee="e1", course="x"), "id: is longer than 200"),
    (line("training", 7, employee="e1", course="x"), "id: must be a text"),  # type: ignore[arg-type]
    (line("training", "t") | {"at": "2026-01-01T10:00:00"}, "at: has no offset"),
    (line("training", "t") | {"at": "2026-01-01"}, "at: has no offset"),
    (line("training", "t") | {"at": "2999-01-01T00:00:00Z"}, "at: lies in the future"),
    (line("training", "t") | {"at": "0000-01-01T00:00:00Z"}, "at: is no date"),
    (line("training", "t") | {"at": "0001-01-01T00:00:00+14:00"}, "at: is no date"),
    (line("training", "t") | {"at": "9999-12-31T23:59:59-12:00"}, "at: is no date"),
    (line("training", "t") | {"at": 1700000000}, "at: must be a date"),
    (line("training", "t", own="yes", employee="e1", course="x"), "own: must be true or false"),
    (line("training", "t", employee="e1"), "course: is missing"),
    (line("training", "t", employee="e1", course=None), "course: is missing"),
    (line("training", "t", employee="e1", course="a\0b"), "course: holds a NUL"),
    (line("training", "t", employee="e1", course="\ud800"), "course: holds half a surrogate"),
    (line("training", "t", employee={"id": 1}, course="x"), "employee: must be a text"),
    (line("training", "t", employee="e9", course="x"), "unknown employee: e9"),
    (line("employee", "e3", name="x", email="x", department="d1", social_team=1, relevant=True),
     "social_team: must be true or false"),
    (line("unit", "u2", name="x", profile="b2x", timezone="UTC"), "profile: must be one of"),
    (line("unit", "u2", name="x", profile="b2b", timezone="Mars/Olympus"), "timezone: is no time"),
    (line("unit", "u2", name="x", profile="b2b", timezone="UTC", headcount=-1), "headcount: must"),
    (line("unit", "u2", name="x", profile="b2b", timezone="UTC", headcount=True),
     "headcount: must"),
    (line("contact", "c3", name="x", relationship="customer", identities={}), "identities: must"),
    (line("contact", "c3", name="x", relationship="customer", identities=[{"kind": "email"}]),
     "identities: must be a text"),
    (message("m9", "v9", "in", "nobody", AT), "unknown author: nobody"),
    (message("m9", "v9", "in", "c1", AT, channel="ch9"), "unknown channel: ch9"),
    (message("m9", "v9", "in", "c1", AT, articles=["a9"]), "unknown article: a9"),
    (message("m9", "v9", "up", "c1", AT), "direction: must be one of"),
    (line("close", "x1", conversation="v9", by=None), "unknown conversation: v9"),
    ({"type": "heartbeat", "at": AT, "source": "s9"}, "unknown source: s9"),
    (line("publication", "b1", channel="ch1", author="e1", text="x", planned_at=AT, publish_at=AT,
          expected={"metric": "likes", "value": 1e400}), "is no JSON number"),
    (line("publication", "b1", channel="ch1", author="e1", text="x", planned_at=AT, publish_at=AT,
          expected={"metric": "likes", "value": 10**400}), "expected: must be a finite number"),
    (line("publication", "b1", channel="ch1", author="e1", text="x", planned_at=AT, publish_at=AT,
          published_at="2999-01-01T00:00:00Z"), "published_at: lies in the future"),
]  # fmt: skip


def test_a_line_that_cannot_be_taken_is_named_and_the_rest_goes_in(tmp_path: Path) -> None:
    take(tmp_path, COMPANY)
    before = counts()
    good = line("training", "t1", employee="e1", course="x")
    rejected = take(tmp_path, [*(bad for bad, _ in BAD), good])
    reasons = {said["line"]: said["reason"] for said in rejected}
    assert sorted(reasons) == list(range(1, len(BAD) + 1))
    for number, (_, reason) in enumerate(BAD, start=1):
        assert reason in reasons[number]
    assert counts() == before | {"ambassadors_training": 1}


def test_a_byte_order_mark_and_blank_lines_are_no_fault(tmp_path: Path) -> None:
    lines: list[Any] = [b"\xef\xbb\xbf" + json.dumps(COMPANY[0]).encode(), b"", b"  \r", COMPANY[1]]
    assert take(tmp_path, lines) == []
    assert Unit.objects.count() == 1


def test_utf_16_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in COMPANY), encoding="utf-16")
    assert [r["reason"] for r in import_file(file)] == ["the file is UTF-16; it must be UTF-8"]


def test_a_line_that_is_too_long_costs_itself_alone(tmp_path: Path) -> None:
    long = json.dumps(COMPANY[1] | {"name": "x" * (20 << 20)}).encode()
    rejected = take(tmp_path, [COMPANY[0], long, COMPANY[1]])
    assert [(r["line"], r["reason"]) for r in rejected] == [(2, "is longer than 8 MiB")]


def test_a_truncated_gzip_file_gives_what_is_whole_and_names_the_end(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl.gz"
    many = [{"type": "heartbeat", "at": f"2026-01-0{d}T{h:02}:00:00Z", "source": "s1"}
            for d in range(6, 10) for h in range(24)]  # fmt: skip
    packed = gzip.compress(b"\n".join(json.dumps(one).encode() for one in [*COMPANY, *many]))
    file.write_bytes(packed[: len(packed) - 30])
    rejected = import_file(file)
    assert len(rejected) == 1
    assert "damaged or cut off" in rejected[0]["reason"]
    assert Employee.objects.count() == 2
    file.write_bytes(packed)
    assert import_file(file) == []
    assert Heartbeat.objects.count() == len(many)


def test_a_file_that_only_claims_to_be_gzip_is_one_line_in_the_report(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl.gz"
    file.write_bytes(b"\x1f\x8bnonsense")
    assert [r["line"] for r in import_file(file)] == [1]


def test_a_good_run_takes_the_report_of_a_bad_one_away(tmp_path: Path) -> None:
    take(tmp_path, [*COMPANY, b"{"])
    assert (tmp_path / "history.rejected.jsonl").exists()
    take(tmp_path, COMPANY)
    assert not (tmp_path / "history.rejected.jsonl").exists()
