"""Examples in the API's document: endpoints of one's own, and what they are sent."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ID = "01970000-0000-7000-8000-000000000003"
_ENDPOINT: dict[str, Any] = {
    "id": _ID,
    "url": "https://ada.example.org/relais",
    "events": ["offer.made", "message.received"],
    "active": True,
    "failures": 0,
    "disabled_at": None,
    "created_at": "2027-03-01T09:00:00Z",
}

ENDPOINT = OpenApiExample("an endpoint", value=_ENDPOINT, response_only=True)
ENDPOINT_WITH_SECRET = OpenApiExample(
    "the secret is shown once",
    value={**_ENDPOINT, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    response_only=True,
)
NEW_ENDPOINT = OpenApiExample(
    "offers and messages",
    value={"url": _ENDPOINT["url"], "events": _ENDPOINT["events"]},
    request_only=True,
)
SWITCHED_ON = OpenApiExample("try again", value={"active": True}, request_only=True)
SAID = OpenApiExample(
    "an offer",
    value={
        "event": "offer.made",
        "id": "4711",
        "data": '{"type":"offer.made","timestamp":"2027-03-01T09:00:00+00:00","data":'
        '{"conversation":"01970000-0000-7000-8000-000000000001",'
        '"offer":"01970000-0000-7000-8000-000000000002"}}',
    },
)
