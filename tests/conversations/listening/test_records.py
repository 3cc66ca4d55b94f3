"""Mentions and triage come in with a history and go out again; what was heard here goes along."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from conversations.channels.wire.contract import Mentioned
from conversations.listening import hearing
from conversations.listening.models import Mention
from conversations.listening.triage import triage
from tests.conversations.listening.conftest import Ear
from tests.maturity.company import DAY, START, Company

pytestmark = pytest.mark.django_db


def _exported(folder: Path) -> list[dict[str, object]]:
    file = folder / "out.jsonl"
    call_command("export_history", str(file), stdout=io.StringIO(), stderr=io.StringIO())
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["type"] in {"mention", "triage"}]


def test_an_imported_decision_shows_on_its_mention_and_the_latest_holds(tmp_path: Path) -> None:
    company = Company()
    said = {"source": "s", "text": "The tent leaks", "author": "Nina"}
    mention = company.add("mention", at=START + DAY, **said)
    company.add("mention", at=START + DAY, **said)  # the same words twice: their history, two rows
    for day, outcome in ((3, "engage"), (2, "ignore")):
        company.add("triage", at=START + day * DAY, own=True, mention=mention, by="support1",
                    outcome=outcome)  # fmt: skip
    company.take_in(tmp_path)
    company.take_in(tmp_path)
    outcomes = Mention.objects.order_by("key").values_list("outcome", flat=True)
    assert sorted(outcomes) == ["", "engage"]
    sent = [line for line in company.lines if line["type"] in {"mention", "triage"}]
    key = lambda line: str(line["id"])  # noqa: E731
    came = [{**line, "at": None} for line in sorted(_exported(tmp_path), key=key)]
    assert came == [{**line, "at": None} for line in sorted(sent, key=key)]


def test_what_was_heard_and_decided_here_goes_out(ear: Ear, tmp_path: Path) -> None:
    place = ear.at("http://127.0.0.1:9/feed")
    item = Mentioned(external_id="1", title="Brand", text="It leaks", url="https://a.example/1")
    matcher = hearing.watches_of(place.source)
    hearing.take([item], source=place.source, matcher=matcher, takes_all=False, at=timezone.now())
    triage([Mention.objects.get()], outcome="watch", by=ear.ada.acting)
    mention, decision = _exported(tmp_path)
    assert (mention["text"], mention["url"]) == ("Brand\n\nIt leaks", "https://a.example/1")
    assert (decision["mention"], decision["outcome"], decision["own"]) == (
        mention["id"], "watch", True,
    )  # fmt: skip


def test_imported_mentions_are_told_apart_by_language_and_mood(tmp_path: Path) -> None:
    company = Company()
    for text in ("The tent leaks, I am very disappointed", "Une tente superbe, merci à vous", "42"):
        company.add("mention", at=START + DAY, source="s", text=text, author="Nina")
    company.take_in(tmp_path)
    told = Mention.objects.order_by("text").values_list("language", "sentiment")
    assert list(told) == [("", ""), ("en", "negative"), ("fr", "positive")]
