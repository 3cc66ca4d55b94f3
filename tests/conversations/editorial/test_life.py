"""From a draft to what is approved: who may, in which order, and what that freezes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from conversations.editorial import life
from conversations.editorial.models import Publication
from crm.access.models import Role
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.models import Act
from crm.values import Actor, Via
from tests import house
from tests.conversations.editorial.plan import Desk

pytestmark = pytest.mark.django_db


def facts(row: Publication) -> dict[str, object]:
    return Publication.objects.filter(pk=row.pk).values()[0]


def test_a_publication_is_planned_submitted_and_approved_by_somebody_else(desk: Desk) -> None:
    row = desk.approved()
    assert (row.state, row.author, row.approved_by) == (
        "approved",
        desk.ada.employee,
        desk.ben.employee,
    )
    assert row.due_at == row.publish_at
    verbs = Act.objects.filter(subject_id=str(row.pk)).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["publication_planned", "publication_submitted", "publication_approved"]


def test_nobody_approves_their_own(desk: Desk) -> None:
    row = desk.submitted()
    before = facts(row)
    with pytest.raises(Forbidden) as refused:
        life.approve(row, edition=row.edition, by=desk.ada.acting)
    assert refused.value.code == "own_publication"
    assert facts(row) == before


def test_who_wrote_it_last_does_not_approve_it_either(desk: Desk) -> None:
    row = life.change(desk.submitted(), text="Other words", by=desk.ben.acting)
    with pytest.raises(Forbidden):
        life.approve(row, edition=row.edition, by=desk.ben.acting)
    row = life.change(row, text="Ada's words again", by=desk.ada.acting)
    row = life.approve(row, edition=row.edition, by=desk.ben.acting)
    assert row.state == "approved"


def test_one_session_does_not_sign_for_two_people(desk: Desk) -> None:
    row = desk.submitted()
    borrowed = Actor(desk.ben.user, Via.OWN, session=desk.ada.acting.session)
    with pytest.raises(Forbidden) as refused:
        life.approve(row, edition=row.edition, by=borrowed)
    assert refused.value.code == "same_session"
    assert facts(row)["state"] == "submitted"


def test_a_service_key_approves_nothing(desk: Desk) -> None:
    row = desk.submitted()
    with pytest.raises(Forbidden) as refused:
        life.approve(row, edition=row.edition, by=Actor(desk.ben.user, Via.SERVICE))
    assert refused.value.code == "in_person"
    assert facts(row)["state"] == "submitted"


def test_what_was_changed_since_it_was_read_is_not_approved(desk: Desk) -> None:
    row = desk.submitted()
    life.change(row, text="Something else", by=desk.ada.acting)
    with pytest.raises(Conflict) as refused:
        life.approve(row, edition=row.edition, by=desk.ben.acting)
    assert refused.value.code == "changed_since"


@pytest.mark.parametrize(
    "change", [{"text": "Other"}, {"audience": "Climbers"}, {"expected_value": 1.0}]
)
def test_a_change_after_approval_asks_for_approval_again(desk: Desk, change: dict) -> None:
    row = life.change(desk.approved(), by=desk.ada.acting, **change)
    assert (row.state, row.approved_by, row.approved_at, row.due_at) == (
        "submitted",
        None,
        None,
        None,
    )


def test_saving_the_same_again_changes_nothing(desk: Desk) -> None:
    row = desk.approved()
    before = facts(row)
    life.change(row, text=row.text, audience=row.audience, by=desk.ada.acting)
    assert facts(row) == before


def test_moving_asks_for_approval_again_and_never_dates_the_plan_back(desk: Desk) -> None:
    row = desk.approved(at=timezone.now() - timedelta(days=1), publish_at=_in(days=20))
    planned = row.planned_at
    later = life.move(row, to=_in(days=30), by=desk.ben.acting)
    assert (later.state, later.planned_at) == ("submitted", planned)
    earlier = life.move(row, to=_in(days=2), by=desk.ben.acting)
    assert earlier.planned_at > planned
    assert earlier.planned_at >= timezone.now() - timedelta(minutes=1)


def test_a_new_plan_counts_from_its_change_and_new_words_do_not(desk: Desk) -> None:
    row = desk.submitted(at=timezone.now() - timedelta(days=1))
    assert life.change(row, text="A typo less", by=desk.ada.acting).planned_at == row.planned_at
    changed = life.change(row, expected_value=25.0, by=desk.ada.acting)
    assert changed.planned_at > row.planned_at


def test_the_plan_holds_a_draft_only_from_its_submission(desk: Desk) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    row = life.submit(desk.planned(at=yesterday), by=desk.ada.acting)
    assert row.planned_at > yesterday + timedelta(hours=23)
    assert row.occurred_at == yesterday


def test_sent_back_it_is_a_draft_with_a_word(desk: Desk) -> None:
    row = life.send_back(desk.approved(), comment="Whom is it for?", by=desk.ben.acting)
    assert (row.state, row.comment, row.approved_by) == ("draft", "Whom is it for?", None)
    assert life.submit(row, by=desk.ada.acting).comment == ""


def test_the_past_is_no_time_to_publish(desk: Desk) -> None:
    row = desk.planned(publish_at=_in(hours=-1))
    for act in (
        lambda: life.submit(row, by=desk.ada.acting),
        lambda: life.move(row, to=_in(minutes=-1), by=desk.ada.acting),
    ):
        with pytest.raises(Invalid) as refused:
            act()
        assert refused.value.code == "in_the_past"
    assert facts(row)["state"] == "draft"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": " "}, "empty"),
        ({"text": "x" * 20_001}, "too_long"),
        ({"expected_value": None}, "half_an_expectation"),
        ({"expected_metric": ""}, "half_an_expectation"),
    ],
)
def test_what_is_no_publication_is_refused(desk: Desk, fields: dict, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.planned(**fields)
    assert refused.value.code == code
    assert not Publication.objects.exists()


def test_cancelled_it_is_over(desk: Desk) -> None:
    row = life.cancel(desk.approved(), by=desk.ada.acting)
    for act in (life.submit, life.cancel, life.publish_now, life.confirm):
        with pytest.raises(Conflict):
            act(row, by=desk.ben.acting)
    assert facts(row)["state"] == "cancelled"


def _in(**span: float):
    return timezone.now() + timedelta(**span)


def test_the_database_itself_keeps_what_is_approved(desk: Desk) -> None:
    row = desk.approved()
    mine = Publication.objects.filter(pk=row.pk)
    for change in ({"text": "x"}, {"expected_value": 1}, {"publish_at": _in(days=9)}):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            mine.update(**change)
    for change in ({"approved_by": row.author}, {"approved_at": None}, {"state": "published"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            mine.update(**change)
    assert facts(row)["expected_value"] == 20.0


def test_staff_see_what_their_unit_plans(desk: Desk) -> None:
    row = desk.planned()
    other = house.unit("Elsewhere")
    stranger = house.somebody(house.department(other), name="Eve")
    assert list(Publication.objects.visible_to(desk.ben.user)) == [row]
    assert not Publication.objects.visible_to(stranger.user).exists()
    stranger.user.role_grants.create(role=Role.STAFF, unit=other)
    assert not Publication.objects.visible_to(stranger.user).exists()
