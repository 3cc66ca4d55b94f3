"""A token may do what its maker said and no more, for as long as was said."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from crm.access.models import IdempotencyKey, PersonalToken, Role
from crm.access.scopes import Scope, first_word, opens, scope_of
from crm.journal.models import Act
from crm.organisation.models import User
from crm.values import uuid7
from tests import house
from tests.api import routes
from tests.api.hands import Caller, a_key
from tests.rows import row_counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return house.somebody(house.department(house.unit()), Role.AMBASSADOR)


def made(person, *scopes, days=30, key=None):
    return Caller(person.user).post("tokens/", wanted(*scopes, days=days), key=key)


def wanted(*scopes, days=30):
    return {"name": "desk", "scopes": list(scopes), "expires_at": soon(days)}


def soon(days):
    return (timezone.now() + timedelta(days=days)).isoformat()


def with_token(secret):
    caller = Caller()
    caller.use(secret)
    return caller


def kept_anywhere():
    rows = (AuthToken, PersonalToken, Act, IdempotencyKey)
    return str([list(model.objects.values()) for model in rows])


def test_the_secret_is_shown_once_and_kept_nowhere(ada):
    answer = made(ada, "offers", "offers", "profile")
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    secret, said = answer.json()["token"], answer.json()
    assert said["scopes"] == ["offers", "profile"]
    (listed,) = Caller(ada.user).get("tokens/").json()["results"]
    assert "token" not in listed
    assert listed["last_used_at"] is None
    assert with_token(secret).get("me/").json()["email"] == ada.user.email
    (listed,) = Caller(ada.user).get("tokens/").json()["results"]
    assert listed["last_used_at"] is not None
    assert secret not in kept_anywhere()


def test_asking_twice_with_one_key_makes_one_token_and_tells_its_secret_once(ada):
    caller, key = Caller(ada.user), a_key()
    body = wanted("offers")
    first, again = (caller.post("tokens/", body, key=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json() | {"token": None}
    assert PersonalToken.objects.count() == 1
    assert first.json()["token"] not in kept_anywhere()
    other = caller.post("tokens/", wanted("all"), key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert PersonalToken.objects.count() == 1


def test_a_token_opens_its_scopes_and_nothing_else(ada):
    token = with_token(made(ada, "conversations:read").json()["token"])
    assert token.get("conversations/").status_code == 200
    before = row_counts()
    refused = [
        token.get("offers/"),
        token.get("stream/"),
        token.get("me/"),
        token.patch("me/availability/", {"most_open": 9}),
        token.post("conversations/01970000-0000-7000-8000-000000000001/close/"),
        token.get("tokens/"),
        token.post("tokens/", wanted("admin")),
    ]
    said = {(answer.status_code, answer.json()["code"]) for answer in refused}
    assert said == {(403, "scope_missing")}
    assert row_counts() == before


def test_every_operation_is_closed_to_a_token_of_another_scope(ada, subtests):
    secret = made(ada, "profile").json()["token"]
    token, closed = with_token(secret), 0
    for method, route, view in routes.of_api():
        path = "/" + re.sub("<int:.*?>", "7", re.sub("<uuid:.*?>", str(uuid7()), route))
        if opens(["profile"], method, path) or not getattr(view, "authentication_classes", ()):
            continue
        with subtests.test(f"{method} {path}"):
            answer = token.ask(method, path, {})
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        closed += 1
    assert closed > 60


def test_a_scope_gives_no_right_that_its_person_lacks(ada):
    token = with_token(made(ada, "admin", "maturity", "all").json()["token"])
    for path in ("channels/", "maturity/"):
        answer = token.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_an_expired_and_a_revoked_token_are_no_tokens(ada):
    answer = made(ada, "offers", days=1).json()
    token = with_token(answer["token"])
    assert token.get("offers/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        late = token.get("offers/")
    assert (late.status_code, late.json()["code"]) == (401, "invalid_token")
    answer = made(ada, "offers").json()
    token, owner = with_token(answer["token"]), Caller(ada.user)
    assert owner.delete(f"tokens/{answer['id']}/").status_code == 204
    gone = token.get("offers/")
    assert (gone.status_code, gone.json()["code"]) == (401, "invalid_token")
    assert gone["WWW-Authenticate"] == "Bearer"


def test_a_stream_ends_with_its_token(ada, settings):
    settings.STREAM_SECONDS = 30
    token = with_token(made(ada, "offers", days=1).json()["token"])
    lines = iter(token.get("stream/").streaming_content)
    assert b"stream.opened" in next(lines)
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        assert list(lines) == []


def test_a_token_whose_row_is_lost_opens_nothing(ada):
    token = with_token(made(ada, "offers").json()["token"])
    PersonalToken.objects.all().delete()
    answer = token.get("offers/")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_token_makes_none_that_outlives_it(ada):
    token = with_token(made(ada, "all", days=5).json()["token"])
    before = row_counts()
    longer = token.post("tokens/", wanted("offers", days=6))
    assert (longer.status_code, longer.json()["code"]) == (403, "outlives_its_maker")
    assert row_counts() == before
    assert token.post("tokens/", wanted("offers", days=4)).status_code == 201


def test_what_is_done_with_a_token_is_the_own_act_of_its_person(ada):
    token = with_token(made(ada, "communities", "offers").json()["token"])
    assert token.post("webhooks/", {"url": "http://127.0.0.1:9/"}).status_code == 201
    act = Act.objects.filter(subject_type="subscription").get()
    (digest,) = PersonalToken.objects.values_list("token__digest", flat=True)
    assert (act.actor, act.via, act.session) == (ada.user, "own", f"token:{digest[:32]}")


def test_nobody_sees_or_revokes_the_token_of_another(ada):
    answer = made(ada, "offers").json()
    other = Caller(User.objects.create_superuser("root@company.example", "x", name="Root"))
    assert other.get("tokens/").json()["results"] == []
    assert other.delete(f"tokens/{answer['id']}/").status_code == 404
    assert PersonalToken.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"name": ""},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2990-01-01T00:00:00Z"},
        {"expires_at": "2027-01-01T00:00:00"},
        {"admin": True},
    ],
)
def test_a_token_that_says_nonsense_is_not_made(ada, wrong):
    caller = Caller(ada.user)
    before = row_counts()
    asked = {"name": "desk", "scopes": ["offers"], "expires_at": soon(9), **wrong}
    assert caller.post("tokens/", asked).status_code == 400
    assert row_counts() == before


def test_nobody_has_tokens_without_number(ada, monkeypatch):
    monkeypatch.setattr("crm.access.personal_tokens.MOST", 2)
    assert [made(ada, "offers").status_code for _ in range(3)] == [201, 201, 409]
    assert PersonalToken.objects.count() == 2


def test_every_path_of_the_api_names_its_scope():
    open_to_all = {"schema", "docs"}
    only_to_all = {"tokens", "exports", "erasures"}  # whole people at once, and keys
    unnamed = {
        first_word(f"/{route}")
        for _, route, _ in routes.of_api()
        if first_word(f"/{route}") not in open_to_all | only_to_all
        and scope_of("GET", f"/{route}") is Scope.ALL
    }
    assert not unnamed, f"name their scope in crm/access/scopes.py: {sorted(unnamed)}"


def test_writing_in_conversations_takes_more_than_reading():
    path = "/api/v1/conversations/1/messages/"
    assert scope_of("GET", path) is Scope.CONVERSATIONS_READ
    assert scope_of("POST", path) is Scope.CONVERSATIONS_WRITE


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def form(**fields):
    return {"pk": uuid7(), "name": "desk", "days": 7, "scopes": ["offers"], **fields}


def test_a_person_makes_and_revokes_a_token_on_their_page(ada):
    browser = signed_in(ada.user)
    asked = form()
    shown = browser.post("/tokens/", asked)
    secret = shown.context["secret"]
    assert (shown.status_code, secret in shown.content.decode()) == (200, True)
    assert "no-store" in shown["Cache-Control"]
    assert with_token(secret).get("offers/").status_code == 200
    assert secret not in browser.get("/tokens/").content.decode()
    assert secret not in kept_anywhere()
    again = browser.post("/tokens/", asked)
    assert (again.status_code, PersonalToken.objects.count()) == (409, 1)
    assert browser.post(f"/tokens/{asked['pk']}/revoke/").status_code == 302
    assert with_token(secret).get("offers/").status_code == 401
    acts = Act.objects.filter(verb__startswith="token_").order_by("pk")
    assert list(acts.values_list("verb", flat=True)) == ["token_made", "token_revoked"]


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"days": 9_999}, {"name": ""}, {"pk": "x"}])
def test_a_form_that_says_nonsense_makes_no_token(ada, wrong):
    browser = signed_in(ada.user)
    before = row_counts()
    assert browser.post("/tokens/", form(**wrong)).status_code == 400
    assert row_counts() == before


def test_the_admin_edits_no_token_and_makes_none(ada):
    secret = made(ada, "offers").json()["token"]
    root = User.objects.create_superuser("root@company.example", "x", name="Root")
    browser, (token,) = signed_in(root), AuthToken.objects.filter(token_key__startswith="rlp")
    before = list(AuthToken.objects.order_by("pk").values())
    where = f"/admin/knox/authtoken/{token.pk}/"
    assert browser.post("/admin/knox/authtoken/add/", {"user": root.pk}).status_code == 403
    browser.post(f"{where}change/", {"user": root.pk, "expiry_0": "2999-01-01"})
    assert list(AuthToken.objects.order_by("pk").values()) == before
    assert with_token(secret).get("offers/").status_code == 200
    assert browser.post(f"{where}delete/", {"post": "yes"}).status_code == 302
    assert with_token(secret).get("offers/").status_code == 401
    act = Act.objects.latest("pk")
    assert (act.verb, act.actor, act.subject_id) == ("token_revoked", root, str(ada.user.pk))
