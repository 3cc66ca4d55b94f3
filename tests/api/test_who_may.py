"""Who may do what: every address for every kind of person; what is refused changes nothing."""

import re
import zlib
from collections import defaultdict
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import resolve

from ambassadors.live.models import Subscription
from ambassadors.routing.models import Offer
from conversations.channels.models import Envelope
from conversations.inbox.models import Attachment, Conversation, Message
from tests.api import matrix, routes
from tests.api.hands import Caller, a_key
from tests.rows import row_counts, rows_written

pytestmark = pytest.mark.django_db

EVERYBODY = (*matrix.WHO, "employee", "root")
ENTERING = ("elsewhere", "staff", "root")  # who may enter the admin
BLIND = ("employee", "outsider", "elsewhere", "executive")  # who may see neither conversation
MODELS = {model._meta.label_lower: model for model in admin.site._registry}  # noqa: SLF001
MODEL_PAGES = ("", "add/", "{row}/change/", "{row}/history/", "{row}/delete/")
# Of the admin itself: its frame, and what leads on without showing anything.
FRAME = {
    "admin/login/",
    "admin/logout/",
    "admin/jsi18n/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
}
NOWHERE = defaultdict(lambda: "00000000-0000-7000-8000-000000000000")


@pytest.fixture
def world(settings):
    settings.STREAM_SECONDS = 0
    world = matrix.furnish()
    for who, person in world["people"].items():
        world["callers"][who] = Caller(person.user)
        _browser(world, who)
    return world


def _everything():
    """The rows, and what stands in those that a refused act could have touched."""
    return [
        row_counts(),
        list(Conversation.objects.order_by("pk").values()),
        list(Offer.objects.order_by("pk").values()),
        list(Subscription.objects.order_by("pk").values()),
        list(Message.objects.order_by("pk").values("pk", "text", "delivery__state")),
        list(Envelope.objects.order_by("pk").values("pk", "state")),
    ]


def _of_everybody(method, path, statuses):
    """(who, status) with the two that the table derives."""
    given = dict(zip(matrix.WHO, statuses, strict=True))
    given["employee"] = matrix.EMPLOYEE.get((method, path), given["outsider"])
    given["root"] = matrix.ROOT.get((method, path), given["staff"])
    return given.items()


def test_every_operation_of_the_api_has_a_row():
    listed = {(method, _route(path)) for method, path, *_ in matrix.MATRIX}
    missing = [f"{m} {route}" for m, route, _ in routes.of_api() if (m, route) not in listed]
    assert not missing, f"add a row to MATRIX in tests/api/matrix.py for: {missing}"


def test_every_page_of_the_admin_has_a_row():
    rows = {_route(path) for _, path, *_ in matrix.ADMIN_PAGES}
    unlisted = [name for name in MODELS if name not in matrix.ADMIN_MODELS]
    assert not unlisted, f"add a line to ADMIN_MODELS in tests/api/matrix.py for: {unlisted}"
    for name in MODELS:
        start = f"admin/{name.replace('.', '/')}/"
        rows |= {start + page.format(row="<path:object_id>") for page in MODEL_PAGES}
        rows.add(f"{start}<path:object_id>/")  # leads on to change/
    named = [route for route in routes.of_admin() if "(?P<" not in route]  # an app's own page
    missing = [route for route in named if route not in rows | FRAME]
    assert not missing, f"add a row to ADMIN_PAGES in tests/api/matrix.py for: {missing}"


def test_every_other_page_has_a_row():
    listed = {_route(path) for _, path, *_ in matrix.PAGES}
    missing = [route for route in routes.of_pages() if route not in listed]
    assert not missing, f"add a row to PAGES in tests/api/matrix.py for: {missing}"


def _route(path):
    whole = path if path.startswith("/") else f"/api/v1/{path}"
    return resolve(whole.format_map(NOWHERE).partition("?")[0]).route


def test_every_path_answers_each_person_as_the_table_says(world, subtests):
    before = _everything()
    for method, path, body, *statuses in matrix.MATRIX:
        for who, status in _of_everybody(method, path, statuses):
            with subtests.test(f"{method} {path}", who=who), transaction.atomic():
                written = rows_written()
                answer = _ask(world, who, method, path, body)
                assert answer.status_code == status, answer.content
                if status >= 400:
                    assert answer["Content-Type"] == "application/problem+json"
                    assert rows_written() == written or _everything() == before
                if answer.streaming:
                    (said,) = answer.streaming_content
                    assert said == b"hello" or b"event: stream.opened" in said
                transaction.set_rollback(True)


def _ask(world, who, method, path, body):
    where = _filled(world, who, path)
    if isinstance(body, str):
        conversation = world["taken"] if who == "assignee" else world["waiting"]
        body = (world["bodies"] | world["born"][conversation]["bodies"])[body]
    caller = world["callers"][who]
    if method == "GET":
        return caller.get(where)
    if method == "POST":
        return caller.post(where, body, key=a_key())
    return caller.ask(method, where, body)


def _filled(world, who, path):
    conversation = world["taken"] if who == "assignee" else world["waiting"]
    file = Attachment.objects.get(message__conversation=conversation).pk
    born = world["born"][conversation]["ids"]
    return path.format(conversation=conversation, file=file, **world["ids"], **born)


def test_every_list_shows_each_person_only_theirs(world, subtests):
    for path, *numbers in matrix.LISTED:
        listed = dict(zip(matrix.WHO[1:], numbers, strict=True))
        refused = matrix.EMPLOYEE.get(("GET", path), 200) != 200
        listed["employee"] = None if refused else listed["outsider"]
        listed["root"] = matrix.ROOT_LISTED.get(path, listed["staff"])
        for who, number in listed.items():
            if number is not None:
                with subtests.test(path, who=who):
                    assert len(world["callers"][who].get(path).json()["results"]) == number


def test_the_pages_of_each_model_open_as_the_table_says(world, subtests):
    for name, model in MODELS.items():
        row = model.objects.first()
        assert row is not None, f"let furnish() in tests/api/matrix.py make a {name}"
        for page, statuses in zip(MODEL_PAGES, _cells(name), strict=True):
            path = f"/admin/{name.replace('.', '/')}/{page.format(row=quote(str(row.pk)))}"
            _check_admin(world, subtests, "GET", path, statuses)


def _cells(name):
    return [list(map(int, cell.split())) for cell in matrix.ADMIN_MODELS[name].split("|")]


def test_the_other_pages_of_the_admin_open_as_the_table_says(world, subtests):
    for method, path, *statuses in matrix.ADMIN_PAGES:
        _check_admin(world, subtests, method, _filled(world, "staff", path), statuses)


def _check_admin(world, subtests, method, path, statuses):
    wanted = dict.fromkeys(EVERYBODY, 302) | dict(zip(ENTERING, statuses, strict=True))
    before, refused = row_counts(), []
    for who, status in wanted.items():
        with subtests.test(f"{method} {path}", who=who), transaction.atomic():
            answer = _browser(world, who).generic(method, path)
            assert answer.status_code == status
            if who not in ENTERING:
                assert answer["Location"].startswith(("/login/", "/admin/login/"))
            if status >= 300 and method == "GET":
                refused.append(who)
            transaction.set_rollback(True)
    for who in refused:  # the form is refused to who may not look at it
        assert _browser(world, who).post(path).status_code in {302, 403, 404, 405}
    assert row_counts() == before


def _browser(world, who):
    browsers = world.setdefault("browsers", {})
    if who not in browsers:
        browsers[who] = Client(raise_request_exception=False)
        if who in world["people"]:
            browsers[who].force_login(world["people"][who].user)
    return browsers[who]


def test_every_other_page_answers_each_person_as_the_table_says(world, subtests):
    for method, path, *statuses in matrix.PAGES:
        for who, status in zip(EVERYBODY, statuses, strict=True):
            with subtests.test(f"{method} {path}", who=who), transaction.atomic():
                where = _filled(world, who, path)
                assert _browser(world, who).generic(method, where).status_code == status
                transaction.set_rollback(True)


def test_a_conversation_that_may_not_be_seen_is_seen_nowhere(world, subtests):
    """Lists, counts of a search, exports, histories: not its words, not who wrote, not its id."""
    secrets = ["zanzibar", "quillon", str(world["taken"]), str(world["waiting"])]
    for who in BLIND:
        for path in _lists():
            with subtests.test(path, who=who):
                page = path.startswith("/")
                asking = _browser(world, who) if page else world["callers"][who]
                said = _text(asking.get(path)).casefold()
                assert not [secret for secret in secrets if secret in said]


def _lists():
    """Every address that is read and names no row, and the searches with a word of the secret."""
    for method, path, *_ in matrix.MATRIX:
        if method == "GET" and "{" not in path:
            yield path
    for name in MODELS:
        yield f"/admin/{name.replace('.', '/')}/"
        yield f"/admin/{name.replace('.', '/')}/?q=about"
    for method, path, *_ in (*matrix.ADMIN_PAGES, *matrix.PAGES):
        if method == "GET" and "{" not in path:
            yield path
    yield from ("articles/?search=about", "conversations/?handle=qui", "/admin/search/?s=about")


def _text(answer):
    said = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return _text_of_pdf(said) if said.startswith(b"%PDF") else said.decode()


def _text_of_pdf(said):
    """What its pages draw; with a font of the reader's own it is written as it stands."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", said, re.DOTALL)
    text = b"".join(map(zlib.decompress, streams)).decode("latin-1")
    assert " Tj" in text or "] TJ" in text
    return text


def test_an_offer_lets_look_and_only_accepting_lets_answer(world):
    asked, path = world["callers"]["asked"], f"conversations/{world['waiting']}/messages/"
    refused = asked.post(path, matrix.REPLY, key=a_key())
    assert (refused.status_code, refused.json()["code"]) == (403, "accept_first")
    assert asked.post(f"offers/{world['ids']['offer']}/accept/").status_code == 200
    assert asked.post(path, matrix.REPLY, key=a_key()).status_code == 201


def test_declining_takes_the_look_away(world):
    asked = world["callers"]["asked"]
    answer = asked.post(f"offers/{world['ids']['offer']}/decline/", {"reason": "no_time"})
    assert (answer.status_code, answer.json()["state"]) == (200, "declined")
    assert asked.get(f"conversations/{world['waiting']}/").status_code == 404
