"""An app acts for whoever let it in: within its scopes, until it is put out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from allauth.idp.oidc.models import Client as Registered
from allauth.idp.oidc.models import Token
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.access.models import Role
from crm.access.tasks import forget_ended_tokens
from crm.journal.models import Act
from crm.organisation.models import User
from tests import house
from tests.crm.access.oauth_hands import BACK, App, calling
from tests.rows import row_counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return house.somebody(house.department(house.unit()), Role.AMBASSADOR)


@pytest.fixture
def app():
    return App()


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def tokens(app, user, **changed):
    answer = app.trade(app.code_of(user, **changed))
    assert answer.status_code == 200, answer.content
    return answer.json()


def kept():
    return str(list(Token.objects.values()) + list(Act.objects.values()))


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_an_app_is_let_in_and_acts_as_the_person_themself(ada, kind):
    app = App(kind=kind)
    shown = signed_in(ada.user).get(app.asking()).content.decode()
    assert "Pocket" in shown
    assert "app.example" in shown
    said = app.allowed_by(ada.user)
    assert said["state"] == "xyz"
    answer = app.trade(said["code"])
    assert "no-store" in answer["Cache-Control"]
    got = answer.json()
    assert (got["token_type"], got["expires_in"]) == ("Bearer", 3600)
    caller = calling(got["access_token"])
    assert caller.get("me/").json()["email"] == ada.user.email
    assert caller.post("webhooks/", {"url": "http://127.0.0.1:9/"}).status_code == 201
    act = Act.objects.get(subject_type="subscription")
    grant = Token.objects.get(type="at").data["grant"]
    assert (act.actor, act.via, act.session) == (ada.user, "own", f"app:{grant}")
    for secret in (got["access_token"], got["refresh_token"], said["code"]):
        assert secret not in kept()


def test_who_refuses_gives_nothing(ada, app):
    said = app.allowed_by(ada.user, action="refuse")
    assert said == {"error": "access_denied", "state": "xyz"}
    assert not Token.objects.exists()


def test_a_stranger_signs_in_first(app):
    answer = Client().get(app.asking())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=/oauth/authorize/")


def test_consent_is_not_given_from_another_site(ada, app):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user)
    assert browser.post(app.asking(), {"action": "allow"}).status_code == 403
    assert not Token.objects.exists()


def test_the_consent_page_lets_itself_be_framed_by_nobody_and_leads_to_the_app_alone(ada, app):
    policy = signed_in(ada.user).get(app.asking())["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example;" in policy


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/back",
        "https://app.example.evil.example/back",
        "https://app.example@evil.example/back",
        "https://evil@app.example/back",
        "https://app.example/back/../evil",
        "https://app.example/back/",
        "https://app.example/back?to=evil",
        "https://app.example/back#evil",
        "https://app.example:8443/back",
        "HTTPS://APP.EXAMPLE/back",
        "http://app.example/back",
        "https://app.example/%62ack",
        "https:app.example/back",
        "//app.example/back",
        "javascript:alert(1)",
        "",
        None,
    ],
)
def test_nobody_is_led_to_an_address_that_is_not_the_apps_own(ada, app, elsewhere):
    before = row_counts()
    browser = signed_in(ada.user)
    for answer in (
        browser.get(app.asking(redirect_uri=elsewhere)),
        browser.post(app.asking(redirect_uri=elsewhere), {"action": "allow"}),
        browser.post(app.asking(redirect_uri=elsewhere), {"action": "refuse"}),
    ):
        assert answer.status_code == 400
        assert "Location" not in answer
    assert row_counts() == before | {"django_session": before["django_session"] + 1}


def test_on_this_machine_any_port_will_do(ada):
    app = App(back="http://127.0.0.1/back")
    said = app.allowed_by(ada.user, redirect_uri="http://127.0.0.1:49152/back")
    got = app.trade(said["code"], redirect_uri="http://127.0.0.1:49152/back")
    assert got.status_code == 200
    browser = signed_in(ada.user)
    for other in ("http://127.0.0.1:49152/else", "http://127.0.0.2:49152/back"):
        assert browser.get(app.asking(redirect_uri=other)).status_code == 400


def test_an_app_may_have_a_scheme_of_its_own(ada):
    app = App(back="com.example.pocket:/back")
    assert app.trade(app.code_of(ada.user)).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unauthorized_client"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "all"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_what_is_asked_wrongly_is_told_to_the_app_and_gives_nothing(ada, app, changed, error):
    said = app.allowed_by(ada.user, **changed)
    assert (said["error"], said["state"]) == (error, "xyz")
    assert not Token.objects.exists()


def test_no_app_is_let_in_without_being_asked(ada, app):
    tokens(app, ada.user)
    browser = signed_in(ada.user)
    answer = browser.get(app.asking(prompt="none"))
    assert (answer.status_code, "code=" in answer.get("Location", "")) == (200, False)


def test_a_parameter_that_comes_twice_or_is_unreadable_is_refused(ada, app):
    browser = signed_in(ada.user)
    for more in ("&state=other", "&scope=admin", "&redirect_uri=https://evil.example/"):
        assert browser.get(app.asking() + more).status_code == 400
    assert browser.get(app.asking(client_id="a\0b")).status_code == 400
    assert browser.get(app.asking(client_id="nobody")).status_code == 400
    assert browser.get("/oauth/authorize/?%FF=%ZZ&;").status_code == 400
    assert app.trade("a\0b").status_code == 400


def test_a_code_works_once_and_used_again_ends_what_came_of_it(ada, app):
    code = app.code_of(ada.user)
    got = app.trade(code).json()
    caller = calling(got["access_token"])
    assert caller.get("me/").status_code == 200
    again = app.trade(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert caller.get("me/").status_code == 401
    assert app.refresh(got["refresh_token"]).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_many_who_trade_one_code_at_once_one_is_answered(ada, app):
    code, ready = app.code_of(ada.user), threading.Barrier(6)

    def trade(_number):
        try:
            ready.wait(timeout=20)
            return app.trade(code).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(trade, range(6))) == [200, 400, 400, 400, 400, 400]
    assert not Token.objects.exclude(type="ac").exists()


def test_a_code_ends_after_a_minute(ada, app):
    code = app.code_of(ada.user)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert app.trade(code).json()["error"] == "invalid_grant"
    assert not Token.objects.exclude(type="ac").exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "wrong" * 12},
        {"code_verifier": None},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"grant_type": "password", "username": "a", "password": "b"},
        {"grant_type": "client_credentials"},
        {"code": "invented"},
    ],
)
def test_a_code_is_traded_by_whoever_asked_for_it_alone(ada, app, changed):
    answer = app.trade(app.code_of(ada.user), **changed)
    assert answer.status_code in {400, 401}
    assert not Token.objects.exclude(type="ac").exists()


def test_the_code_and_the_tokens_of_another_app_are_worth_nothing(ada, app):
    other = App()
    other.verifier = app.verifier
    code = app.code_of(ada.user)
    assert other.trade(code).json()["error"] == "invalid_grant"
    got = app.trade(code).json()
    assert other.refresh(got["refresh_token"]).json()["error"] == "invalid_grant"
    assert other.revoke(got["access_token"]).status_code == 200
    assert other.revoke(got["refresh_token"]).status_code == 200
    assert calling(got["access_token"]).get("me/").status_code == 200
    assert app.refresh(got["refresh_token"]).status_code == 200


def test_a_confidential_app_says_its_secret(ada):
    app = App(kind="confidential")
    code, right = app.code_of(ada.user), app.secret
    app.secret = "wrong"
    assert app.trade(code).status_code == 401
    app.secret = ""
    assert app.trade(code).status_code == 401
    app.secret = right
    assert app.trade(code).status_code == 200


def test_a_refresh_token_turns_and_used_again_ends_everything(ada, app):
    first = tokens(app, ada.user)
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    caller = calling(second["access_token"])
    assert caller.get("offers/").status_code == 200
    stolen = app.refresh(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert caller.get("offers/").status_code == 401
    assert app.refresh(second["refresh_token"]).status_code == 400


def test_a_refresh_gives_no_scope_that_was_not_allowed(ada, app):
    first = tokens(app, ada.user, scope="offers")
    for more in ("offers profile", "conversations:read", "all"):
        answer = app.refresh(first["refresh_token"], scope=more)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert calling(first["access_token"]).get("me/").status_code == 403


def test_a_refresh_may_ask_for_less_and_later_for_all_again(ada, app):
    first = tokens(app, ada.user, scope="offers profile")
    less = app.refresh(first["refresh_token"], scope="offers").json()
    assert calling(less["access_token"]).get("me/").status_code == 403
    whole = app.refresh(less["refresh_token"]).json()
    assert set(whole["scope"].split()) == {"offers", "profile"}


def test_a_token_opens_its_scopes_while_the_app_is_registered_for_them(ada, app):
    caller = calling(tokens(app, ada.user)["access_token"])
    refused = caller.get("conversations/")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert caller.get("tokens/").status_code == 403
    assert caller.get("offers/").status_code == 200
    app.client.set_scopes(["profile"])
    app.client.save()
    assert caller.get("offers/").status_code == 403
    assert caller.get("me/").status_code == 200


def test_a_token_ends_with_its_time_its_person_and_its_app(ada, app):
    caller = calling(tokens(app, ada.user)["access_token"])
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        late = caller.get("me/")
    assert (late.status_code, late["WWW-Authenticate"]) == (401, "Bearer")
    User.objects.filter(pk=ada.user.pk).update(is_active=False)
    assert caller.get("me/").status_code == 401
    User.objects.filter(pk=ada.user.pk).update(is_active=True)
    assert caller.get("me/").status_code == 200
    app.client.delete()
    assert caller.get("me/").status_code == 401


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_one_token_ends_all_of_the_grant(ada, app, which):
    got, other = tokens(app, ada.user), tokens(app, ada.user)
    assert app.revoke(got[which]).status_code == 200
    assert calling(got["access_token"]).get("me/").status_code == 401
    assert app.refresh(got["refresh_token"]).status_code == 400
    assert calling(other["access_token"]).get("me/").status_code == 200
    assert app.revoke("nothing").status_code == 200


def test_a_person_sees_the_apps_and_puts_one_out(ada, app):
    got, browser = tokens(app, ada.user), signed_in(ada.user)
    assert "Pocket" in browser.get("/tokens/").content.decode()
    stranger = house.somebody(ada.employee.department, Role.AMBASSADOR, name="Bo")
    where = f"/tokens/apps/{app.client.pk}/put-out/"
    assert signed_in(stranger.user).post(where).status_code == 404
    assert calling(got["access_token"]).get("me/").status_code == 200
    assert browser.post(where).status_code == 302
    assert calling(got["access_token"]).get("me/").status_code == 401
    assert app.refresh(got["refresh_token"]).status_code == 400
    assert "Pocket" not in browser.get("/tokens/").content.decode()
    verbs = Act.objects.filter(actor=ada.user).values_list("verb", flat=True)
    assert list(verbs) == ["app_let_in", "app_put_out"]


def test_wrong_requests_without_end_are_not_answered(app):
    answers = {app.trade("invented").status_code for _ in range(60)}
    assert answers == {400}
    late = app.trade("invented")
    assert (late.status_code, int(late["Retry-After"]) > 0) == (429, True)


def test_what_ended_is_forgotten_after_a_day(ada, app):
    tokens(app, ada.user)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        forget_ended_tokens()
    assert list(Token.objects.values_list("type", flat=True)) == ["rt"]


def test_a_machine_finds_what_is_where(settings):
    said = Client().get("/.well-known/oauth-authorization-server").json()
    assert said["issuer"] == settings.BASE_URL
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["token_endpoint"] == f"{settings.BASE_URL}/oauth/token/"
    assert "all" not in said["scopes_supported"]


@pytest.fixture
def root():
    return signed_in(User.objects.create_superuser("root@company.example", "x", name="Root"))


REGISTERING = {
    "name": "Pocket",
    "type": "confidential",
    "redirect_uris": f"{BACK}\r\ncom.example.pocket:/back",
    "scopes": ["offers", "profile"],
}
APPS = "/admin/allauth_idp_oidc/client/"


def test_an_administrator_registers_an_app_and_is_shown_its_secret_once(ada, root):
    assert root.post(f"{APPS}add/", REGISTERING).status_code == 302
    client = Registered.objects.get()
    assert client.get_redirect_uris() == [BACK, "com.example.pocket:/back"]
    assert (client.get_response_types(), client.get_scopes()) == (["code"], ["offers", "profile"])
    shown = root.post(f"{APPS}{client.pk}/make_secret/")
    secret = shown.context["secret"]
    assert secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    client.refresh_from_db()
    assert client.check_secret(secret)
    assert secret not in kept() + str(list(Registered.objects.values()))
    changed = REGISTERING | {"scopes": ["offers"]}
    assert root.post(f"{APPS}{client.pk}/change/", changed).status_code == 302
    client.refresh_from_db()
    assert (client.get_scopes(), client.check_secret(secret)) == (["offers"], True)
    assert root.post(f"{APPS}{client.pk}/delete/", {"post": "yes"}).status_code == 302
    acts = Act.objects.filter(verb__startswith="app_").order_by("pk")
    assert list(acts.values_list("verb", flat=True)) == [
        "app_registered",
        "app_secret_made",
        "app_changed",
        "app_removed",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uris": "http://app.example/back"},
        {"redirect_uris": "https://app.example/*"},
        {"redirect_uris": "https://app.example/back#part"},
        {"redirect_uris": "https://me@app.example/back"},
        {"redirect_uris": "https://app.example; script-src *"},
        {"redirect_uris": "javascript:alert(1)"},
        {"redirect_uris": "https://app.example:port/"},
        {"redirect_uris": ""},
        {"scopes": ["all"]},
        {"scopes": []},
        {"name": ""},
    ],
)
def test_no_app_is_registered_that_could_lead_elsewhere(root, wrong):
    before = row_counts()
    assert root.post(f"{APPS}add/", REGISTERING | wrong).status_code == 200
    assert row_counts() == before
