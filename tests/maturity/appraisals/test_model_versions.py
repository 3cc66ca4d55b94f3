"""A next version of the model: beside the one in force, then adopted from a Monday on."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import ProgrammingError, transaction

from crm.access.models import Role
from crm.errors import Conflict, Forbidden, Missing
from crm.journal.models import Act
from crm.values import Actor, Via
from maturity.appraisals import versions
from maturity.appraisals.keeping import keep_facts
from maturity.appraisals.models import Appraisal, ModelVersion, Transition
from maturity.appraisals.services import (
    PastReading,
    appraise,
    remembered_shadow,
    store_due_appraisals,
)
from maturity.facts.models import DayFacts
from maturity.scoring.definition import MODEL_FILE, load
from tests import house
from tests.api.hands import Caller
from tests.maturity.appraisals.test_weekly import AFTER, MONDAY, recorded_as_it_happened
from tests.maturity.company import Company, criterion
from tests.maturity.executive.desk import browser, text

pytestmark = pytest.mark.django_db
KNOWN, CORRECTED = PastReading.KNOWN, PastReading.CORRECTED
SEEN = datetime(2026, 2, 16, tzinfo=UTC)
ADOPTED = datetime(2026, 4, 1, 9, tzinfo=UTC)
SINCE = date(2026, 4, 6)
PAGE = "/maturity/next-model/"
HARDER = {
    'version = "1"': 'version = "2"',
    "enter = { b2c = 6, b2b = 8 }\nstay = { b2c = 4, b2b = 5 }": "enter = 60\nstay = 50",
}


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    recorded_as_it_happened(company, tmp_path)
    return company


@pytest.fixture
def harder(tmp_path, settings):
    """A version under which nobody is present regularly enough."""
    text_of = MODEL_FILE.read_text(encoding="utf-8")
    for old, new in HARDER.items():
        assert old in text_of
        text_of = text_of.replace(old, new, 1)
    file = tmp_path / "next.toml"
    file.write_text(text_of, encoding="utf-8")
    settings.NEXT_MODEL = str(file)
    return versions.parsed(text_of)


@pytest.fixture
def people():
    """An executive, and one of the staff."""
    home = house.department(house.unit("Office"))
    return [house.somebody(home, role) for role in (Role.EXECUTIVE, Role.STAFF)]


def in_shadow_since(at):
    found = versions.shadow()
    ModelVersion.objects.create(
        sha256=found.model.sha256, version=found.model.version, text=found.text, seen_at=at
    )


def by(person, via=Via.OWN):
    return Actor(person.user, via)


def adopt(person, model):
    in_shadow_since(SEEN)
    return versions.adopt(model.sha256, by=by(person), at=ADOPTED)


def said(day, reading=CORRECTED):
    return json.dumps(appraise(day, reading=reading))


def test_a_version_in_shadow_moves_nothing_and_is_kept_and_shown_beside(
    company, harder, people, settings
):
    before = {
        (day, reading): said(day, reading) for day in (MONDAY, SINCE) for reading in PastReading
    }
    assert versions.shadow().seen_at is None
    keep_facts(at=AFTER, every_day=False)
    assert versions.shadow().seen_at is not None
    assert DayFacts.objects.values("ground").distinct().count() >= 2
    assert {key: said(*key) for key in before} == before
    under = remembered_shadow(harder, MONDAY, reading=CORRECTED)
    assert under.walked.company.stage == 1
    assert under.model.version == "2"
    caller = Caller(people[0].user)
    told = caller.get("maturity/next-model/", as_of=MONDAY.isoformat()).json()
    assert (told["in_force"]["version"], told["next"]["version"]) == ("1", "2")
    assert told["stages"][0] == {
        "unit": None,
        "now": {"number": 2, "key": "testing"},
        "then": {"number": 1, "key": "dormant"},
    }
    (differs,) = told["criteria"]
    assert differs["id"] == "S2-CHA-1"
    assert (differs["now"]["outcome"], differs["now"]["enter"]) == ("MET", 8)
    assert (differs["then"]["outcome"], differs["then"]["enter"]) == ("NOT_MET", 60)
    page = text(browser(Role.EXECUTIVE, of=people[0]).get(PAGE, {"as_of": MONDAY.isoformat()}))
    assert "Version 2 is appraised beside version 1" in page
    assert "Regular presence S2-CHA-1 met enter 8, stay 5 not met enter 60, stay 50" in page
    assert "Adopt version 2" not in page  # not before its four weeks
    settings.NEXT_MODEL = ""
    assert caller.get("maturity/next-model/").status_code == 404
    assert "No version is in shadow" in text(browser(Role.STAFF, of=people[1]).get(PAGE))


def test_an_adopted_version_is_in_force_from_its_monday_and_its_steps_name_it(
    company, harder, people
):
    earlier = {
        (day, reading): said(day, reading)
        for day in (date(2026, 3, 30), date(2026, 4, 5))
        for reading in PastReading
    }
    adopt(people[0], harder)
    assert {key: said(*key) for key in earlier} == earlier
    for reading in PastReading:
        found = appraise(MONDAY, reading=reading)
        assert found["model"] == {"version": "2", "sha256": harder.sha256}
        assert criterion(found, "S2-CHA-1")["enter"] == 60
        last = found["transitions"][-1]
        assert (last["at"], last["from"], last["to"]) == (SINCE.isoformat(), 2, 1)
        assert last["causes"] == ["S2-CHA-1", "MODEL-VERSION"]
        assert found["stage"]["number"] == 1
    counted = said(MONDAY), said(MONDAY, KNOWN)
    keep_facts(at=AFTER, every_day=False)
    assert (said(MONDAY), said(MONDAY, KNOWN)) == counted
    store_due_appraisals(at=AFTER)
    weeks = dict(Appraisal.objects.filter(unit=None).values_list("as_of", "model_version"))
    assert {version for on, version in weeks.items() if on < SINCE} == {"1"}
    assert {version for on, version in weeks.items() if on >= SINCE} == {"2"}
    step = Transition.objects.filter(unit=None).latest("at")
    assert (step.at, step.causes) == (SINCE, ["S2-CHA-1", "MODEL-VERSION"])
    assert Appraisal.objects.get(as_of=MONDAY, unit=None).said == json.loads(counted[1])
    changes = text(browser(Role.EXECUTIVE, of=people[0]).get("/maturity/", {"as_of": MONDAY}))
    assert "Another version of the model" in changes


def test_only_an_executive_in_person_adopts_what_was_seen_for_four_weeks_and_once(harder, people):
    boss, staff = people
    in_shadow_since(SEEN)
    for actor in (by(staff), by(boss, Via.SERVICE), Actor(None, Via.AUTOMATION)):
        with pytest.raises(Forbidden):
            versions.adopt(harder.sha256, by=actor, at=ADOPTED)
    with pytest.raises(Conflict, match="four weeks"):
        versions.adopt(harder.sha256, by=by(boss), at=SEEN + timedelta(days=27))
    with pytest.raises(Missing):
        versions.adopt("0" * 64, by=by(boss), at=ADOPTED)
    assert not ModelVersion.objects.filter(since__isnull=False).exists()
    assert not Act.objects.filter(verb="model_adopted").exists()
    row = versions.adopt(harder.sha256, by=by(boss), at=ADOPTED)
    assert (row.since, row.adopted_by) == (SINCE, boss.user)
    assert ModelVersion.objects.get(since=versions.THE_BEGINNING).sha256 == load().sha256
    assert Act.objects.filter(verb="model_adopted").count() == 1
    with pytest.raises(Missing):  # it is in shadow no more
        versions.adopt(harder.sha256, by=by(boss), at=ADOPTED)
    with pytest.raises(ProgrammingError), transaction.atomic():
        ModelVersion.objects.filter(pk=row.pk).update(since=SINCE - timedelta(days=7))
    with pytest.raises(ProgrammingError), transaction.atomic():
        ModelVersion.objects.filter(pk=row.pk).update(text="")
    with pytest.raises(ProgrammingError), transaction.atomic():
        ModelVersion.objects.filter(pk=row.pk).delete()


def test_it_is_not_adopted_before_its_time_nor_by_the_staff(harder, people):
    boss, staff = people
    in_shadow_since(datetime.now(UTC) - timedelta(days=20))
    client, sha = browser(Role.EXECUTIVE, of=boss), {"sha256": harder.sha256}
    refused = client.post(f"{PAGE}adopt/", sha)
    assert refused.status_code == 409
    assert "four weeks" in text(refused)
    assert Caller(boss.user).post("maturity/next-model/adopt/", sha).status_code == 409
    assert Caller(staff.user).post("maturity/next-model/adopt/", sha).status_code == 403
    assert browser(Role.STAFF, of=staff).post(f"{PAGE}adopt/", sha).status_code == 403
    assert client.post(f"{PAGE}adopt/", {"sha256": "none"}).status_code == 404
    assert versions.coming() is None


@pytest.mark.parametrize("door", ["page", "api"])
def test_it_is_adopted_on_the_page_or_by_the_api(harder, people, door):
    in_shadow_since(datetime.now(UTC) - timedelta(days=29))
    client, sha = browser(Role.EXECUTIVE, of=people[0]), {"sha256": harder.sha256}
    assert "Adopt version 2" in text(client.get(PAGE))
    if door == "page":
        assert client.post(f"{PAGE}adopt/", sha).status_code == 302
    else:
        answer = Caller(people[0].user).post("maturity/next-model/adopt/", sha)
        assert answer.json()["since"] == versions.coming().since.isoformat()
    assert versions.coming().model.version == "2"
    assert "Version 2 was adopted and is in force from" in text(client.get(PAGE))


def test_a_file_that_says_nothing_sensible_is_no_version(settings, tmp_path, caplog):
    for words in (
        "",
        "version = ",
        'version = "2"\n',
        MODEL_FILE.read_text().replace("stage = 2", "stage = 9", 1),
    ):
        file = tmp_path / "next.toml"
        file.write_text(words)
        settings.NEXT_MODEL = str(file)
        assert versions.shadow() is None
    settings.NEXT_MODEL = str(tmp_path / "nowhere.toml")
    assert versions.shadow() is None
    assert "cannot be read" in caplog.text
    settings.NEXT_MODEL = str(MODEL_FILE)
    assert versions.shadow() is None  # it is in force
