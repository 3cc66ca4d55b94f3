"""Who may do what: every path for every kind of person; what is refused changes nothing."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from ambassadors.communities import round_trips
from ambassadors.communities.insights import note_insight
from ambassadors.communities.services import open_community, start_thread, write_post
from ambassadors.live.models import Subscription
from ambassadors.routing import services as routing
from ambassadors.routing.models import Offer
from conversations.channels.models import Envelope
from conversations.inbox.models import Attachment, Conversation
from conversations.knowledge.services import write_article
from crm.access.models import Role, RoleGrant
from tests import house
from tests.api.hands import Caller, a_key, hear, offered
from tests.rows import row_counts

pytestmark = pytest.mark.django_db

WHO = ("anonymous", "outsider", "asked", "assignee", "staff", "elsewhere", "executive")
REPLY = {"text": "Yes.", "kind": "reply"}
NOTE = {"text": "Hm.", "kind": "note"}
ARTICLE = {"title": "Parcels", "text": "They come by post."}
SOON = {"until": (timezone.now() + timedelta(days=1)).isoformat()}
DECISION = {"outcome": "shipped", "why": "Asked for often."}
CIRCLE = {"name": "Circle", "dimension": "internal"}
HERE = {"state": "viewing"}
URGENT = {"priority": "urgent"}
FILES = [{"name": "a.txt", "type": "text/plain", "base64": "aGVsbG8="}]

# method, path, body, then a status for each of WHO
MATRIX = [
    ("GET", "me/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "me/availability/", None, 401, 200, 200, 200, 200, 200, 200),
    ("PATCH", "me/availability/", {"most_open": 9}, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "me/statistics/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "conversations/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "conversations/{conversation}/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "conversations/{conversation}/messages/", None, 401, 404, 200, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/messages/", REPLY, 401, 404, 403, 201, 201, 404, 404),
    ("POST", "conversations/{conversation}/messages/", NOTE, 401, 404, 403, 201, 201, 404, 404),
    ("POST", "conversations/{conversation}/close/", None, 401, 404, 403, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/snooze/", SOON, 401, 404, 403, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/prioritise/", URGENT, 401, 404, 403, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/assign/", "staff", 401, 404, 403, 403, 200, 404, 404),
    ("GET", "conversations/{conversation}/suggestions/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "conversations/{conversation}/presence/", None, 401, 404, 200, 200, 200, 404, 404),
    ("PUT", "conversations/{conversation}/presence/", HERE, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "conversations/{conversation}/invitations/", None, 401, 404, 200, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/invitations/", "in", 401, 404, 403, 201, 201, 404, 404),
    (
        "DELETE",
        "conversations/{conversation}/invitations/0/",
        None,
        401,
        404,
        403,
        404,
        404,
        404,
        404,
    ),
    ("POST", "conversations/{conversation}/takeover/", None, 401, 404, 403, 409, 409, 404, 404),
    (
        "POST",
        "conversations/{conversation}/takeover/agree/",
        None,
        401,
        404,
        403,
        409,
        409,
        404,
        404,
    ),
    (
        "POST",
        "conversations/{conversation}/takeover/refuse/",
        None,
        401,
        404,
        403,
        409,
        409,
        404,
        404,
    ),
    (
        "POST",
        "conversations/{conversation}/takeover/force/",
        None,
        401,
        404,
        403,
        409,
        409,
        404,
        404,
    ),
    ("GET", "/files/{file}/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "offers/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "offers/{offer}/", None, 401, 404, 200, 404, 404, 404, 404),
    ("POST", "offers/{offer}/accept/", None, 401, 404, 200, 404, 404, 404, 404),
    ("POST", "offers/{offer}/decline/", {"reason": "other"}, 401, 404, 200, 404, 404, 404, 404),
    ("GET", "stream/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "webhooks/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "webhooks/", {"url": "http://127.0.0.1:9/"}, 401, 201, 201, 201, 201, 201, 201),
    ("GET", "webhooks/{endpoint}/", None, 401, 404, 200, 404, 404, 404, 404),
    ("PATCH", "webhooks/{endpoint}/", {"active": False}, 401, 404, 200, 404, 404, 404, 404),
    ("DELETE", "webhooks/{endpoint}/", None, 401, 404, 204, 404, 404, 404, 404),
    ("GET", "decline-reasons/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "articles/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "articles/{article}/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "articles/", ARTICLE, 401, 201, 201, 201, 201, 201, 403),
    ("POST", "articles/{article}/review/", None, 401, 200, 200, 200, 200, 200, 403),
    ("GET", "communities/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "communities/", CIRCLE, 401, 403, 403, 403, 201, 201, 403),
    ("GET", "communities/{community}/", None, 401, 200, 200, 200, 200, 200, 200),
    ("PATCH", "communities/{community}/", {"purpose": "!"}, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "communities/{community}/join/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "communities/{community}/leave/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "communities/{community}/members/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "communities/{community}/members/", "member", 401, 403, 403, 403, 200, 200, 403),
    ("GET", "threads/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "threads/", "thread", 401, 201, 201, 201, 201, 201, 201),
    ("GET", "threads/{thread}/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "threads/{thread}/posts/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "threads/{thread}/posts/", {"text": "Hm."}, 401, 201, 201, 201, 201, 201, 201),
    ("POST", "posts/{thread}/withdraw/", None, 401, 403, 403, 403, 200, 200, 403),
    ("GET", "conversations/{conversation}/question/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "conversations/{conversation}/round-trips/", None, 401, 404, 200, 200, 200, 404, 404),
    (
        "POST",
        "conversations/{conversation}/round-trips/",
        "thread",
        401,
        404,
        403,
        201,
        201,
        404,
        404,
    ),
    ("POST", "round-trips/{trip}/return/", "answer", 401, 404, 403, 200, 200, 404, 404),
    ("GET", "insights/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "insights/", "insight", 401, 400, 201, 201, 201, 400, 400),
    ("GET", "insights/{insight}/", None, 401, 404, 200, 200, 200, 404, 404),
    ("POST", "insights/{insight}/give/", "owner", 401, 404, 403, 403, 200, 404, 404),
    ("POST", "insights/{insight}/decide/", DECISION, 401, 404, 403, 403, 200, 404, 404),
    ("POST", "insights/{insight}/tell/", None, 401, 404, 403, 403, 409, 404, 404),
    ("GET", "load/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "channels/", None, 401, 403, 403, 403, 200, 200, 403),
    ("GET", "channels/{channel}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("PATCH", "channels/{channel}/", {"paused": True}, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "envelopes/", None, 401, 403, 403, 403, 200, 200, 403),
    ("GET", "envelopes/{envelope}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "envelopes/{envelope}/replay/", None, 401, 403, 403, 403, 200, 404, 403),
]
# rows in a list for each of WHO after the first
LISTED = [
    ("conversations/", 0, 1, 1, 2, 0, 0),
    ("offers/", 0, 1, 1, 0, 0, 0),
    ("articles/", 1, 1, 1, 1, 1, 1),
    ("communities/", 1, 1, 1, 1, 1, 1),
    ("threads/", 3, 3, 3, 3, 3, 3),
    ("insights/", 0, 1, 1, 2, 0, 0),
    ("channels/", None, None, None, 1, 1, None),
    ("envelopes/", None, None, None, 2, 0, None),
]


@pytest.fixture
def world(settings):
    """Two conversations of one unit: one offered to `asked`, one that `assignee` answers."""
    settings.STREAM_SECONDS = 0
    brand, other = house.unit("Here"), house.unit("Elsewhere")
    shop = house.department(brand)
    channel = house.webhook_channel(brand)
    house.webhook_channel(other)
    people = {
        "asked": house.ambassador(shop, name="Asked"),
        "assignee": house.somebody(shop, Role.AMBASSADOR, name="Assignee"),
        "outsider": house.somebody(shop, Role.AMBASSADOR, name="Outsider"),
        "executive": house.somebody(shop, Role.EXECUTIVE, name="Executive"),
        "staff": _staff_of(brand, shop),
        "elsewhere": _staff_of(other, shop),
    }
    taken = hear(channel, thread="taken", attachments=FILES)
    routing.assign(taken, employee=people["assignee"].employee, by=people["assignee"].acting)
    waiting = hear(channel, thread="waiting", attachments=FILES)
    offer = offered(people["asked"])
    Envelope.objects.update(state="failed")
    endpoint = Subscription.objects.create(user=people["asked"].user, url="http://127.0.0.1:9/")
    article = write_article("Parcels", text="By post.", by=people["staff"].acting)
    circle = open_community("Circle", dimension="internal", by=people["staff"].acting)
    thread = start_thread(circle, title="Glue", text="Which?", by=people["staff"].acting)
    born = {
        case.pk: _inside(case, circle, people["staff"], people["executive"])
        for case in (taken, waiting)
    }
    staff = str(people["staff"].employee.pk)
    return {
        "callers": {who: Caller(person.user) for who, person in people.items()}
        | {"anonymous": Caller()},
        "bodies": {
            "staff": {"employee": staff},
            "owner": {"owner": staff},
            "in": {"employee": staff, "role": "advising"},
            "member": {"employee": staff, "moderator": True},
            "thread": {"community": str(circle.pk), "title": "Soles", "text": "Which?"},
        },
        "born": born,
        "taken": taken.pk,
        "waiting": waiting.pk,
        "ids": {
            "offer": offer.pk,
            "community": circle.pk,
            "thread": thread.pk,
            "endpoint": endpoint.pk,
            "article": article.pk,
            "channel": channel.pk,
            "envelope": Envelope.objects.first().pk,
        },
    }


def _inside(conversation, circle, staff, colleague):
    """What was asked inside for the conversation and answered there, and an idea born of it."""
    asked = {"community": circle, "title": "Soles", "text": "Which?"}
    trip = round_trips.ask_inside(conversation, by=staff.acting, **asked)
    post = write_post(trip.post, text="This one.", by=colleague.acting)
    idea = note_insight(conversation, text="Sell it.", owner=staff.employee, by=staff.acting)
    return {
        "ids": {"trip": trip.pk, "insight": idea.pk},
        "bodies": {
            "answer": {"answer": str(post.pk), "text": "This one."},
            "insight": {"conversation": str(conversation.pk), "text": "Sell it."},
        },
    }


def _staff_of(unit, department):
    person = house.somebody(department, name="Staff")
    RoleGrant.objects.create(user=person.user, role=Role.STAFF, unit=unit)
    return person


def _everything():
    """The rows, and what stands in those that a refused act could have touched."""
    return [
        row_counts(),
        list(Conversation.objects.order_by("pk").values()),
        list(Offer.objects.order_by("pk").values()),
        list(Subscription.objects.order_by("pk").values()),
        list(Envelope.objects.order_by("pk").values("pk", "state")),
    ]


def test_every_path_answers_each_person_as_the_table_says(world, subtests):
    for method, path, body, *statuses in MATRIX:
        for who, status in zip(WHO, statuses, strict=True):
            with subtests.test(f"{method} {path}", who=who), transaction.atomic():
                before = _everything()
                answer = _ask(world, who, method, path, body)
                assert answer.status_code == status
                if status >= 400:
                    assert answer["Content-Type"] == "application/problem+json"
                    assert _everything() == before
                if answer.streaming:
                    (said,) = answer.streaming_content
                    assert said == b"hello" or b"event: stream.opened" in said
                transaction.set_rollback(True)


def _ask(world, who, method, path, body):
    conversation = world["taken"] if who == "assignee" else world["waiting"]
    file = Attachment.objects.get(message__conversation=conversation).pk
    born = world["born"][conversation]
    where = path.format(conversation=conversation, file=file, **world["ids"], **born["ids"])
    if isinstance(body, str):
        body = (world["bodies"] | born["bodies"])[body]
    caller = world["callers"][who]
    if method == "GET":
        return caller.get(where)
    if method in {"PATCH", "PUT", "DELETE"}:
        return caller.ask(method, where, body)
    return caller.post(where, body, key=a_key())


def test_every_list_shows_each_person_only_theirs(world, subtests):
    for path, *numbers in LISTED:
        for who, number in zip(WHO[1:], numbers, strict=True):
            if number is not None:
                with subtests.test(path, who=who):
                    assert len(world["callers"][who].get(path).json()["results"]) == number


def test_an_offer_lets_look_and_only_accepting_lets_answer(world):
    asked, path = world["callers"]["asked"], f"conversations/{world['waiting']}/messages/"
    refused = asked.post(path, REPLY, key=a_key())
    assert (refused.status_code, refused.json()["code"]) == (403, "accept_first")
    assert asked.post(f"offers/{world['ids']['offer']}/accept/").status_code == 200
    assert asked.post(path, REPLY, key=a_key()).status_code == 201


def test_declining_takes_the_look_away(world):
    asked = world["callers"]["asked"]
    answer = asked.post(f"offers/{world['ids']['offer']}/decline/", {"reason": "no_time"})
    assert (answer.status_code, answer.json()["state"]) == (200, "declined")
    assert asked.get(f"conversations/{world['waiting']}/").status_code == 404
