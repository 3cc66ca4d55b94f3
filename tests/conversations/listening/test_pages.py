"""The staff's pages of places and watches."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations.listening.models import Place, Watch
from crm.access.models import Role, RoleGrant
from crm.organisation.models import User
from tests import house
from tests.conversations.listening.conftest import Ear

pytestmark = pytest.mark.django_db
HERE = "/admin/conversations/"


@pytest.fixture(name="page")
def _page(ear: Ear, client: Client) -> Client:
    client.force_login(ear.ada.user)
    return client


def _of(ear: Ear) -> Client:
    """Staff of this one unit."""
    person = house.somebody(ear.ada.employee.department, name="Una")
    RoleGrant.objects.create(user=person.user, role=Role.STAFF, unit=ear.unit)
    User.objects.filter(pk=person.user.pk).update(is_staff=True)
    client = Client()
    client.force_login(person.user)
    return client


PLACE = {"kind": "feed", "name": "News", "url": "https://news.example/feed", "every": "30"}


def test_a_place_is_added_changed_paused_and_read(ear: Ear, page: Client) -> None:
    answer = page.post(f"{HERE}place/add/", {**PLACE, "unit": ear.unit.pk})
    assert answer.status_code == 302, answer.context["errors"]
    place = Place.objects.get()
    assert (place.source.name, place.source.unit, place.every) == ("News", ear.unit, 30)
    where = f"{HERE}place/{place.pk}/"
    change = {"name": "Old news", "url": place.url, "every": "60", "secret": "s3cret"}
    assert page.post(f"{where}change/", change).status_code == 302
    place.refresh_from_db()
    assert (place.source.name, place.every, place.secret) == ("Old news", 60, "s3cret")
    shown = page.get(f"{where}change/").content.decode()
    assert "s3cret" not in shown
    assert "not read yet" in shown
    page.post(f"{where}pause_or_resume/")
    place.refresh_from_db()
    assert place.paused_at
    assert page.get(f"{where}read_now/").status_code == 200
    assert page.post(f"{where}read_now/").status_code == 302
    assert "paused" in page.get(f"{HERE}place/").content.decode()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"url": "ftp://news.example/"}, "http or https"),
        ({"every": "1"}, "greater than or equal to 5"),
        ({"name": ""}, "required"),
    ],
)
def test_a_place_that_can_t_be_read_is_refused_on_the_form(
    ear: Ear, page: Client, said: dict[str, str], wrong: str
) -> None:
    answer = page.post(f"{HERE}place/add/", {**PLACE, **said})
    assert answer.status_code == 200
    assert wrong in answer.content.decode()
    assert not Place.objects.exists()


def test_the_same_place_twice_is_refused_on_the_form(ear: Ear, page: Client) -> None:
    ear.at(PLACE["url"])
    answer = page.post(f"{HERE}place/add/", {**PLACE, "unit": ear.unit.pk})
    assert "listened to already" in answer.content.decode()
    assert Place.objects.count() == 1


def test_a_watch_is_begun_changed_and_ended_and_shows_its_edits(ear: Ear, page: Client) -> None:
    said = {
        "name": "Tents",
        "unit": ear.unit.pk,
        "terms": "tent*\n\n two  men tent \n",
        **_NO_EDITS,
    }
    assert page.post(f"{HERE}watch/add/", said).status_code == 302
    watch = Watch.objects.get(name="Tents")
    assert watch.terms == ["tent*", "two men tent"]
    where = f"{HERE}watch/{watch.pk}/"
    said |= {"competitors": "Rival: rvl", "language": "fr"}
    assert page.post(f"{where}change/", said).status_code == 302
    watch.refresh_from_db()
    assert (watch.competitors, watch.language, watch.edits.count()) == (["Rival: rvl"], "fr", 2)
    shown = page.get(f"{where}change/").content.decode()
    assert "two men tent" in shown
    assert page.post(f"{where}end/").status_code == 302
    watch.refresh_from_db()
    assert watch.ended_at


_NO_EDITS = {"edits-TOTAL_FORMS": "0", "edits-INITIAL_FORMS": "0"}


def test_a_watch_for_nothing_is_refused_on_the_form(ear: Ear, page: Client) -> None:
    answer = page.post(f"{HERE}watch/add/", {"name": "Nothing", "terms": " \n", **_NO_EDITS})
    assert answer.status_code == 200
    assert "at least one word" in answer.content.decode()
    assert Watch.objects.count() == 1


def test_staff_of_one_unit_listens_for_that_unit_only(ear: Ear) -> None:
    page = _of(ear)
    other = house.unit("Other")
    for unit in ("", other.pk):
        answer = page.post(f"{HERE}place/add/", {**PLACE, "unit": unit})
        assert answer.status_code == 200
        said = {"name": "Us", "unit": unit, "terms": "x", **_NO_EDITS}
        assert page.post(f"{HERE}watch/add/", said).status_code == 200
    assert not Place.objects.exists()
    assert Watch.objects.count() == 1
    assert page.post(f"{HERE}place/add/", {**PLACE, "unit": ear.unit.pk}).status_code == 302
