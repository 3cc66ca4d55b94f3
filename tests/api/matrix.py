"""Who may open and do what. A new address needs a row here, a new id a line in `furnish`.

- API: `MATRIX`; a list's rows also in `LISTED`.
- admin: a model's five pages in `ADMIN_MODELS`, any other page in `ADMIN_PAGES`.
- what needs no token and no admin: `PAGES`.

`{name}` in a path is an id of `furnish()["ids"]`; a body that is a word is one of its "bodies".
"""

from datetime import timedelta
from importlib import import_module

from allauth.idp.oidc.models import Client as App
from django.apps import apps
from django.utils import timezone

from ambassadors.communities import round_trips
from ambassadors.communities.insights import note_insight
from ambassadors.communities.services import open_community, start_thread, write_post
from ambassadors.governance.approvals import ask
from ambassadors.governance.ladder import Ladder
from ambassadors.governance.models import (
    Acknowledgement,
    Course,
    Escalation,
    EscalationRule,
    NamedRole,
    Policy,
    Training,
)
from ambassadors.governance.vouching import vouch
from ambassadors.live.models import Subscription
from ambassadors.routing import services as routing
from ambassadors.routing.models import Absence, Topic
from conversations.channels.connecting import connect
from conversations.channels.models import Envelope
from conversations.channels.services import open_channel
from conversations.channels.wire.contract import Mentioned
from conversations.editorial import life
from conversations.editorial.feed import make as make_feed
from conversations.editorial.learning import compare
from conversations.editorial.links import with_short_links
from conversations.inbox.models import Conversation, Delivery, Message
from conversations.inbox.services import reply
from conversations.knowledge.flags import flag
from conversations.knowledge.models import HelpCentre, ReadyAnswer
from conversations.knowledge.ready import keep
from conversations.knowledge.services import approve, retire, submit, write_article
from conversations.listening.hearing import take, watches_of
from conversations.listening.models import Mention
from conversations.listening.places import add_place
from conversations.listening.watches import begin_watch
from conversations.service_levels.models import Target
from conversations.service_levels.services import save_target
from crm.access.models import Role, RoleGrant
from crm.access.oauth.clients import save_client
from crm.access.personal_tokens import make_token
from crm.contacts.merging import merge
from crm.contacts.models import Contact, Duplicate, Identity
from crm.contacts.services import note_units
from crm.organisation.models import Calendar, User
from crm.organisation.services import save_calendar, save_employee
from crm.privacy import exporting
from crm.privacy import services as erasures
from crm.values import AUTOMATION
from maturity.appraisals.models import Exemption
from maturity.appraisals.services import PastReading
from maturity.executive.asking import Asked
from maturity.executive.shares import address
from maturity.executive.shares import share as share_page
from tests import house
from tests.api.hands import Caller, hear, offered

# Who asks. "asked" was offered the conversation, "assignee" answers the other one.
WHO = ("anonymous", "outsider", "asked", "assignee", "staff", "elsewhere", "executive")
REPLY = {"text": "Yes.", "kind": "reply"}
NOTE = {"text": "Hm.", "kind": "note"}
ARTICLE = {"title": "Parcels", "text": "They come by post."}
VERSION = {"number": 1}
READY = {"name": "thanks", "text": "Thank you, {{first_name}}."}
NOT_YET = {"number": 1, "comment": "Which post?"}
FLAW = {"text": "They come by bike."}
SOON = {"until": (timezone.now() + timedelta(days=1)).isoformat()}
DECISION = {"outcome": "shipped", "why": "Asked for often."}
IN = "conversations/{conversation}/"
CIRCLE = {"name": "Circle", "dimension": "internal"}
TOKEN = {
    "name": "desk",
    "scopes": ["offers"],
    "expires_at": (timezone.now() + timedelta(days=9)).isoformat(),
}
HERE = {"state": "viewing"}
WHY = {"comment": "When?"}
EDITION = {"edition": 1}
LATER = {"publish_at": (timezone.now() + timedelta(days=9)).isoformat()}
IGNORED = {"outcome": "ignore"}
DECIDED = {"text": "At noon from now on."}
WRONG = {"kind": "corrected"}
URGENT = {"priority": "urgent"}
SHIFTED = {"changes": [{"criterion": "S2-CHA-2", "k": 9}]}
SECRET = "Is this about zanzibar?"
SECRETIVE = {"from": {"handle": "quillon", "name": "Quillon"}}
FILES = [{"name": "a.txt", "type": "text/plain", "base64": "aGVsbG8="}]

# method, path, body, then a status for each of WHO
MATRIX = [
    ("GET", "me/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "me/availability/", None, 401, 200, 200, 200, 200, 200, 200),
    ("PATCH", "me/availability/", {"most_open": 9}, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "me/statistics/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "people/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "people/{led}/statistics/", None, 401, 404, 404, 404, 404, 404, 200),
    ("GET", "schema/", None, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "docs/", None, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "maturity/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "maturity/stage/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "maturity/criteria/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "maturity/criteria/S1-INS/evidence/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "maturity/exemptions/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "maturity/next-model/", None, 401, 403, 403, 403, 404, 404, 404),
    ("POST", "maturity/next-model/adopt/", {"sha256": "0" * 64}, 401, 403, 403, 403, 403, 403, 404),
    ("GET", "maturity/transitions/", None, 401, 403, 403, 403, 200, 200, 200),
    ("POST", "maturity/what-if/", SHIFTED, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "maturity/export/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "maturity/metrics/", None, 401, 403, 403, 403, 200, 200, 200),
    ("GET", "tokens/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "tokens/", TOKEN, 401, 201, 201, 201, 201, 201, 201),
    ("DELETE", "tokens/{token}/", None, 401, 404, 204, 404, 404, 404, 404),
    ("GET", "conversations/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "conversations/{conversation}/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "conversations/{conversation}/messages/", None, 401, 404, 200, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/messages/", REPLY, 401, 404, 403, 201, 201, 404, 404),
    ("POST", "conversations/{conversation}/messages/", NOTE, 401, 404, 403, 201, 201, 404, 404),
    ("GET", "conversations/{conversation}/templates/", None, 401, 404, 403, 409, 409, 404, 404),
    (  # nothing in it: what is empty is refused to who may
        *("POST", "conversations/{conversation}/files/?name=a.txt", None),
        *(401, 404, 403, 400, 400, 404, 404),
    ),
    ("POST", "conversations/{conversation}/close/", None, 401, 404, 403, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/snooze/", SOON, 401, 404, 403, 200, 200, 404, 404),
    ("POST", "conversations/{conversation}/prioritise/", URGENT, 401, 404, 403, 200, 200, 404, 404),
    (
        *("POST", "conversations/{conversation}/need/", {"value": False}),
        *(401, 404, 403, 200, 200, 404, 404),
    ),
    ("POST", "conversations/{conversation}/assign/", "staff", 401, 404, 403, 403, 200, 404, 404),
    ("GET", "conversations/{conversation}/routing/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "conversations/{conversation}/suggestions/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", IN + "presence/", None, 401, 404, 200, 200, 200, 404, 404),
    ("PUT", IN + "presence/", HERE, 401, 404, 200, 200, 200, 404, 404),
    ("GET", IN + "invitations/", None, 401, 404, 200, 200, 200, 404, 404),
    ("POST", IN + "invitations/", "in", 401, 404, 403, 201, 201, 404, 404),
    ("DELETE", IN + "invitations/0/", None, 401, 404, 403, 404, 404, 404, 404),
    ("POST", IN + "takeover/", None, 401, 404, 403, 409, 409, 404, 404),
    ("POST", IN + "takeover/agree/", None, 401, 404, 403, 409, 409, 404, 404),
    ("POST", IN + "takeover/refuse/", None, 401, 404, 403, 409, 409, 404, 404),
    ("POST", IN + "takeover/force/", None, 401, 404, 403, 409, 409, 404, 404),
    ("GET", "contacts/", None, 401, 403, 403, 403, 200, 200, 403),
    ("GET", "contacts/{contact}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "contacts/{contact}/block/", {"blocked": True}, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "contacts/{contact}/consents/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "contacts/{contact}/consents/", "consent", 401, 403, 403, 403, 201, 404, 403),
    ("POST", "contacts/{contact}/merge/", "merge", 401, 403, 403, 403, 201, 404, 403),
    ("POST", "contacts/{merged}/unmerge/", None, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "duplicates/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "duplicates/{pair}/dismiss/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "exports/", "export", 401, 403, 403, 403, 201, 404, 403),
    ("GET", "exports/{export}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "exports/{export}/file/", None, 401, 403, 403, 403, 409, 404, 403),
    ("GET", "erasures/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "erasures/", "erase", 401, 403, 403, 403, 201, 404, 403),
    ("GET", "erasures/{erasure}/", None, 401, 403, 403, 403, 200, 404, 403),
    # somebody else than the staff asked for it
    ("POST", "erasures/{erasure}/approve/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "erasures/{erasure}/refuse/", None, 401, 403, 403, 403, 200, 404, 403),
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
    ("GET", "approvals/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "approvals/{held}/", None, 401, 404, 404, 404, 200, 404, 404),
    ("POST", "approvals/{held}/approve/", None, 401, 404, 404, 404, 200, 404, 404),
    ("POST", "approvals/{held}/send-back/", WHY, 401, 404, 404, 404, 200, 404, 404),
    ("GET", "drafts/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "drafts/{held}/", None, 401, 404, 404, 200, 404, 404, 404),
    ("POST", "drafts/{held}/rewrite/", {"text": "No."}, 401, 404, 404, 200, 404, 404, 404),
    ("POST", "drafts/{held}/drop/", None, 401, 404, 404, 200, 404, 404, 404),
    ("POST", "messages/{held}/corrections/", WRONG, 401, 404, 404, 409, 409, 404, 404),
    ("GET", "escalations/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "escalations/{hit}/take/", None, 401, 404, 404, 403, 403, 404, 404),
    ("POST", "escalations/{hit}/let-go/", None, 401, 404, 404, 403, 403, 404, 404),
    ("GET", "escalation-rules/", None, 401, 403, 403, 403, 200, 200, 403),
    (
        *("POST", "escalation-rules/{rule}/drill/", "drill"),
        *(401, 403, 403, 403, 201, 403, 403),
    ),
    ("GET", "me/trust/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "me/trainings/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "policies/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "policies/{policy}/acknowledge/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "articles/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "articles/{article}/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "articles/", ARTICLE, 401, 201, 201, 201, 201, 201, 403),
    ("GET", "articles/missing/", None, 401, 200, 200, 200, 200, 200, 403),
    ("GET", "articles/reuse/", None, 401, 403, 403, 403, 200, 200, 200),
    ("POST", "articles/similar/", ARTICLE, 401, 200, 200, 200, 200, 200, 403),
    # a draft is only who writes it's, here the staff's
    ("GET", "articles/{written}/", None, 401, 404, 404, 404, 200, 404, 404),
    ("PATCH", "articles/{written}/", {"title": "Post"}, 401, 404, 404, 404, 200, 404, 403),
    ("POST", "articles/{written}/submit/", None, 401, 404, 404, 404, 200, 404, 403),
    ("GET", "articles/{handed_in}/", None, 401, 200, 200, 200, 200, 200, 404),
    ("POST", "articles/{handed_in}/approve/", VERSION, 401, 200, 200, 200, 403, 200, 403),
    ("POST", "articles/{handed_in}/send-back/", NOT_YET, 401, 200, 200, 200, 403, 200, 403),
    ("POST", "articles/{article}/propose/", {"text": "!"}, 401, 200, 200, 200, 200, 200, 403),
    ("POST", "articles/{article}/review/", None, 401, 200, 200, 200, 403, 200, 403),
    ("POST", "articles/{article}/retire/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "articles/{retired}/restore/", None, 401, 200, 200, 200, 200, 200, 403),
    ("GET", "articles/{article}/versions/", None, 401, 200, 200, 200, 200, 200, 200),
    ("GET", "articles/{article}/flags/", None, 401, 200, 200, 200, 200, 200, 200),
    ("POST", "articles/{article}/flags/", FLAW, 401, 201, 201, 409, 201, 201, 403),
    ("POST", "articles/{article}/flags/{flag}/dismiss/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", IN + "article/", None, 401, 404, 403, 201, 409, 404, 404),  # staff: nothing said yet
    ("GET", "ready-answers/", None, 401, 200, 200, 200, 200, 200, 403),
    ("POST", "ready-answers/", READY, 401, 201, 201, 201, 201, 201, 403),
    ("PATCH", "ready-answers/{ready_answer}/", {"text": "!"}, 401, 403, 403, 403, 200, 200, 403),
    ("GET", IN + "ready-answers/", None, 401, 404, 200, 200, 200, 404, 404),
    ("GET", "publications/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "publications/", "plan", 401, 403, 403, 403, 201, 400, 403),
    ("GET", "publications/table/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "publications/table/", {"table": ""}, 401, 403, 403, 403, 400, 400, 403),
    ("GET", "publications/forecast/", None, 401, 403, 403, 403, 200, 200, 403),
    ("GET", "publications/feed/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "publications/feed/", None, 401, 403, 403, 403, 201, 201, 403),
    ("DELETE", "publications/feed/", None, 401, 403, 403, 403, 204, 204, 403),
    ("GET", "publications/{draft}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("PATCH", "publications/{draft}/", {"text": "!"}, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{draft}/submit/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{asked_for}/approve/", EDITION, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{asked_for}/send-back/", WHY, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{draft}/move/", LATER, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{ready}/publish-now/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{ready}/publish-again/", None, 401, 403, 403, 403, 409, 404, 403),
    ("POST", "publications/{ready}/confirm/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{draft}/cancel/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{out}/compare/", {"value": 9}, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "publications/{compared}/decisions/", DECIDED, 401, 403, 403, 403, 201, 404, 403),
    ("GET", "places/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "places/", "place", 401, 403, 403, 403, 201, 400, 403),
    ("GET", "places/{place}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("PATCH", "places/{place}/", {"every": 60}, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "places/{place}/read/", None, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "watches/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "watches/", "watch", 401, 403, 403, 403, 201, 400, 403),
    ("GET", "watches/{watch}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("PATCH", "watches/{watch}/", {"name": "!"}, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "watches/{watch}/end/", None, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "mentions/", None, 401, 403, 403, 403, 200, 200, 403),
    ("GET", "mentions/{mention}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "mentions/{mention}/triage/", IGNORED, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "mentions/triage/", "together", 401, 403, 403, 403, 200, 404, 403),
    ("POST", "mentions/{mention}/promote/", None, 401, 403, 403, 403, 201, 404, 403),
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
    ("POST", IN + "round-trips/", "thread", 401, 404, 403, 201, 201, 404, 404),
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
    ("GET", "channels/kinds/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "channels/connect/", "network", 401, 403, 403, 403, 403, 403, 403),
    ("GET", "channels/{bot}/connection/", None, 401, 403, 403, 403, 200, 404, 403),
    ("PATCH", "channels/{bot}/connection/", {"values": {}}, 401, 403, 403, 403, 403, 403, 403),
    ("POST", "channels/{bot}/connection/test/", None, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "channels/{mailbox}/mail/", None, 401, 403, 403, 403, 200, 404, 403),
    ("PATCH", "channels/{mailbox}/mail/", {"keys": {}}, 401, 403, 403, 403, 403, 403, 403),
    ("POST", "channels/{mailbox}/mail/test/", {}, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "channels/{bot}/disconnect/", None, 401, 403, 403, 403, 403, 403, 403),
    ("GET", "undelivered/", None, 401, 403, 403, 403, 200, 200, 403),
    ("POST", "undelivered/{lost}/retry/", None, 401, 403, 403, 403, 200, 404, 403),
    ("GET", "envelopes/", None, 401, 403, 403, 403, 200, 200, 403),
    ("GET", "envelopes/{envelope}/", None, 401, 403, 403, 403, 200, 404, 403),
    ("POST", "envelopes/{envelope}/replay/", None, 401, 403, 403, 403, 200, 404, 403),
]
# rows in a list for each of WHO after the first
LISTED = [
    ("conversations/", 0, 1, 1, 2, 0, 0),
    ("tokens/", 0, 1, 0, 0, 0, 0),
    ("offers/", 0, 1, 1, 0, 0, 0),
    ("people/", 0, 0, 0, 0, 0, 1),
    ("escalation-rules/", None, None, None, 1, 1, None),
    ("approvals/", 0, 0, 0, 1, 0, 0),
    ("escalations/", 0, 0, 1, 1, 0, 0),
    ("drafts/", 0, 0, 1, 0, 0, 0),
    ("policies/", 1, 1, 1, 1, 1, 1),
    ("articles/", 1, 1, 1, 1, 1, 1),
    ("ready-answers/", 1, 1, 1, 1, 1, None),
    ("publications/", None, None, None, 5, 0, None),
    ("places/", None, None, None, 1, 0, None),
    ("watches/", None, None, None, 1, 0, None),
    ("mentions/", None, None, None, 1, 0, None),
    ("communities/", 1, 1, 1, 1, 1, 1),
    ("threads/", 3, 3, 3, 3, 3, 3),
    ("insights/", 0, 1, 1, 2, 0, 0),
    ("channels/", None, None, None, 4, 1, None),
    ("undelivered/", None, None, None, 1, 0, None),
    ("envelopes/", None, None, None, 2, 0, None),
    ("contacts/", None, None, None, 4, 0, None),
    ("duplicates/", None, None, None, 1, 0, None),
    ("erasures/", None, None, None, 1, 0, None),
]
# Two more kinds of person are known by what they are like, unless a line here says otherwise:
# "employee" holds no role, like an outsider; "root" is a superuser, like staff of every unit.
EMPLOYEE = {
    # who does not answer customers reads articles
    ("POST", "articles/"): 403,
    ("POST", "articles/similar/"): 403,
    ("GET", "articles/missing/"): 403,
    ("PATCH", "articles/{written}/"): 403,
    ("POST", "articles/{written}/submit/"): 403,
    ("GET", "articles/{handed_in}/"): 404,
    ("POST", "articles/{handed_in}/approve/"): 403,
    ("POST", "articles/{handed_in}/send-back/"): 403,
    ("POST", "articles/{article}/propose/"): 403,
    ("POST", "articles/{article}/review/"): 403,
    ("POST", "articles/{retired}/restore/"): 403,
    ("POST", "articles/{article}/flags/"): 403,
    ("GET", "ready-answers/"): 403,
    ("POST", "ready-answers/"): 403,
}
ROOT = {
    # the secrets of the company
    ("POST", "channels/connect/"): 201,
    ("PATCH", "channels/{bot}/connection/"): 200,
    ("PATCH", "channels/{mailbox}/mail/"): 200,
    ("POST", "channels/{bot}/disconnect/"): 200,
    # an executive's: none is in shadow
    ("POST", "maturity/next-model/adopt/"): 404,
    # the staff's own
    ("POST", "articles/{handed_in}/approve/"): 200,
    ("POST", "articles/{handed_in}/send-back/"): 200,
    ("POST", "articles/{article}/review/"): 200,
    # one's own
    ("POST", "publications/{asked_for}/approve/"): 403,
    ("POST", "publications/{compared}/decisions/"): 403,
    # one's own, or somebody else's than root's
    ("GET", "exports/{export}/"): 404,
    ("GET", "exports/{export}/file/"): 404,
    ("POST", "erasures/{erasure}/approve/"): 403,
    # an idea has one owner
    ("POST", "insights/{insight}/decide/"): 403,
    ("POST", "insights/{insight}/tell/"): 403,
}
ROOT_LISTED = {"channels/": 5}

# Who is neither staff nor superuser is led to sign in (302) by every page of the admin. For staff
# of elsewhere, staff, root: the list, and the pages add, change, history and delete of a row.
ADMIN_MODELS: dict[str, str] = {
    "crm.calendar": "200 200 200|403 403 200|200 200 200|200 200 200|403 403 403",
    "conversations.target": "200 200 200|403 403 200|200 200 200|200 200 200|403 403 403",
    "allauth_idp_oidc.client": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 200",
    "ambassadors.absence": "200 200 200|200 200 200|302 200 200|302 200 200|302 200 200",
    "ambassadors.acknowledgement": "403 403 200|403 403 403|403 403 200|403 403 200|403 403 403",
    "ambassadors.availability": "200 200 200|200 200 200|302 200 200|302 200 200|403 403 200",
    "ambassadors.course": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 200",
    "ambassadors.escalation": "200 200 200|403 403 403|302 200 200|302 200 200|403 403 403",
    "ambassadors.escalationrule": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 200",
    "ambassadors.ladder": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 200",
    "ambassadors.namedrole": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 200",
    "ambassadors.offer": "200 200 200|403 403 403|302 200 200|302 200 200|403 403 403",
    "ambassadors.policy": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 403",
    "ambassadors.reason": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 403",
    "ambassadors.rule": "200 200 200|403 403 200|200 200 200|200 200 200|403 403 200",
    "ambassadors.topic": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 200",
    "ambassadors.training": "200 200 200|200 200 200|302 200 200|302 200 200|403 403 403",
    "ambassadors.vouch": "200 200 200|200 200 200|302 200 200|302 200 200|403 403 403",
    "conversations.article": "200 200 200|200 200 200|200 200 200|200 200 200|403 403 403",
    "conversations.channel": "200 200 200|403 403 200|302 200 200|302 200 200|403 403 403",
    "conversations.conversation": "200 200 200|403 403 403|404 200 200|302 200 200|403 403 403",
    "conversations.delivery": "200 200 200|403 403 403|302 200 200|302 200 200|403 403 403",
    "conversations.envelope": "200 200 200|403 403 403|302 200 200|302 200 200|403 403 403",
    "conversations.mention": "200 200 200|403 403 403|404 200 200|302 200 200|403 403 403",
    "conversations.place": "200 200 200|200 200 200|302 200 200|302 200 200|403 403 403",
    "conversations.helpcentre": "200 200 200|403 403 200|302 200 200|302 200 200|403 403 403",
    "conversations.readyanswer": "200 200 200|200 200 200|200 200 200|200 200 200|403 403 403",
    "conversations.publication": "200 200 200|200 200 200|404 200 200|302 200 200|403 403 403",
    "conversations.watch": "200 200 200|200 200 200|302 200 200|302 200 200|403 403 403",
    "crm.act": "403 403 200|403 403 403|403 403 200|403 403 200|403 403 403",
    "crm.contact": "200 200 200|403 403 403|302 200 200|302 200 200|403 403 403",
    "crm.erasure": "200 200 200|403 403 403|302 200 200|302 200 200|403 403 403",
    "crm.department": "200 200 200|403 403 200|200 200 200|200 200 200|403 403 403",
    "crm.employee": "200 200 200|403 403 200|200 200 200|200 200 200|403 403 403",
    "crm.rolegrant": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 200",
    "crm.unit": "200 200 200|403 403 200|200 200 200|200 200 200|403 403 403",
    "crm.user": "403 403 200|403 403 200|403 403 200|403 403 200|403 403 403",
    "knox.authtoken": "403 403 200|403 403 403|403 403 200|403 403 200|403 403 200",
}
# method, path, staff of elsewhere, staff, root
ADMIN_PAGES: list[tuple[str, str, int, int, int]] = [
    ("GET", "/admin/", 302, 302, 302),
    ("GET", "/admin/search/", 200, 200, 200),
    ("GET", "/admin/search/?s=about", 200, 200, 200),
    ("GET", "/admin/password_change/", 200, 200, 200),
    ("GET", "/admin/password_change/done/", 200, 200, 200),
    ("GET", "/admin/autocomplete/", 403, 403, 403),
    ("GET", "/admin/knox/", 404, 404, 200),
    ("GET", "/admin/allauth_idp_oidc/", 404, 404, 200),
    ("GET", "/admin/allauth_idp_oidc/client/{app}/make_secret/", 403, 403, 200),
    ("GET", "/admin/crm/user/{user}/password/", 403, 403, 200),
    ("GET", "/admin/crm/contact/duplicates/", 200, 200, 200),
    ("POST", "/admin/crm/contact/duplicates/{pair}/dismiss/", 404, 302, 302),
    ("POST", "/admin/crm/contact/{contact}/do/block/", 404, 302, 302),
    ("GET", "/admin/crm/contact/{contact}/merge/{twin}/", 404, 200, 200),
    # not ready: told so on the person's page; only who asked for it may
    ("GET", "/admin/crm/contact/exports/{export}/", 404, 302, 404),
    ("POST", "/admin/crm/erasure/{erasure}/do/refuse/", 404, 302, 302),
    ("GET", "/admin/conversations/channel/{channel}/pause_or_resume/", 404, 200, 200),
    ("GET", "/admin/conversations/channel/{mailbox}/test_mail/", 403, 200, 200),
    ("POST", "/admin/conversations/channel/{mailbox}/test_mail/", 403, 302, 302),
    ("POST", "/admin/conversations/channel/{channel}/pause_or_resume/", 404, 302, 302),
    ("GET", "/admin/conversations/channel/{channel}/reveal_secret/", 403, 403, 200),
    ("GET", "/admin/conversations/channel/connect/", 403, 403, 200),
    ("GET", "/admin/conversations/channel/connect/telegram/", 403, 403, 200),
    ("GET", "/admin/conversations/channel/{bot}/connection/", 404, 200, 200),
    ("GET", "/admin/conversations/channel/connect_a_network/", 403, 403, 302),
    ("GET", "/admin/conversations/channel/{bot}/to_connection/", 403, 302, 302),
    ("GET", "/admin/conversations/envelope/{envelope}/raw/", 404, 200, 200),
    ("GET", "/admin/conversations/envelope/{envelope}/replay/", 404, 200, 200),
    ("GET", "/admin/conversations/conversation/live/", 200, 200, 200),
    ("GET", "/admin/conversations/conversation/live/?q=about", 200, 200, 200),
    # a chat message is no mail
    ("GET", "/admin/conversations/conversation/mails/{message}/", 404, 404, 404),
    ("GET", "/admin/conversations/conversation/{conversation}/part/", 404, 200, 200),
    ("POST", "/admin/conversations/conversation/{conversation}/presence/", 404, 200, 200),
    ("POST", "/admin/conversations/conversation/{conversation}/do/close/", 404, 302, 302),
    ("POST", "/admin/conversations/article/similar/", 200, 200, 200),
    ("GET", "/admin/conversations/article/debt/", 200, 200, 200),
    ("GET", "/admin/conversations/article/reuse/", 200, 200, 200),
    ("POST", "/admin/conversations/article/from/{conversation}/", 404, 302, 302),
    ("GET", "/admin/conversations/article/{written}/edit/", 404, 200, 200),
    ("POST", "/admin/conversations/article/{written}/do/submit/", 404, 302, 302),
    ("GET", "/admin/conversations/readyanswer/for/{conversation}/", 404, 200, 200),
    ("POST", "/admin/conversations/publication/{draft}/do/submit/", 404, 302, 302),
    ("GET", "/admin/conversations/publication/table/", 200, 200, 200),
    ("GET", "/admin/conversations/publication/import/", 200, 200, 200),
    ("GET", "/admin/conversations/publication/feed/", 200, 200, 200),
    ("POST", "/admin/conversations/mention/{mention}/do/ignore/", 404, 302, 302),
    ("GET", "/admin/conversations/mention/week/", 200, 200, 200),
    ("POST", "/admin/conversations/mention/digest/", 302, 302, 302),
    ("POST", "/admin/conversations/mention/together/", 302, 302, 302),  # none chosen: told so
    ("GET", "/admin/conversations/place/{place}/read_now/", 404, 200, 200),
    ("POST", "/admin/conversations/place/{place}/pause_or_resume/", 404, 302, 302),
    ("GET", "/admin/conversations/watch/{watch}/end/", 404, 200, 200),
    ("GET", "/admin/ambassadors/policy/board/", 200, 200, 200),
    ("GET", "/admin/ambassadors/ladder/approvals/", 200, 200, 200),
    ("POST", "/admin/ambassadors/ladder/approvals/{held}/approve/", 404, 302, 302),
    ("GET", "/admin/ambassadors/escalation/drill/", 200, 200, 200),
    ("GET", "/admin/ambassadors/escalation/drills/", 302, 302, 302),
    # it says not what was wrong
    ("POST", "/admin/ambassadors/ladder/corrections/{held}/", 404, 404, 404),
    # it names nobody to give it to
    ("POST", "/admin/ambassadors/offer/assign/{conversation}/", 404, 404, 404),
    ("GET", "/admin/ambassadors/rule/try/", 200, 200, 200),
]
# Pages that know neither token nor admin: method, path, then a status for each of WHO, for
# employee and for root.
PAGES: list[tuple[str | int, ...]] = [
    ("GET", "/livez", *[200] * 9),
    ("GET", "/readyz", *[503] * 9),
    ("GET", "/admin", *[302] * 9),
    ("GET", "/i18n/setlang/", *[302] * 9),
    ("GET", "/", *[302] * 9),
    ("GET", "/login/", *[200] * 9),
    ("GET", "/logout/", *[405] * 9),
    ("GET", "/maturity/", 302, 403, 403, 403, 200, 200, 200, 403, 200),
    ("GET", "/maturity/criteria/S1-INS/", 302, 403, 403, 403, 200, 200, 200, 403, 200),
    ("GET", "/maturity/what-if/", 302, 403, 403, 403, 200, 200, 200, 403, 200),
    ("GET", "/maturity/shares/", 302, 403, 403, 403, 403, 403, 200, 403, 200),
    ("POST", "/maturity/shares/{share}/revoke/", 302, 403, 403, 403, 403, 403, 302, 403, 302),
    ("GET", "/maturity/shared/{shared}/", *[200] * 9),
    ("GET", "/maturity/shared/nowhere/", *[404] * 9),
    ("GET", "/maturity/digest/", 302, 403, 403, 403, 200, 200, 200, 403, 200),
    ("GET", "/maturity/declare/", 302, 200, 200, 200, 200, 200, 200, 403, 200),
    ("POST", "/maturity/survey/", 302, 403, 403, 403, 403, 403, 302, 403, 302),
    ("GET", "/maturity/next-model/", 302, 403, 403, 403, 200, 200, 200, 403, 200),
    ("POST", "/maturity/next-model/adopt/", 302, 403, 403, 403, 403, 403, 404, 403, 404),
    ("GET", "/maturity/page.pdf", 302, 403, 403, 403, 200, 200, 200, 403, 200),
    ("GET", "/maturity/shared/{shared}/page.pdf", *[200] * 9),
    ("GET", "/maturity/table.csv", 302, 403, 403, 403, 200, 200, 200, 403, 200),
    # the form names nobody, which executives may say
    ("POST", "/maturity/criteria/S1-INS/owner/", 302, 403, 403, 403, 403, 403, 302, 403, 302),
    # the form is empty
    ("POST", "/maturity/criteria/S4-CHA-1/exemption/", 302, 403, 403, 403, 403, 403, 400, 403, 400),
    ("POST", "/maturity/exemptions/{exempt}/approve/", 302, 403, 403, 403, 403, 403, 302, 403, 302),
    ("POST", "/maturity/exemptions/{exempt}/close/", 302, 403, 403, 403, 403, 403, 302, 403, 302),
    ("GET", "/hooks/{hook}/", *[405] * 9),
    ("GET", "/hooks/email/{door}/postmark/tracking/", *[405] * 9),
    ("GET", "/hooks/telegram/{door}/", *[404] * 9),  # Telegram asks nothing before it posts
    ("GET", "/chat/{chat}/", *[200] * 9),
    ("GET", "/chat/{chat}/widget.js", *[200] * 9),
    ("GET", "/chat/{chat}/say/", *[405] * 9),
    ("GET", "/chat/{chat}/messages/", *[200] * 9),
    ("GET", "/chat/{chat}/files/00000000-0000-7000-8000-000000000000/", *[404] * 9),
    ("GET", "/robots.txt", *[200] * 9),
    ("GET", "/help/here/", *[200] * 9),
    ("GET", "/help/here/sitemap.xml", *[200] * 9),
    ("GET", "/help/nowhere/", *[404] * 9),
    # an internal one
    ("GET", "/help/here/{article}/", *[404] * 9),
    ("GET", "/help/here/{article}/parcels/", *[404] * 9),
    ("POST", "/help/here/{article}/feedback/", *[404] * 9),
    ("GET", "/l/{short}/", *[302] * 9),
    ("GET", "/l/nowhere/", *[404] * 9),
    ("GET", "/plan/{feed}.ics", *[200] * 9),
    ("GET", "/plan/nowhere.ics", *[404] * 9),
    ("GET", "/offer/nonsense/accept/", *[404] * 9),
    ("GET", "/offer/nonsense/decline/", *[404] * 9),
    ("GET", "/my/", 302, *[200] * 8),
    ("GET", "/my/pulse/", 302, *[200] * 8),
    ("POST", "/my/offers/{offer}/accept/", 302, 404, 302, *[404] * 6),
    ("GET", "/my/conversations/{conversation}/", 302, 404, 200, 200, 200, 404, 404, 404, 200),
    # it says nothing: an empty text
    (
        *("POST", "/my/conversations/{conversation}/reply/"),
        *(302, 404, 400, 400, 400, 404, 404, 404, 400),
    ),
    # it says not what was wrong
    ("POST", "/my/answers/{held}/correct/", 302, *[404] * 8),
    ("GET", "/my/hours/", 302, *[200] * 8),
    ("POST", "/my/absences/", 302, *[400] * 8),
    ("POST", "/my/absences/{absence}/end/", 302, 404, 302, *[404] * 6),
    ("GET", "/my/figures/", 302, *[200] * 8),
    ("GET", "/my/people/", 302, *[200] * 8),
    ("GET", "/my/people/{led}/", 302, 404, 404, 404, 404, 404, 200, 404, 404),
    ("GET", "/approvals/", 302, *[200] * 8),
    # whoever sees it and may not decide is told so on the page
    ("POST", "/approvals/{held}/approve/", 302, 404, 404, 302, 302, 404, 404, 404, 302),
    ("GET", "/communities/", 302, *[200] * 8),
    ("GET", "/communities/new/", 302, 403, 403, 403, 200, 200, 403, 403, 200),
    ("GET", "/communities/{community}/", 302, *[200] * 8),
    ("GET", "/communities/{community}/edit/", 302, 403, 403, 403, 200, 200, 403, 403, 200),
    ("GET", "/communities/{community}/start/", 302, *[200] * 8),
    ("POST", "/communities/{community}/join/", *[302] * 9),
    ("GET", "/threads/{thread}/", 302, *[200] * 8),
    ("POST", "/posts/{thread}/withdraw/", *[302] * 9),
    ("GET", "/conversations/{conversation}/ask/", 302, 404, 404, 200, 200, 404, 404, 404, 200),
    ("GET", "/conversations/{conversation}/idea/", 302, 404, 404, 200, 200, 404, 404, 404, 200),
    ("GET", "/round-trips/{trip}/return/", 302, 404, 404, 200, 200, 404, 404, 404, 200),
    ("GET", "/tokens/", 302, *[200] * 8),
    ("POST", "/tokens/{token}/revoke/", 302, 404, 302, *[404] * 6),
    ("POST", "/tokens/apps/{app}/put-out/", 302, *[404] * 8),
    ("GET", "/oauth/authorize/", 302, *[400] * 8),
    ("POST", "/oauth/token/", *[400] * 9),
    ("POST", "/oauth/revoke/", *[400] * 9),
    ("GET", "/.well-known/oauth-authorization-server", *[200] * 9),
    ("GET", "/policies/", 302, *[200] * 8),
    ("POST", "/policies/{policy}/acknowledge/", *[302] * 9),
    ("GET", "/ideas/", 302, *[200] * 8),
    ("POST", "/ideas/{insight}/decide/", 302, 404, 302, 302, 302, 404, 404, 404, 302),
    ("GET", "/load/", 302, 403, 403, 403, 200, 200, 200, 403, 200),
]


def lost_in(conversation):
    """An answer that did not arrive."""
    message = Message.objects.create(
        conversation=conversation,
        channel=conversation.channel,
        direction="out",
        text="About zanzibar.",
        via="automation",
        occurred_at=conversation.occurred_at,
    )
    Delivery.objects.create(message=message, conversation=conversation, state="failed")
    return message


def furnish():
    """Two conversations of one unit: one offered to `asked`, one that `assignee` answers."""
    import_module("ambassadors.migrations.0005_reasons_to_decline").seed(apps, None)
    brand, other = house.unit("Here"), house.unit("Elsewhere")
    shop = house.department(brand)
    channel = house.webhook_channel(brand)
    house.webhook_channel(other)
    chat = open_channel(brand, kind="webchat", name="Chat", by=AUTOMATION)
    mailbox = house.mail_channel(brand, "mail@relais.example")
    values = {"bot_token": "none"}  # refused before anybody is asked
    bot = connect(brand, kind="telegram", name="Bot", values=values, by=AUTOMATION)
    people = {
        "asked": house.ambassador(shop, name="Asked"),
        "assignee": house.somebody(shop, Role.AMBASSADOR, name="Assignee"),
        "outsider": house.somebody(shop, Role.AMBASSADOR, name="Outsider"),
        "executive": house.somebody(shop, Role.EXECUTIVE, name="Executive"),
        "employee": house.somebody(shop, name="Employee"),
        "root": house.somebody(shop, name="Root"),
        "staff": _staff_of(brand, shop),
        "elsewhere": _staff_of(other, shop),
    }
    User.objects.filter(pk=people["root"].user.pk).update(is_superuser=True, is_staff=True)
    people["asked"].employee.lead = people["executive"].employee
    save_employee(people["asked"].employee, by=AUTOMATION)
    taken = hear(channel, SECRET, thread="taken", attachments=FILES, **SECRETIVE)
    routing.assign(taken, employee=people["assignee"].employee, by=people["assignee"].acting)
    waiting = hear(channel, SECRET, thread="waiting", attachments=FILES, **SECRETIVE)
    offer = offered(people["asked"])
    Envelope.objects.update(state="failed")
    endpoint = Subscription.objects.create(user=people["asked"].user, url="http://127.0.0.1:9/")
    token, _ = make_token(
        people["asked"].user,
        name="desk",
        scopes=["offers"],
        expires_at=timezone.now() + timedelta(days=9),
        by=people["asked"].acting,
    )
    HelpCentre.objects.create(unit=brand, slug="here", title="Help")
    articles = _articles(people["staff"], people["assignee"])
    circle = open_community("Circle", dimension="internal", by=people["staff"].acting)
    thread = start_thread(circle, title="Glue", text="Which?", by=people["staff"].acting)
    born = {
        case.pk: _inside(case, circle, people["staff"], people["executive"])
        for case in (taken, waiting)
    }
    _furnish_admin(people)
    held = _held(taken, people)
    lost = lost_in(taken)
    heard = _heard(brand, people["staff"])
    contacts = _contacts(taken, people)
    share = _shared(people["executive"])
    plans = _plans(channel, people["root"], people["staff"])
    staff = str(people["staff"].employee.pk)
    return {
        "people": people,
        "callers": {"anonymous": Caller()},
        "bodies": {
            "staff": {"employee": staff},
            "consent": {"address": contacts.pop("address"), "purpose": "news", "given": True},
            "merge": {"other": str(contacts["twin"]), "choices": {"name": "other"}},
            "export": {"contact": str(contacts["contact"])},
            "erase": {"contact": str(contacts["contact"]), "ground": "asked"},
            "owner": {"owner": staff},
            "in": {"employee": staff, "role": "advising"},
            "drill": {"unit": str(brand.pk)},
            "member": {"employee": staff, "moderator": True},
            "plan": {"channel": str(channel.pk), "text": "Soles!"} | LATER,
            "place": {
                "kind": "feed",
                "name": "More",
                "url": "https://news.example/feed",
                "unit": str(brand.pk),
            },
            "watch": {"name": "Soles", "terms": ["soles"], "unit": str(brand.pk)},
            "together": {"outcome": "ignore", "mentions": [str(heard["mention"])]},
            "thread": {"community": str(circle.pk), "title": "Soles", "text": "Which?"},
            "network": {
                "kind": "telegram",
                "unit": brand.source_id,
                "name": "Bot",
                "values": {"bot_token": "1:a"},
            },
        },
        "born": born,
        "taken": taken.pk,
        "waiting": waiting.pk,
        "ids": {
            **plans,
            **heard,
            **contacts,
            "offer": offer.pk,
            "held": held.pk,
            "share": share.pk,
            "exempt": _exempted(people["outsider"]).pk,
            "shared": address(share).rstrip("/").rpartition("/")[2],
            "hit": Escalation.objects.get(source__isnull=False).pk,
            "rule": EscalationRule.objects.get().pk,
            "policy": Policy.objects.get().pk,
            "community": circle.pk,
            "thread": thread.pk,
            "endpoint": endpoint.pk,
            "token": token.pk,
            "app": _app().pk,
            **articles,
            "ready_answer": keep(
                ReadyAnswer(), by=people["staff"].acting, **READY | {"name": "kept"}
            ).pk,
            "channel": channel.pk,
            "bot": bot.pk,
            "mailbox": mailbox.pk,
            "lost": lost.pk,
            "envelope": Envelope.objects.first().pk,
            "user": people["outsider"].user.pk,
            "led": people["asked"].employee.pk,
            "absence": Absence.objects.get().pk,
            "message": waiting.messages.earliest("pk").pk,
            "hook": channel.token,
            "door": bot.token,
            "chat": chat.token,
        },
    }


def _contacts(conversation, people):
    """The customer, who may be another one as well; one who was merged, one who is to be erased."""
    identity, now = conversation.identity, timezone.now()
    known = {}
    for name in ("twin", "merged", "leaving"):
        known[name] = Contact.objects.create(name="Q. Uillon", occurred_at=now)
        Identity.objects.create(contact=known[name], kind="email", handle=f"{name}@a.example")
        note_units([(known[name].pk, conversation.unit_id)])
    one, other = sorted((identity.contact_id, known["twin"].pk))
    pair = Duplicate.objects.create(one_id=one, other_id=other, evidence=["account"], found_at=now)
    people["root"].user.refresh_from_db()  # a superuser by now
    staff, root = people["staff"].acting, people["root"].acting
    merge(known["leaving"], known["merged"], choices={}, by=staff)
    export = exporting.ask(known["leaving"], by=staff)
    erasure = erasures.ask(known["leaving"], ground="asked", by=root)
    return {
        "contact": identity.contact_id,
        "address": identity.pk,
        "twin": known["twin"].pk,
        "pair": pair.pk,
        "merged": known["merged"].pk,
        "export": export.pk,
        "erasure": erasure.pk,
    }


def _articles(writer, colleague):
    """Written by the staff, read by the assignee, who also found something wrong."""
    made = {
        name: write_article(f"Parcels {name}", text="By post.", by=writer.acting)
        for name in ("article", "written", "handed_in", "retired")
    }
    for name in ("article", "handed_in", "retired"):
        submit(made[name], by=writer.acting)
    for name in ("article", "retired"):
        approve(made[name], number=1, by=colleague.acting)
    retire(made["retired"], by=writer.acting)
    wrong = flag(made["article"], text="By bike.", by=colleague.acting)
    return {name: article.pk for name, article in made.items()} | {"flag": wrong.pk}


def _shared(executive):
    asked = Asked(timezone.localdate(), PastReading.CORRECTED, None)
    return share_page(asked, unit=None, days=9, by=executive.acting)


def _exempted(somebody):
    """Asked for by another executive than the one who comes."""
    words = {"reason": "One portal by contract.", "until": timezone.localdate()}
    return Exemption.objects.create(criterion="S5-NET-1", stage=5, asked_by=somebody.user, **words)


def _app():
    made = App(name="Pocket", type="public", redirect_uris="https://app.example/back")
    made.set_scopes(["offers"])
    save_client(made, by=AUTOMATION)
    return made


def _inside(conversation, circle, staff, colleague):
    """What was asked inside for the conversation and answered there, and an idea born of it."""
    asked = {"community": circle, "title": "Soles", "text": "Which?"}
    trip = round_trips.ask_inside(conversation, by=staff.acting, **asked)
    post = write_post(trip.post, text="This one.", by=colleague.acting)
    idea = note_insight(conversation, text=SECRET, owner=staff.employee, by=staff.acting)
    return {
        "ids": {"trip": trip.pk, "insight": idea.pk},
        "bodies": {
            "answer": {"answer": str(post.pk), "text": "This one."},
            "insight": {"conversation": str(conversation.pk), "text": "Sell it."},
        },
    }


def _ready_answer(person):
    return keep(ReadyAnswer(), by=person.acting, **READY | {"name": "kept"})


def _staff_of(unit, department):
    person = house.somebody(department, name="Staff")
    RoleGrant.objects.create(user=person.user, role=Role.STAFF, unit=unit)
    User.objects.filter(pk=person.user.pk).update(is_staff=True)
    return person


def _held(conversation, people):
    """An answer of the assignee that waits for the staff."""
    assignee, staff = people["assignee"], people["staff"]
    role = NamedRole.objects.create(name="Mentors")
    Ladder.objects.create(unit=conversation.unit, role=role)
    Course.objects.create(name="Tone")
    vouch(assignee.employee, trusted=False, by=staff.acting)
    rule = EscalationRule.objects.create(name="Accidents", role=role, keywords=["accident"])
    held = reply(conversation, text="Soon.", by=assignee.acting)
    ask(held, at=timezone.now())
    Escalation.objects.create(
        conversation=conversation,
        source=rule,
        occurred_at=held.occurred_at,
        approved_at=timezone.now(),
    )
    return held


def _furnish_admin(people):
    """A row of each model that the admin shows and nothing above has made."""
    staff, asked, now = people["staff"], people["asked"], timezone.now()
    reply(Conversation.objects.earliest("pk"), text="an answer", by=staff.acting)
    Absence.objects.create(employee=asked.employee, starts_at=now, ends_at=now + timedelta(days=1))
    Topic.objects.create(name="parcels", keywords=["parcel"])
    calendar = save_calendar(Calendar(name="Office"), by=staff.acting)
    save_target(Target(name="Everybody", calendar=calendar, first_answer="4 h"), by=staff.acting)
    policy = Policy.objects.create(name="Tone", version="1", occurred_at=now)
    Acknowledgement.objects.create(
        policy=policy,
        policy_name="Tone",
        version="1",
        employee=asked.employee,
        session="s",
        occurred_at=now,
    )
    Training.objects.create(employee=asked.employee, course="Tone", occurred_at=now)
    Escalation.objects.create(conversation=Conversation.objects.earliest("pk"), occurred_at=now)


def _heard(unit, staff):
    """A place, a watch and a mention of the unit."""
    watch = begin_watch(name="Us", unit=unit, terms=["boots"], by=staff.acting)
    place = add_place(
        kind="feed", name="News", url="http://127.0.0.1:9/feed", unit=unit, by=staff.acting
    )
    said = Mentioned(external_id="1", text="The boots are fine", url="https://news.example/1")
    matcher = watches_of(place.source)
    take([said], source=place.source, matcher=matcher, takes_all=False, at=timezone.now())
    return {"watch": watch.pk, "place": place.pk, "mention": Mention.objects.get().pk}


def _plans(channel, author, other):
    """A publication in each of the states that the table asks about; the last two are out."""
    soon = timezone.now() + timedelta(days=4)
    said = {"text": "About https://brand.example/", "publish_at": soon, "count_clicks": True}
    said |= {"expected_metric": "likes", "expected_value": 5.0}
    made = [life.plan(channel, by=author.acting, **said) for _ in range(5)]
    for row in made[1:]:
        life.submit(row, by=author.acting)
    for row in made[2:]:
        life.approve(row, edition=1, by=other.acting)
    for row in made[3:]:
        life.confirm(row, by=author.acting)
    with_short_links(made[3])
    compare(made[4], value=6.0, by=author.acting)
    names = ("draft", "asked_for", "ready", "out", "compared")
    return dict(zip(names, (row.pk for row in made), strict=True)) | {
        "short": made[3].links.get().pk,
        "feed": make_feed(other.user, by=other.acting).rpartition("/")[2].removesuffix(".ics"),
    }
