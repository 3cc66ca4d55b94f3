"""What the API refuses: status and code a case, and nothing is written."""

import base64
import json
import uuid

import pytest

from crm.access.models import Role
from tests import house
from tests.api.hands import Caller, a_key, hear, offered
from tests.rows import row_counts

pytestmark = pytest.mark.django_db

MESSAGES = "conversations/{conversation}/messages/"
AVAILABILITY = "me/availability/"
GOOD = {"text": "Yes.", "kind": "reply"}


@pytest.fixture
def world():
    """Somebody of the staff who is asked to answer as well, and all the ids a path may name."""
    brand = house.unit()
    both = (Role.STAFF, Role.AMBASSADOR)
    sam = house.somebody(house.department(brand), *both, name="Sam")
    channel = house.webhook_channel(brand, callback_url="http://127.0.0.1:9/")
    conversation = hear(channel)
    offer = offered(sam)
    ids = {"conversation": conversation.pk, "channel": channel.pk, "offer": offer.pk}
    return Caller(sam.user), ids


def _cursor(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


SOMEBODY = "01900000-0000-7000-8000-000000000000"
FAR = [0, "2026-01-01T00:00:00+00:00", SOMEBODY]

BAD_BODIES = [
    # path, body, code, pointer
    (MESSAGES, {"kind": "reply"}, "required", "/text"),
    (MESSAGES, {"text": "Yes."}, "required", "/kind"),
    (MESSAGES, {"text": None, "kind": "reply"}, "null", "/text"),
    (MESSAGES, {"text": 5, "kind": "reply"}, "invalid", "/text"),
    (MESSAGES, {"text": ["Yes."], "kind": "reply"}, "invalid", "/text"),
    (MESSAGES, {"text": "", "kind": "reply"}, "blank", "/text"),
    (MESSAGES, {"text": "Yes.", "kind": "shout"}, "invalid_choice", "/kind"),
    (MESSAGES, {"text": "Yes.", "kind": ["reply"]}, "invalid_choice", "/kind"),
    (MESSAGES, {**GOOD, "direction": "in"}, "unknown_field", "/direction"),
    (MESSAGES, {**GOOD, "sent_at": "2026-01-01T00:00:00Z"}, "unknown_field", "/sent_at"),
    (MESSAGES, {**GOOD, "articles": "all"}, "not_a_list", "/articles"),
    (MESSAGES, {**GOOD, "articles": ["x"]}, "invalid", "/articles/0"),
    (MESSAGES, {**GOOD, "articles": [5]}, "invalid", "/articles/0"),
    (MESSAGES, {**GOOD, "articles": [SOMEBODY] * 51}, "max_length", "/articles"),
    (MESSAGES, [GOOD], "invalid", ""),
    (MESSAGES, "Yes.", "invalid", ""),
    ("conversations/{conversation}/close/", {"status": "spam"}, "unknown_field", "/status"),
    ("conversations/{conversation}/snooze/", {}, "required", "/until"),
    ("conversations/{conversation}/snooze/", {"until": "tomorrow"}, "invalid", "/until"),
    ("conversations/{conversation}/snooze/", {"until": 1}, "invalid", "/until"),
    (
        "conversations/{conversation}/snooze/",
        {"until": "2030-01-01T00:00:00"},
        "invalid",
        "/until",
    ),
    (
        "conversations/{conversation}/snooze/",
        {"until": "0001-01-01T00:00:00+14:00"},
        "invalid",
        "/until",
    ),
    ("conversations/{conversation}/assign/", {}, "required", "/employee"),
    ("conversations/{conversation}/assign/", {"employee": "ada"}, "invalid", "/employee"),
    ("conversations/{conversation}/assign/", {"employee": 7}, "invalid", "/employee"),
    ("offers/{offer}/accept/", {"state": "accepted"}, "unknown_field", "/state"),
    ("offers/{offer}/decline/", {}, "required", "/reason"),
    ("offers/{offer}/decline/", {"reason": "bored"}, "invalid_choice", "/reason"),
    ("offers/{offer}/decline/", {"reason": ""}, "invalid_choice", "/reason"),
    ("offers/{offer}/decline/", {"reason": None}, "null", "/reason"),
    ("offers/{offer}/decline/", {"reason": {}}, "invalid_choice", "/reason"),
    (
        "offers/{offer}/decline/",
        {"reason": "other", "comment": "x" * 501},
        "max_length",
        "/comment",
    ),
    ("articles/", {"text": "x"}, "required", "/title"),
    ("articles/", {"title": "x" * 201, "text": "x"}, "max_length", "/title"),
    ("articles/", {"title": "x", "text": "x" * 50_001}, "max_length", "/text"),
    ("articles/", {"title": "x", "text": "y", "language": "French"}, "invalid", "/language"),
    ("articles/", {"title": "x", "text": "y", "language": 1}, "invalid", "/language"),
    ("articles/", {"title": "x", "text": "y", "tags": [1]}, "invalid", "/tags/0"),
    ("articles/", {"title": "x", "text": "y", "author": SOMEBODY}, "unknown_field", "/author"),
]
BAD_PATCHES = [
    (AVAILABILITY, {"hours": [{"day": 7, "from": "09:00", "to": "10:00"}]}, "/hours/0/day"),
    (AVAILABILITY, {"hours": [{"day": True, "from": "09:00", "to": "10:00"}]}, "/hours/0/day"),
    (AVAILABILITY, {"hours": [{"day": 0, "from": "9", "to": "10:00"}]}, "/hours/0/from"),
    (AVAILABILITY, {"hours": [{"day": 0, "from": "09:00", "to": "25:00"}]}, "/hours/0/to"),
    (AVAILABILITY, {"hours": [{"day": 0, "from": "11:00", "to": "10:00"}]}, "/hours/0"),
    (AVAILABILITY, {"hours": [{"day": 0, "from": "09:00"}]}, "/hours/0/to"),
    (
        AVAILABILITY,
        {
            "hours": [
                {"day": 0, "from": "09:00", "to": "12:00"},
                {"day": 0, "from": "11:00", "to": "13:00"},
            ]
        },
        "/hours",
    ),
    (AVAILABILITY, {"hours": "always"}, "/hours"),
    (AVAILABILITY, {"hours": [5]}, "/hours/0"),
    (AVAILABILITY, {"timezone": "Mars/Olympus"}, "/timezone"),
    (AVAILABILITY, {"timezone": "../etc/passwd"}, "/timezone"),
    (AVAILABILITY, {"languages": ["French"]}, "/languages/0"),
    (AVAILABILITY, {"topics": ["x" * 61]}, "/topics/0"),
    (AVAILABILITY, {"most_open": -1}, "/most_open"),
    (AVAILABILITY, {"most_open": 99999999999}, "/most_open"),
    (AVAILABILITY, {"most_open": "3"}, "/most_open"),
    (AVAILABILITY, {"most_open": 2.5}, "/most_open"),
    (AVAILABILITY, {"active": "yes"}, "/active"),
    (AVAILABILITY, {"active": 1}, "/active"),
    (AVAILABILITY, {"employee": SOMEBODY}, "/employee"),
    (AVAILABILITY, {"absences": [{"starts_at": "2030-01-02T00:00:00Z"}]}, "/absences/0/ends_at"),
    (
        AVAILABILITY,
        {"absences": [{"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}]},
        "/absences/0",
    ),
    (
        AVAILABILITY,
        {"absences": [{"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z"}]},
        "/absences/0",
    ),
    ("channels/{channel}/", {"paused": "no"}, "/paused"),
    ("channels/{channel}/", {"secret": "x"}, "/secret"),
    ("channels/{channel}/", {"token": "x"}, "/token"),
    ("channels/{channel}/", {"callback_url": 5}, "/callback_url"),
    ("channels/{channel}/", {"callback_url": "x" * 1_001}, "/callback_url"),
]
BAD_QUERIES = [
    ("conversations/", {"status": "lost"}, "/status"),
    ("conversations/", {"status": ["open", "lost"]}, "/status"),
    ("conversations/", {"status": "open\0"}, "/status"),
    ("conversations/", {"channel": "shop"}, "/channel"),
    ("conversations/", {"channel": SOMEBODY}, "/channel"),
    ("conversations/", {"channel": [SOMEBODY, SOMEBODY]}, "/channel"),
    ("conversations/", {"handle": "b\0b"}, "/handle"),
    ("conversations/", {"handle": "b" * 321}, "/handle"),
    ("conversations/", {"assignee": "ada"}, "/assignee"),
    ("conversations/", {"assignee": SOMEBODY}, "/assignee"),
    ("conversations/", {"unit": "nowhere"}, "/unit"),
    ("conversations/", {"unit": "\0"}, "/unit"),
    ("conversations/", {"language": "French!"}, "/language"),
    ("conversations/", {"updated_since": "yesterday"}, "/updated_since"),
    ("conversations/", {"updated_since": "2026-01-01"}, "/updated_since"),
    ("conversations/", {"updated_since": "2026-01-01T00:00:00"}, "/updated_since"),
    ("conversations/", {"updated_since": "1e9999"}, "/updated_since"),
    ("conversations/", {"updated_since": "9999-12-31T23:59:59-14:00"}, "/updated_since"),
    ("conversations/", {"statut": "open"}, "/statut"),
    ("conversations/", {"ordering": "assignee__user__password"}, "/ordering"),
    ("conversations/", {"assignee__user__password": "x"}, "/assignee__user__password"),
    ("conversations/", {"page_size": "many"}, "/page_size"),
    ("conversations/", {"page_size": "0"}, "/page_size"),
    ("conversations/", {"page_size": "-5"}, "/page_size"),
    ("conversations/", {"page_size": "٣"}, "/page_size"),
    ("conversations/", {"cursor": "garbage!"}, "/cursor"),
    ("conversations/", {"cursor": "é"}, "/cursor"),
    ("conversations/", {"cursor": ""}, "/cursor"),
    ("conversations/", {"cursor": _cursor([0, "x", SOMEBODY])}, "/cursor"),
    ("conversations/", {"cursor": _cursor([0, None, SOMEBODY])}, "/cursor"),
    ("conversations/", {"cursor": _cursor([0, FAR[1], "x"])}, "/cursor"),
    ("conversations/", {"cursor": _cursor([0, FAR[1], 7])}, "/cursor"),
    ("conversations/", {"cursor": _cursor({"a": 1})}, "/cursor"),
    ("conversations/", {"cursor": _cursor(None)}, "/cursor"),
    ("conversations/", {"cursor": _cursor(FAR) * 2}, "/cursor"),
    ("channels/", {"cursor": _cursor(FAR)}, "/cursor"),
    ("channels/", {"kind": "pigeon"}, "/kind"),
    (MESSAGES, {"kind": "note"}, "/kind"),
    ("offers/", {"state": "lost"}, "/state"),
    ("offers/", {"employee": SOMEBODY}, "/employee"),
    ("envelopes/", {"state": "lost"}, "/state"),
    ("envelopes/", {"channel": "x"}, "/channel"),
    ("articles/", {"search": "x\0"}, "/search"),
    ("articles/", {"search": "x" * 501}, "/search"),
]
UNREADABLE = [
    # body, content type, status, code
    (b"{", "application/json", 400, "malformed"),
    (b"", "application/json", 400, "invalid"),
    (b'{"text": "\\u0000", "kind": "reply"}', "application/json", 400, "malformed"),
    (b'{"text": "\\ud800", "kind": "reply"}', "application/json", 400, "malformed"),
    (b'{"text": "\xff", "kind": "reply"}', "application/json", 400, "malformed"),
    (b'{"text": "a", "text": "b", "kind": "reply"}', "application/json", 400, "malformed"),
    (b'{"text": NaN, "kind": "reply"}', "application/json", 400, "malformed"),
    (b'{"text": ' + b"9" * 5_000 + b"}", "application/json", 400, "malformed"),
    (b"[" * 100_000, "application/json", 400, "malformed"),
    (b"[" * 40 + b"]" * 40, "application/json", 400, "malformed"),
    (b'"' + b"x" * (2 * 1024 * 1024) + b'"', "application/json", 413, "too_large"),
    (b"text=Yes.&kind=reply", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    (b"--x--", "multipart/form-data; boundary=x", 415, "unsupported_media_type"),
    (b"Yes.", "text/plain", 415, "unsupported_media_type"),
    (b"<text/>", "application/xml", 415, "unsupported_media_type"),
]


def _refused(response, status, code) -> dict:
    problem = json.loads(response.content)
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response["Content-Type"] == "application/problem+json"
    assert (problem["status"], problem["type"]) == (status, "about:blank")
    return problem


def test_a_wrong_body_is_refused_and_pointed_at(world, subtests):
    caller, ids = world
    before = row_counts()
    for path, body, code, pointer in BAD_BODIES:
        with subtests.test(path, body=str(body)[:80]):
            answer = caller.post(path.format(**ids), body, key=a_key())
            problem = _refused(answer, 400, "invalid")
            pairs = [(each["pointer"], each["code"]) for each in problem["errors"]]
            assert (pointer, code) in pairs
            assert row_counts() == before


def test_a_wrong_change_is_refused_and_pointed_at(world, subtests):
    caller, ids = world
    before = row_counts()
    for path, body, pointer in BAD_PATCHES:
        with subtests.test(path, body=str(body)[:80]):
            problem = _refused(caller.patch(path.format(**ids), body), 400, "invalid")
            assert pointer in [each["pointer"] for each in problem["errors"]]
            assert row_counts() == before


def test_a_wrong_filter_is_refused_never_ignored(world, subtests):
    caller, ids = world
    for path, query, pointer in BAD_QUERIES:
        with subtests.test(path, query=str(query)[:80]):
            problem = _refused(caller.get(path.format(**ids), **query), 400, "invalid")
            where = [(each["in"], each["pointer"]) for each in problem["errors"]]
            assert where == [("query", pointer)]


def test_an_unreadable_body_is_refused(world, subtests):
    caller, ids = world
    before = row_counts()
    for body, content_type, status, code in UNREADABLE:
        for path in (MESSAGES, "articles/"):
            with subtests.test(path, body=str(body[:60])):
                headers = {"Idempotency-Key": a_key()}
                response = caller.raw("POST", path.format(**ids), body, content_type, **headers)
                _refused(response, status, code)
                assert row_counts() == before


def test_an_unreadable_key_is_refused(world):
    caller, ids = world
    before = row_counts()
    for key in ("", " " * 201, "x" * 201, "clé", "a\tb"):
        response = caller.post(MESSAGES.format(**ids), GOOD, key=key)
        _refused(response, 400, "idempotency_key_malformed")
    assert row_counts() == before


NOWHERE = [
    "nothing/",
    "conversations",
    "conversations/7/",
    "conversations/%00/",
    "conversations/%ed%a0%80/",
    "conversations/..%2f..%2fetc/",
    f"conversations/{uuid.uuid4()}/",
    f"conversations/{uuid.uuid4()}/messages/",
    f"offers/{uuid.uuid4()}/",
    f"channels/{uuid.uuid4()}/",
    f"envelopes/{uuid.uuid4()}/",
    f"articles/{uuid.uuid4()}/",
    f"/files/{uuid.uuid4()}/",
    "/files/x/",
    "/api/",
    "/api/v2/me/",
]


def test_what_is_not_there_is_a_problem_not_a_page(world):
    caller, _ids = world
    for path in NOWHERE:
        _refused(caller.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_also_by_override(method, world):
    caller, ids = world
    before = row_counts()
    path = f"conversations/{ids['conversation']}/"
    _refused(caller.raw(method, path, b"{}", "application/json"), 405, "method_not_allowed")
    override = {"X-HTTP-Method-Override": method}
    response = caller.raw("POST", path, b"{}", "application/json", **override)
    _refused(response, 405, "method_not_allowed")
    assert row_counts() == before


WRONG_TOKENS = [
    "Bearer",
    "Bearer x",
    "Bearer a b",
    "Bearer \xff\xfe",
    "Bearer ' OR 1=1 --",
    "Token abc",
    "Basic YTpi",
    "Bearer " + "a" * 10_000,
]


def test_a_wrong_token_is_401_and_says_how_to_sign_in(world):
    for authorization in WRONG_TOKENS:
        for path in ("me/", "conversations/", "channels/", f"/files/{uuid.uuid4()}/"):
            response = Caller().raw("GET", path, b"", "", Authorization=authorization)
            assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
            assert json.loads(response.content)["code"] in {"invalid_token", "not_authenticated"}


def test_who_was_deactivated_is_not_let_in(world):
    somebody = house.somebody(house.department(house.unit()), Role.STAFF)
    caller = Caller(somebody.user)
    assert caller.get("me/").status_code == 200
    somebody.user.is_active = False
    somebody.user.save()
    _refused(caller.get("me/"), 401, "invalid_token")


def test_an_endless_page_is_cut(world):
    caller, _ids = world
    for size in ("201", "1000000000", "9" * 400):
        assert caller.get("conversations/", page_size=size).status_code == 200
