"""A version is announced before it holds: read and signed ahead, so that nobody is caught out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from ambassadors.governance import eligibility, policies
from ambassadors.governance.models import Acknowledgement, Policy
from crm.errors import Conflict, Invalid
from crm.journal.models import Act
from crm.organisation.models import User
from crm.values import AUTOMATION
from tests import house
from tests.ambassadors.atelier import HOUR, START, Atelier
from tests.api.hands import Caller

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> house.Somebody:
    return house.ambassador(house.department(house.unit()))


def announce(version: str = "2", *, days: int = 30) -> Policy:
    day = timezone.localdate() + timedelta(days=days)
    return policies.publish(
        "Tone", version=version, text="Be kinder.", by=AUTOMATION, in_force_on=day
    )


def a_first() -> Policy:
    return policies.publish("Tone", version="1", text="Be kind.", by=AUTOMATION)


def is_suspended(person: house.Somebody, *, in_days: int) -> bool:
    at = timezone.now() + timedelta(days=in_days)
    return person.employee.pk in eligibility.suspended([person.employee.pk], at=at)


def test_the_former_version_holds_until_the_day_and_both_can_be_signed(
    ada: house.Somebody,
) -> None:
    first, second = a_first(), announce()
    versions = [duty.policy.version for duty in policies.duties(ada.employee, at=timezone.now())]
    assert versions == ["1", "2"]
    policies.acknowledge(first, by=ada.acting)
    assert not is_suspended(ada, in_days=29)
    assert not is_suspended(ada, in_days=43)  # its fortnight of grace
    assert is_suspended(ada, in_days=45)
    policies.acknowledge(second, by=ada.acting)
    assert not is_suspended(ada, in_days=45)
    now, later = (policies.duties(ada.employee, at=timezone.now() + n * DAY) for n in (0, 31))
    assert [(duty.policy.version, duty.is_read) for duty in now] == [("1", True), ("2", True)]
    assert [(duty.policy.version, duty.is_read) for duty in later] == [("2", True)]


def test_one_version_at_a_time_within_a_year_is_announced() -> None:
    a_first()
    for day, code in ((-1, "in_the_past"), (400, "too_far_ahead")):
        with pytest.raises(Invalid) as refused:
            announce(days=day)
        assert refused.value.code == code
    announce()
    for days in (0, 40):
        with pytest.raises(Conflict) as held:
            announce("3", days=days)
        assert held.value.code == "another_is_coming"
    assert Policy.objects.count() == 2


def test_what_was_announced_is_withdrawn_with_its_signatures_what_holds_is_not(
    ada: house.Somebody,
) -> None:
    first, second = a_first(), announce()
    for policy in (first, second):
        policies.acknowledge(policy, by=ada.acting)
    policies.withdraw(second, by=AUTOMATION)
    assert list(Policy.objects.all()) == [first]
    assert Acknowledgement.objects.get().version == "1"
    assert Act.objects.get(verb="policy_withdrawn").data["signed_by"] == 1
    for policy in (first, second):
        with pytest.raises(Conflict):
            policies.withdraw(policy, by=AUTOMATION)
    announce("2", days=3)  # the words are free again, and nobody has signed these
    assert [duty.is_read for duty in policies.duties(ada.employee, at=timezone.now())] == [
        False,
        True,
    ]


def test_the_api_tells_when_it_holds_and_takes_the_signature(ada: house.Somebody) -> None:
    a_first()
    second = announce()
    caller = Caller(ada.user)
    told = {each["version"]: each for each in caller.get("policies/").json()["results"]}
    assert told["2"]["in_force_at"] == told["2"]["due_at"] > told["1"]["in_force_at"]
    assert told["2"]["published_at"] < told["2"]["in_force_at"]
    answer = caller.post(f"policies/{second.pk}/acknowledge/")
    assert (answer.status_code, answer.json()["version"], answer.json()["is_read"]) == (
        200,
        "2",
        True,
    )


def test_it_is_announced_and_withdrawn_in_the_administration_and_stands_on_the_pages(
    client: Client, ada: house.Somebody
) -> None:
    a_first()
    client.force_login(User.objects.create_superuser("root@company.example", "x", name="Root"))
    day = timezone.localdate() + timedelta(days=30)
    add = "/admin/ambassadors/policy/add/"
    form = {"name": "Tone", "version": "2", "text": "Be kinder.", "in_force_on": str(day)}
    assert client.post(add, form).status_code == 302
    second = Policy.objects.get(version="2")
    assert timezone.localtime(second.occurred_at).date() == day
    board = client.get("/admin/ambassadors/policy/board/").content.decode()
    assert "in force from" in board
    reader = Client()
    reader.force_login(ada.user)
    assert "that you have not read yet" in reader.get("/my/").content.decode()
    page = reader.get("/policies/").content.decode()
    assert "Until then the version before it holds" in page
    withdraw = {"action": "withdraw_chosen", "_selected_action": [str(second.pk)]}
    client.post("/admin/ambassadors/policy/", withdraw)
    assert not Policy.objects.filter(version="2").exists()


def test_a_history_tells_nothing_of_what_lies_ahead(tmp_path: Path, ada: house.Somebody) -> None:
    first, second = a_first(), announce()
    other = policies.publish(
        "Pictures",
        version="1",
        text="Ask first.",
        by=AUTOMATION,
        in_force_on=timezone.localdate() + 9 * DAY,
    )
    for policy in (first, second, other):
        policies.acknowledge(policy, by=ada.acting)
    file = tmp_path / "history.jsonl"
    call_command("export_history", str(file), stdout=io.StringIO(), stderr=io.StringIO())
    lines = [line for line in file.read_text().splitlines() if "policy" in line]
    assert sum('"type": "policy"' in line or '"type":"policy"' in line for line in lines) == 1
    assert "Pictures" not in file.read_text()
    assert sum("acknowledgement" in line for line in lines) == 2


@pytest.fixture
def company() -> Iterator[Atelier]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Atelier(traveller)


@pytest.mark.parametrize(("ahead", "judged"), [(True, ("MET", 3)), (False, ("NOT_MET", 0))])
def test_who_signed_ahead_and_spoke_before_the_day_is_counted_from_it_on(
    company: Atelier, ahead: bool, judged: tuple[str, int]
) -> None:
    """S3-GOV-1 looks at the latest words: whoever signs late has to speak again first."""
    first = policies.publish("Tone", version="1", text="Be kind.", by=AUTOMATION)
    company.clock.shift(HOUR)
    for person in company.workshop:
        policies.acknowledge(first, by=person.acting)
    if ahead:
        second = announce(days=10)
        for person in company.workshop:
            policies.acknowledge(second, by=person.acting)
    company.week(1)
    for person in company.workshop:
        company.answers(company.asked(), person)
    if not ahead:
        company.clock.shift(3 * 24 * HOUR)
        second = policies.publish("Tone", version="2", text="Be kinder.", by=AUTOMATION)
        company.clock.shift(HOUR)
        for person in company.workshop:
            policies.acknowledge(second, by=person.acting)
    company.week(5)
    assert company.judged("S3-GOV-1") == judged
