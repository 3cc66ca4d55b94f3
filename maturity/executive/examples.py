"""What the API's document shows of this room."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_HEAD: dict[str, Any] = {
    "as_of": "2026-11-30",
    "reading": "corrected",
    "preview": False,
    "unit": None,
}
_STAGE = {
    "number": 3,
    "key": "coordinating",
    "provisional": False,
    "at_risk": False,
    "exempt": False,
}
_CRITERION = {
    "id": "S4-CAP-1",
    "dimension": "capitalisation",
    "gate": True,
    "outcome": "NOT_MET",
    "k": 37,
    "n": 255,
    "value": 0.145,
    "lower": 0.128,
    "upper": 0.165,
    "enter": 0.25,
    "stay": 0.18,
    "minimum": 100,
    "next_action": "Turn this month's five most frequent answers into articles.",
}
_UP = {
    "at": "2026-07-27",
    "from": 2,
    "to": 3,
    "causes": ["S3-LIS-1", "S3-CON-1", "S3-GOV-1", "S3-GOV-2", "S3-GOV-3", "S3-VAL-1"],
}


def _answer(name: str, value: Any, **more: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, **more)


STAND = _answer(
    "Where the company stands",
    _HEAD
    | {
        "model": {"version": "1", "sha256": "95f1946945f1a9dee4e98d6d4ead190f" * 2},
        "stage": _STAGE,
        "blocking": ["S4-CAP-1", "S4-GOV-1"],
        "gates": {"open": 4, "all": 6},
    },
)
CRITERIA = _answer("One of them", _HEAD | {"criteria": [_CRITERION]})
_JOINED = {"at": "2026-07-27", "units": [{"id": "north", "name": "Nord Vélo"}]}
TRANSITIONS = _answer("The last one", _HEAD | {"transitions": [_UP], "unit_changes": [_JOINED]})
EXEMPTIONS = _answer(
    "One that somebody else approved",
    _HEAD
    | {
        "exemptions": [
            {
                "criterion": "S4-CHA-1",
                "reason": "All of our customers write to one portal, by contract.",
                "until": "2027-03-31",
                "asked_at": "2026-11-02T09:00:00Z",
                "asked_by": "Inès Morel",
                "approved_at": "2026-11-03T08:30:00Z",
                "approved_by": "Paul Giraud",
            }
        ]
    },
)
EVIDENCE = _answer(
    "One you may open, one you may not",
    _HEAD
    | {
        "criterion": "S4-CAP-1",
        "withheld": False,
        "count": 255,
        "oldest": "2026-09-01T08:00:00Z",
        "newest": "2026-11-27T15:23:00Z",
        "sha256": "686d2cea2731eec57b851c847237b598" * 2,
        "records": [
            {
                "kind": "conversation",
                "at": "2026-11-27T15:23:00Z",
                "id": "01970000-0000-7000-8000-000000000002",
            },
            {"kind": "conversation", "at": "2026-11-27T15:20:00Z", "id": None},
        ],
        "weeks": [{"on": "2026-11-23", "k": 36, "n": 250, "value": 0.144}],
    },
)
SHIFTS = OpenApiExample(
    "A third of the answers reuse an article",
    value={"changes": [{"criterion": "S4-CAP-1", "k": 90, "conditions": True}]},
    request_only=True,
)
WHAT_IF = _answer(
    "Then a gate is left",
    _HEAD
    | {
        "now": 3,
        "without": {"number": 3, "transitions": [], "blocking": ["S4-CAP-1", "S4-GOV-1"]},
        "then": {"number": 3, "transitions": [], "blocking": ["S4-GOV-1"]},
        "criteria": [
            {
                "id": "S4-CAP-1",
                "outcome": "MET",
                "k": 90,
                "n": 255,
                "value": 0.353,
                "lower": 0.328,
                "upper": 0.379,
                "enter": 0.25,
                "stay": 0.18,
            }
        ],
    },
)
_LINE: dict[str, Any] = {
    "as_of": "2026-11-30",
    "reading": "corrected",
    "unit": None,
    "unit_name": "Atelier",
    "stage": 3,
    "stage_key": "coordinating",
    "criterion": "S4-CAP-1",
    "name": "Knowledge reused",
    "dimension": "capitalisation",
    "of_stage": 4,
    "gate": True,
    "outcome": "NOT_MET",
    "open": False,
    "k": 37,
    "n": 255,
    "value": 0.145,
    "lower": 0.128,
    "upper": 0.165,
    "enter": 0.25,
    "stay": 0.18,
    "minimum": 100,
    "withheld": False,
}
EXPORT = _answer("A line", {"lines": [_LINE]}, media_type="application/json")
CSV = OpenApiExample(
    "The header and a line",
    value="as_of,reading,unit,unit_name,stage,...\r\n2026-11-30,corrected,,Atelier,3,...\r\n",
)
GAUGES = OpenApiExample(
    "Two gauges",
    value='relais_maturity_stage{unit=""} 3.0\n'
    'relais_maturity_criterion_value{unit="",criterion="S3-CON-1"} 0.74\n',
)
_NEXT = "3c7f0a55" * 8
NEXT_MODEL = _answer(
    "One gate would be harder",
    _HEAD
    | {
        "in_force": {"version": "1", "sha256": "95f1946945f1cafe" * 4},
        "next": {"version": "2", "sha256": _NEXT},
        "in_shadow_since": "2026-11-02T02:10:00Z",
        "may_be_adopted_from": "2026-11-30",
        "stages": [
            {
                "unit": None,
                "now": {"number": 3, "key": "coordinating"},
                "then": {"number": 2, "key": "testing"},
            }
        ],
        "criteria": [
            {
                "id": "S3-CON-1",
                "now": {"outcome": "MET", "enter": 0.5, "stay": 0.4, "minimum": 40},
                "then": {"outcome": "NOT_MET", "enter": 0.9, "stay": 0.8, "minimum": 40},
            }
        ],
    },
)
ADOPT = OpenApiExample("The version that was looked at", value={"sha256": _NEXT}, request_only=True)
ADOPTED = _answer("From a Monday on", {"version": "2", "sha256": _NEXT, "since": "2026-12-07"})
