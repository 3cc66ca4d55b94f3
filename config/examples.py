"""Examples of the API's bodies by component, for those whose room names none of its own.

`config.schema.complete` adds them to the document; a test holds them against its schemas.
"""

from __future__ import annotations

from typing import Any

ADA = {"id": "01970000-0000-7000-8000-000000000001", "name": "Ada"}
CONVERSATION = "01970000-0000-7000-8000-000000000002"
CHANNEL = "01970000-0000-7000-8000-000000000003"
ARTICLE = "01970000-0000-7000-8000-000000000004"
CONTACT = "01970000-0000-7000-8000-000000000005"
MESSAGE = "01970000-0000-7000-8000-000000000006"
NINE = "2027-03-01T09:00:00Z"
LATER = "2027-03-01T09:12:00Z"
_STAGE = {
    "number": 2,
    "key": "presence",
    "provisional": False,
    "at_risk": False,
    "exempt": False,
}
_CRITERION = {
    "id": "S3-CON-1",
    "dimension": "conversation",
    "gate": True,
    "outcome": "NOT_MET",
    "k": 21,
    "n": 60,
    "value": 0.35,
    "lower": 0.24,
    "upper": 0.48,
    "enter": 0.5,
    "stay": 0.4,
    "minimum": 40,
    "next_action": "Set a service level on each channel and look every morning at what is due.",
}

CONVERSATION_WORDS = {
    "id": CONVERSATION,
    "channel": CHANNEL,
    "status": "open",
    "contact": {"id": CONTACT, "name": "Berta", "handle": "berta"},
    "assignee": ADA,
    "subject": "",
    "priority": "normal",
    "sla": None,
    "is_drill": False,
    "waiting_since": NINE,
    "updated_at": LATER,
}

READY = {
    "name": "thanks",
    "text": "Dear {{first_name}}, order {{order number}} left today. {{agent}}",
    "language": "en",
    "unit": None,
    "shared": True,
}

EXAMPLES: dict[str, Any] = {
    "ArticleWords": {
        "id": ARTICLE,
        "title": "Parcels",
        "text": "They come by post, within three days.",
        "language": "en",
        "tags": ["delivery"],
        "visibility": "public",
        "unit": None,
        "state": "published",
        "version": 2,
        "waiting": None,
        "comment": "",
        "author": ADA,
        "owner": ADA,
        "conversation": CONVERSATION,
        "uses": 4,
        "flags": 0,
        "created_at": NINE,
        "published_at": LATER,
        "review_on": "2028-02-29",
        "updated_at": LATER,
    },
    "ReadyAnswerWords": READY | {"id": ARTICLE, "owner": ADA, "active": True},
    "NewReadyAnswerRequest": READY,
    "PatchedChangedReadyAnswerRequest": {"active": False},
    "OfferedPage": {
        "next": None,
        "previous": None,
        "results": [
            {
                "id": ARTICLE,
                "name": "thanks",
                "language": "en",
                "text": "Dear Berta, order {{order number}} left today. Ada",
                "missing": ["order number"],
            }
        ],
    },
    "VersionWords": {
        "id": "01970000-0000-7000-8000-000000000009",
        "number": 2,
        "by": ADA,
        "title": "Parcels",
        "text": "They come by post, within three days.",
        "language": "en",
        "tags": ["delivery"],
        "visibility": "public",
        "outcome": "published",
        "comment": "",
        "submitted_at": NINE,
        "decided_by": {"id": "01970000-0000-7000-8000-000000000010", "name": "Ben"},
        "decided_at": LATER,
    },
    "FlagWords": {
        "id": "01970000-0000-7000-8000-000000000011",
        "by": ADA,
        "text": "It takes two days by now.",
        "outcome": "",
        "flagged_at": NINE,
        "closed_at": None,
    },
    "DuplicatePage": {
        "next": None,
        "previous": None,
        "results": [{"id": ARTICLE, "title": "Parcels", "state": "published", "percent": 74}],
    },
    "NewArticleRequest": {
        "title": "Parcels",
        "text": "They come by post, within three days.",
        "language": "en",
        "tags": ["delivery"],
        "conversation": CONVERSATION,
    },
    "ChannelWords": {
        "id": CHANNEL,
        "kind": "webhook",
        "name": "Shop",
        "unit": "brand-a",
        "address": "",
        "owned": True,
        "url": "https://crm.example/hooks/UfZFPnzArnga18pX5MGNgsAG7yylygbY/",
        "callback_url": "https://shop.example/answers",
        "paused": False,
        "reopen_days": 14,
        "keep_days": None,
        "closed_at": None,
    },
    "PatchedChannelChangeRequest": {"paused": True},
    "PatchedChangedCommunityRequest": {"purpose": "How we answer about glue"},
    "ConversationWords": CONVERSATION_WORDS,
    "ConversationWithTerms": {
        **CONVERSATION_WORDS,
        "answering": {
            "why_not": "",
            "is_public": True,
            "replaces": False,
            "window_until": None,
            "longest": 500,
            "files": {
                "most": 4,
                "largest": 16_000_000,
                "together": 64_000_000,
                "types": {"image/*": 16_000_000},
            },
        },
    },
    "AssignedRequest": {"employee": ADA["id"]},
    "UntilRequest": {"until": "2027-03-02T08:00:00+01:00"},
    "MessageWords": {
        "id": MESSAGE,
        "external_id": "",
        "direction": "out",
        "kind": "reply",
        "author": {**ADA, "type": "employee"},
        "text": "It comes tomorrow.",
        "attachments": [],
        "received_at": LATER,
        "sent_at": None,
        "edited_at": None,
        "deleted_at": None,
        "delivery": {"state": "queued", "cause": "", "trouble": ""},
    },
    "NewMessageRequest": {"text": "It comes tomorrow.", "kind": "reply", "articles": [ARTICLE]},
    "EnvelopeWords": {
        "id": "01970000-0000-7000-8000-000000000007",
        "channel": CHANNEL,
        "state": "failed",
        "reason": "no sender",
        "messages": [],
        "received_at": NINE,
    },
    "Appraisal": {
        "as_of": "2027-03-01",
        "reading": "corrected",
        "preview": False,
        "model": {"version": "1", "sha256": "95f1946945f1a9dee4e98d6d4ead190f" * 2},
        "stage": _STAGE,
        "blocking": ["S3-CON-1"],
        "criteria": [_CRITERION],
        "transitions": [],
        "units": [],
    },
    "MeWords": {
        "id": 2,
        "email": "ada@company.example",
        "name": "Ada",
        "language": "fr",
        "roles": [{"role": "ambassador", "unit": None}],
        "employee": {**ADA, "department": "Workshop", "unit": "brand-a"},
        "capacity": {
            "open_now": 1,
            "most_open": 3,
            "accepted_this_week": 4,
            "most_weekly": 10,
            "minutes_this_week": 40,
            "minutes_weekly": 60,
        },
    },
    "SuggestionPage": {
        "next": None,
        "previous": None,
        "results": [
            {
                "id": ARTICLE,
                "title": "Parcels",
                "text": "They come by post, within three days.",
                "language": "en",
            }
        ],
    },
    "CorrectionWords": {
        "id": "01970000-0000-7000-8000-000000000008",
        "message": MESSAGE,
        "kind": "corrected",
        "occurred_at": LATER,
    },
    "AvailabilityWords": {
        "active": True,
        "timezone": "Europe/Paris",
        "hours": [{"day": 0, "from": "09:00", "to": "12:00"}],
        "absences": [],
        "topics": ["delivery"],
        "languages": ["fr", "en"],
        "most_open": 3,
        "most_weekly": 10,
        "minutes_weekly": 60,
        "levels": {"delivery": 2},
    },
    "PatchedAvailabilityWordsRequest": {
        "hours": [{"day": 0, "from": "09:00", "to": "12:00"}],
        "most_open": 2,
    },
}


def example_of(component: str) -> Any:
    """None where there is none. A page is made of the example of its row."""
    row = component.removeprefix("Paginated").removesuffix("List")
    if row != component and row in EXAMPLES:
        return {"next": None, "previous": None, "results": [EXAMPLES[row]]}
    return EXAMPLES.get(component)
