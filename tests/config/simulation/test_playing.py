"""Simulated companies: what they write is a history, and they know nothing of what judges it."""

import ast
import io
import json
from datetime import timedelta
from itertools import pairwise

import pytest
from django.conf import settings
from django.core.management import call_command

from config.simulation.judging import judge
from config.simulation.playing.book import FIRST_DAY
from config.simulation.playing.play import play
from config.simulation.playing.stories import CHEATS, PLAYS, Part, Story, stories
from config.simulation.reading import read as read_lines
from maturity.facts.ledger import Ledger
from maturity.facts.records import read
from maturity.scoring.definition import load

PLAYING = settings.BASE_DIR / "config" / "simulation" / "playing"
PLAIN = {"__future__", "collections", "config", "dataclasses", "datetime", "math", "random"}
PLAIN |= {"typing", "zoneinfo"}
READS = {"open", "read_text", "read_bytes", "loads", "load", "import_module", "__import__"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module


def called(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", None))


def test_who_plays_imports_no_model_and_reads_no_file():
    files = list(PLAYING.glob("*.py"))
    assert len(files) > 5
    for file in files:
        tree = ast.parse(file.read_text())
        modules = set(imported(tree))
        assert {module.split(".")[0] for module in modules} <= PLAIN
        ours = {module for module in modules if module.startswith("config")}
        assert all(module.startswith("config.simulation.playing.") for module in ours)
        assert not READS & set(called(tree))


def test_a_seed_gives_one_history_and_another_seed_another():
    of_one, again, of_two = (stories(6, weeks=20, seed=seed) for seed in (1, 1, 2))
    assert of_one == again
    assert play(of_one[5], weeks=20) == play(again[5], weeks=20)
    assert play(of_one[5], weeks=20) != play(of_two[5], weeks=20)


def test_a_hundred_companies_tell_every_kind_of_story_in_both_profiles():
    told = stories(100, weeks=156, seed=1)
    assert {one.kind for one in told[:10]} == set(PLAYS)
    for kind in PLAYS:
        assert {one.profile for one in told if one.kind == kind} == {"b2c", "b2b"}
    assert {one.truth(0) for one in told if one.kind == "steady"} == {1, 2, 3, 4, 5}
    for one in told:
        weeks = one.changes()
        assert all(then - first > 2 for first, then in pairwise(weeks))


@pytest.mark.django_db
def test_the_history_of_a_company_is_imported_whole_and_counted_alike(tmp_path):
    """One that does everything there is a line for, buys another, and rests for a week."""
    parts = Part(((0, 5),)), Part(((6, 4),), size=0.3, begins=6)
    story = Story("all", "b2b", 1, parts, outages=((9, 10),), dips=((8, 9),))
    lines = play(story, weeks=14)
    file = tmp_path / "company.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    out = io.StringIO()
    call_command("import_history", str(file), "--trust-own-acts", stdout=out, stderr=out)
    assert not list(tmp_path.glob("*rejected*"))
    rows, model, day = read(), load(), FIRST_DAY + timedelta(weeks=14)
    mine, theirs = (Ledger(found, model).day(day).week for found in (read_lines(lines), rows))
    assert theirs.company == mine.company
    assert sorted(map(str, theirs.units.values())) == sorted(map(str, mine.units.values()))
    types = {line["type"] for line in lines}
    assert {"insight", "round_trip", "escalation", "correction", "decision"} <= types


def test_who_pretends_by_every_means_in_the_second_year_stays_where_it_is():
    cheats = frozenset().union(*CHEATS)
    assert len(cheats) > 6
    story = Story("gaming", "b2c", 7, (Part(((0, 2),)),), cheats=cheats)
    found = judge(story, load(), weeks=80)
    assert {stage for lived, stage in found.stages if lived > 50} == {2}


def test_who_does_what_the_next_phase_does_moves_on():
    story = Story("climb", "b2c", 7, (Part(((0, 2), (20, 3))),))
    (promotion,) = [one for one in judge(story, load(), weeks=48).segments() if one.is_promotion]
    assert promotion.delay is not None
