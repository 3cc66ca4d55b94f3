"""What the API's document shows of this room."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ID = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0c{:04d}"
_AT = "2026-11-24T09:30:00Z"


def _example(name: str, value: dict[str, Any], *, asked: bool = False) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=asked, response_only=not asked)


APPROVAL = _example(
    "An answer that waits",
    {
        "id": _ID.format(1),
        "conversation": _ID.format(2),
        "author": {"id": _ID.format(3), "name": "Ada"},
        "text": "Send them back, we mend them.",
        "attachments": [
            {
                "name": "label.pdf",
                "type": "application/pdf",
                "size": 48_211,
                "url": "https://relais.example/files/0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0009/",
                "state": "here",
                "cause": "",
            }
        ],
        "state": "held",
        "turn": "asked",
        "written_at": _AT,
        "question": "My boots leak. What can I do?",
        "newest": None,
        "steps": [
            {"kind": "asked", "by": None, "comment": "", "text": "", "occurred_at": _AT},
        ],
    },
)
APPROVE = _example("In other words", {"text": "Send them back: we mend them for free."}, asked=True)
SEND_BACK = _example("What is missing", {"comment": "Say how long it takes."}, asked=True)
REWRITE = _example("Anew", {"text": "Send them back, we mend them in a week."}, asked=True)
CORRECTION = _example("It was wrong", {"kind": "corrected"}, asked=True)
TRUST = _example(
    "Three answers more",
    {
        "ladder": True,
        "trusted": False,
        "points": 2,
        "threshold": 5,
        "correction_cost": 2,
        "withdrawal_cost": 4,
        "lines": [{"at": _AT, "what": "approved", "change": 1, "points": 2}],
    },
)
ESCALATION = _example(
    "Somebody was hurt",
    {
        "id": _ID.format(5),
        "conversation": _ID.format(2),
        "rule": "Accidents",
        "role": "Legal",
        "occurred_at": _AT,
        "reached_at": None,
        "approved_at": None,
        "reply": None,
        "drill": False,
    },
)
_POLICY: dict[str, Any] = {
    "id": _ID.format(4),
    "name": "How we answer",
    "version": "2",
    "text": "Answer as yourself. Never promise what you can't keep.",
    "published_at": _AT,
    "in_force_at": _AT,
    "is_read": False,
    "due_at": "2026-12-08T09:30:00Z",
    "suspends": False,
}
POLICY = _example("Read", _POLICY | {"is_read": True})
POLICIES = _example("One to read", {"next": None, "previous": None, "results": [_POLICY]})
_TAKEN = {"course": "How we answer", "taken_at": _AT, "expires_at": "2027-11-24T09:30:00Z"}
TRAININGS = _example("One", {"next": None, "previous": None, "results": [_TAKEN]})
_RULE = {"id": 7, "name": "Accidents", "role": "Legal", "unit": None, "active": True}
RULES = _example("One", {"next": None, "previous": None, "results": [_RULE]})
DRILL = _example(
    "A stove", {"unit": _ID.format(6), "text": "Your stove burnt the tent."}, asked=True
)
DRILLED = _example("On its way", {"thread": "7.0199f3a2-7c1e-7b44-9d5c-3f2a1b0c0008"})
