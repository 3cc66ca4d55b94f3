"""The sign-in page: strangers end up there, people get to their own place, guessing ends."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from crm.access.models import Role
from tests import house


@pytest.fixture
def home() -> house.Department:
    return house.department(house.unit())


def _sign_in(client: Client, email: str, password: str = "a long password") -> Any:
    return client.post("/login/", {"username": email, "password": password})


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/", "/admin/conversations/conversation/", "/"])
def test_a_stranger_is_led_to_a_form_with_a_password(client: Client, address: str) -> None:
    assert client.get(address).status_code == 302
    page = client.get(address, follow=True)
    assert page.status_code == 200
    assert 'type="password"' in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "place"),
    [(Role.STAFF, "/admin/"), (Role.EXECUTIVE, "/maturity/"), (Role.AMBASSADOR, "/my/")],
)
def test_everybody_is_led_to_their_own_place(
    client: Client, home: house.Department, role: Role, place: str | None
) -> None:
    person = house.somebody(home, role)
    assert _sign_in(client, person.user.email.upper()).url == "/"
    answer = client.get("/")
    if place:
        assert answer.url == place
    else:
        assert answer.status_code == 200


@pytest.mark.django_db
def test_the_wanted_page_is_kept_and_no_other_host_is_wanted(
    client: Client, home: house.Department
) -> None:
    person = house.somebody(home, Role.STAFF)
    form = {"username": person.user.email, "password": "a long password"}
    assert client.post("/login/", form | {"next": "/admin/crm/contact/"}).url == (
        "/admin/crm/contact/"
    )
    assert client.post("/login/", form | {"next": "https://evil.example/"}).url == "/"


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.AMBASSADOR, Role.EXECUTIVE])
def test_who_is_no_staff_does_not_enter_the_admin(
    client: Client, home: house.Department, role: Role
) -> None:
    client.force_login(house.somebody(home, role).user)
    page = client.get("/admin/conversations/conversation/", follow=True)
    assert "not open to you" in page.content.decode()
    assert page.redirect_chain[-1][0].startswith("/login/")


@pytest.mark.django_db
def test_guessing_ends_even_with_the_right_password(client: Client, home: house.Department) -> None:
    person = house.somebody(home, Role.STAFF)
    for _ in range(8):
        assert _sign_in(client, person.user.email, "wrong").status_code == 200
    answer = _sign_in(client, person.user.email)
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_guessing_ends_without_redis_too(
    client: Client, home: house.Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConnectionError

    for name in ("add", "incr", "get", "delete"):
        monkeypatch.setattr(cache, name, broken)
    person = house.somebody(home, Role.STAFF)
    answers = [_sign_in(client, person.user.email, "wrong").status_code for _ in range(9)]
    assert answers == [200] * 8 + [429]


@pytest.mark.django_db
def test_the_page_speaks_french(client: Client) -> None:
    client.post("/i18n/setlang/", {"language": "fr", "next": "/login/"})
    assert 'lang="fr"' in client.get("/login/").content.decode()


@pytest.mark.django_db
def test_no_page_holds_an_inline_script(client: Client) -> None:
    policy = client.get("/login/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
