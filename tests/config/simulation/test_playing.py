"""Simulated companies: what they write is a history, and they know nothing of what judges it."""

import ast
import io
import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.conf import settings
from django.core.management import call_command

from config.simulation.judging import judge
from config.simulation.playing import house
from config.simulation.playing.book import FIRST_DAY
from config.simulation.playing.habits import PRACTICES, Learning, Policy
from config.simulation.playing.play import play
from config.simulation.playing.stories import CHEATS, PLAYS, Part, Story, stories
from config.simulation.reading import read as read_lines
from maturity.facts.ledger import Ledger
from maturity.facts.records import read
from maturity.scoring.definition import load

PLAYING = settings.BASE_DIR / "config" / "simulation" / "playing"
PLAIN = {"__future__", "collections", "config", "dataclasses", "datetime", "math", "random"}
PLAIN |= {"itertools", "typing", "zoneinfo"}
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


def week_of(line, name="at"):
    return (datetime.fromisoformat(line[name]).date() - FIRST_DAY).days // 7


def of_type(lines, *types):
    return [line for line in lines if line["type"] in types]


def test_a_policy_is_looked_at_each_year_and_written_anew_in_the_third():
    lines = play(Story("steady", "b2b", 3, (Part(((0, 3),)),)), weeks=170)
    policies = of_type(lines, "policy")
    anew = ["reviewed_at" not in line for line in policies]
    assert anew[0]
    assert len(policies) >= 4
    assert sum(anew[1:]) == 1
    decided = [week_of(line) - (5 if new else 0) for line, new in zip(policies, anew, strict=True)]
    assert all(45 < b - a < 60 for a, b in pairwise(decided[1:]))


def test_a_version_that_takes_the_place_of_another_is_signed_before_it_binds():
    lines = play(Story("steady", "b2b", 3, (Part(((0, 3),)),)), weeks=170)
    first, second = (line for line in of_type(lines, "policy") if "reviewed_at" not in line)
    for policy, ahead in ((first, False), (second, True)):
        signed = [
            datetime.fromisoformat(line["at"])
            for line in of_type(lines, "acknowledgement")
            if line["version"] == policy["version"]
        ]
        binds = datetime.fromisoformat(policy["at"])
        early = [at for at in signed if at < binds]
        assert len(early) > len(signed) / 2 if ahead else not early
        assert min(signed) >= binds - timedelta(weeks=5)


def test_the_buyers_rules_bind_a_bought_company_from_its_first_day_on():
    parts = Part(((0, 4),)), Part(((4, 2),), size=0.3, begins=4, bought=True)
    lines = play(Story("acquisition", "b2c", 3, parts), weeks=40)
    signed = [
        week_of(line)
        for line in of_type(lines, "acknowledgement")
        if line["employee"].startswith("unit1")
    ]
    assert min(signed) == 4
    assert len(signed) > 2


def test_the_desk_gives_nothing_to_a_colleague_who_has_not_signed_and_others_answer(monkeypatch):
    monkeypatch.setitem(PRACTICES["policy"], 4, Policy(0.5))
    lines = play(Story("steady", "b2c", 3, (Part(((0, 4),)),)), weeks=30)
    signed = {line["employee"] for line in of_type(lines, "acknowledgement")}
    social = {line["id"] for line in of_type(lines, "employee") if line["social_team"]}
    given = {True: set(), False: set()}
    for line in of_type(lines, "assignment"):
        given[week_of(line) >= 3].add(line["employee"])
    assert given[False] - signed - social  # in its first fortnight
    assert given[True] <= signed
    assert social & given[True]


def test_a_named_contact_who_does_not_sign_is_replaced():
    lines = play(Story("steady", "b2c", 5, (Part(((0, 3),)),)), weeks=60)
    social = {line["id"] for line in of_type(lines, "employee") if line["social_team"]}
    signed = {line["employee"] for line in of_type(lines, "acknowledgement")}
    given = Counter(line["employee"] for line in of_type(lines, "assignment") if week_of(line) > 3)
    contacts = [who for who, number in given.items() if who not in social and number > 5]
    assert len(contacts) >= 2
    assert set(contacts) <= signed


def test_some_colleagues_do_much_more_than_others():
    lines = play(Story("steady", "b2c", 3, (Part(((0, 5),)),)), weeks=100)
    social = {line["id"] for line in of_type(lines, "employee") if line["social_team"]}
    done = Counter(line["employee"] for line in of_type(lines, "assignment"))
    shares = sorted((number for who, number in done.items() if who not in social), reverse=True)
    fifth = sum(shares[: len(shares) // 5]) / sum(shares)
    assert 0.35 < fifth < 0.65


def test_people_of_a_programme_that_ends_stop_one_by_one_and_no_policy_is_written_anew():
    lines = play(Story("decay", "b2c", 3, (Part(((0, 5), (50, 3), (100, 2))),)), weeks=130)
    social = {line["id"] for line in of_type(lines, "employee") if line["social_team"]}
    asked = {
        week: {
            line["employee"]
            for line in of_type(lines, "assignment")
            if line["employee"] not in social and week <= week_of(line) < week + 4
        }
        for week in (30, 46, 64)
    }
    assert len(asked[30]) > len(asked[46]) > len(asked[64])
    policies = of_type(lines, "policy")
    fading = [line for line in policies if 37 <= week_of(line) < 110]
    assert fading
    assert all("reviewed_at" in line for line in fading)


def test_what_stands_in_the_calendar_is_no_matter_of_chance():
    lines = play(Story("steady", "b2c", 3, (Part(((0, 4),)),)), weeks=30)
    weeks = sorted({week_of(line) for line in of_type(lines, "decision")})
    assert len(weeks) >= 10
    assert {b - a for a, b in pairwise(weeks)} == {2}


def test_what_was_published_before_a_company_began_to_compare_is_compared_too(monkeypatch):
    monkeypatch.setattr(house, "SPREAD", 0)
    monkeypatch.setattr(house, "AHEAD", 0)
    monkeypatch.setitem(PRACTICES["learning"], 3, Learning(0, 0))
    monkeypatch.setitem(PRACTICES["learning"], 4, Learning(1, 1))
    lines = play(Story("climb", "b2c", 3, (Part(((0, 3), (10, 4))),)), weeks=20)
    published = {line["id"]: line for line in of_type(lines, "publication")}
    compared = [line for line in of_type(lines, "reaction") if "compared_by" in line]
    assert 10 <= min(map(week_of, compared)) <= 11  # when the next figures come
    weeks = [week_of(published[line["publication"]], "published_at") for line in compared]
    assert min(weeks) < 10 < max(weeks)
    late = [line for line in of_type(lines, "reaction") if week_of(line) >= 10]
    planned = [line for line in late if "expected" in published[line["publication"]]]
    assert planned == [line for line in late if "compared_by" in line]


def test_nobody_of_a_bought_company_is_asked_for_more_than_their_work_for_a_hundred_days():
    parts = Part(((0, 4),)), Part(((4, 4),), size=0.3, begins=4, bought=True)
    lines = of_type(play(Story("acquisition", "b2c", 3, parts), weeks=20), "employee")
    others = [line for line in lines if line["id"].startswith("unit1") and not line["social_team"]]
    assert {week_of(line) for line in others if line["relevant"]} == {4 + 14}


def test_a_company_that_buys_a_mute_one_of_many_customers_falls_and_says_which_came(monkeypatch):
    """It listens: mentions are of the whole company, whichever of its units came."""
    monkeypatch.setitem(PRACTICES["listening"], 1, PRACTICES["listening"][3])
    parts = Part(((0, 3),), size=1.0), Part(((40, 1),), size=9.0, begins=40, bought=True)
    found = judge(Story("acquisition", "b2c", 7, parts), load(), weeks=64)
    fell = [step for step in found.transitions if step.came_from == 3 and step.to == 2]
    assert fell
    assert [len(step.joined) for step in fell] == [1]
    assert not [step for step in found.transitions if step.at < fell[0].at and step.joined]
