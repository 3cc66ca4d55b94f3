"""Examples in the API's document: offers, reasons, one's own figures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_OFFER: dict[str, Any] = {
    "id": "01970000-0000-7000-8000-000000000002",
    "conversation": "01970000-0000-7000-8000-000000000001",
    "state": "open",
    "score": 4.25,
    "expires_at": "2027-03-01T10:00:00Z",
}

OFFER = OpenApiExample("an open offer", value=_OFFER, response_only=True)
ACCEPTED = OpenApiExample("accepted", value={**_OFFER, "state": "accepted"}, response_only=True)
DECLINED = OpenApiExample("declined", value={**_OFFER, "state": "declined"}, response_only=True)
NOT_MY_TOPIC = OpenApiExample(
    "not my topic", value={"reason": "not_my_topic", "comment": "Ask Bea."}, request_only=True
)
ABSENT = OpenApiExample(
    "away until Monday",
    value={"reason": "absent", "absent_until": "2027-03-08T08:00:00+01:00"},
    request_only=True,
)
REASONS = OpenApiExample(
    "the list",
    value={
        "results": [
            {"code": "no_time", "name": "No time", "proposes_absence": False},
            {"code": "absent", "name": "Absent", "proposes_absence": True},
        ]
    },
    response_only=True,
)
LED = OpenApiExample(
    "one of your people",
    value={
        "id": "01970000-0000-7000-8000-000000000003",
        "name": "Ada",
        "department": "Workshop",
    },
    response_only=True,
)
STATISTICS = OpenApiExample(
    "thirteen weeks",
    value={
        "since": "2027-01-04",
        "offers": 12,
        "accepted": 9,
        "declined": 2,
        "expired": 1,
        "taken_back": 0,
        "answers": 14,
        "conversations": 9,
        "minutes_to_answer": 18.5,
        "weeks": [{"monday": "2027-03-29", "offers": 2, "accepted": 2, "answers": 3}],
    },
    response_only=True,
)
