from datetime import timedelta

import pytest
from django.utils import timezone

from crm.access.models import Role
from maturity.executive import surveys
from maturity.executive.models import Declaration, Survey, Voter
from tests import house
from tests.maturity.executive.desk import PAGE, browser, executive, text

pytestmark = pytest.mark.django_db
ASK, ANSWER = "/maturity/survey/", "/maturity/declare/"
E, S, A = Role.EXECUTIVE, Role.STAFF, Role.AMBASSADOR


def asked():
    boss = executive()
    assert boss.post(ASK, {"do": "ask"}).status_code == 302
    return boss, Survey.objects.get(is_open=True)


def test_each_answers_once_and_no_row_says_who(db):
    _, survey = asked()
    client = browser(A)
    assert client.post(ANSWER, {"stage": "4"}).status_code == 302
    assert client.post(ANSWER, {"stage": "5"}).status_code == 409
    assert "Thank you" in text(client.get(ANSWER))
    answer = Declaration.objects.get()
    assert (answer.stage, answer.role) == (4, "ambassador")
    assert {field.name for field in Declaration._meta.fields} == {"id", "survey", "role", "stage"}
    assert Voter.objects.get().survey == survey


def test_one_survey_runs_at_once_and_ends_by_its_day_or_by_a_click(db):
    boss, _ = asked()
    boss.post(ASK, {"do": "ask"})
    assert Survey.objects.count() == 1
    Survey.objects.update(closes_on=timezone.localdate() - timedelta(days=1))
    assert "Nobody asks" in text(browser(S).get(ANSWER))
    assert surveys.running() is None
    boss.post(ASK, {"do": "ask"})
    assert Survey.objects.filter(is_open=True).count() == 1
    boss.post(ASK, {"do": "end"})
    assert surveys.running() is None


def test_only_executives_ask_and_only_the_three_roles_answer(db):
    assert browser(S).post(ASK, {"do": "ask"}).status_code == 403
    assert not Survey.objects.exists()
    asked()
    plain = house.somebody(house.department(house.unit()))
    client = browser()
    client.force_login(plain.user)
    assert client.post(ANSWER, {"stage": "1"}).status_code == 403
    assert browser(A).post(ANSWER, {"stage": "6"}).status_code == 400
    assert not Declaration.objects.exists()


def shown(*answers):
    return [
        ([role.value for role in group.roles], group.answers) for group in surveys.grouped(answers)
    ]


def test_a_role_with_fewer_than_five_answers_is_shown_with_others_or_not_at_all():
    assert shown(*[(A, 3)] * 4) == []
    assert shown(*[(A, 3)] * 5) == [(["ambassador"], 5)]
    assert shown(*[(A, 3)] * 9, *[(S, 2)] * 6, (E, 5)) == [
        (["ambassador"], 9),
        (["executive", "staff"], 7),
    ]
    assert shown(*[(E, 3)] * 2, *[(S, 2)] * 3) == [(["executive", "staff"], 5)]


def test_results_stand_beside_the_stage_once_the_survey_is_over(db):
    boss, survey = asked()
    for stage in (4, 4, 4, 5, None):
        Declaration.objects.create(survey=survey, role=A, stage=stage)
    assert "its results come when it is over" in text(boss.get(PAGE))
    boss.post(ASK, {"do": "end"})
    _, declared = surveys.newest()
    (group,) = declared.groups
    assert dict(group.counts) == {5: 1, 4: 3, 3: 0, 2: 0, 1: 0, None: 1}
