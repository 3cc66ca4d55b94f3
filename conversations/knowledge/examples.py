"""What the API's document shows of this room, besides `config/examples.py`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample


def _asked(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


CHANGE = _asked("Another title", {"title": "When parcels come", "visibility": "public"})
PROPOSE = _asked("What changed", {"text": "They come by post, within two days."})
APPROVE = _asked("What was read", {"number": 2})
SEND_BACK = _asked("What is missing", {"number": 2, "comment": "Which countries?"})
FLAG = _asked("What is wrong", {"text": "It takes two days by now."})
WRITTEN = _asked("While writing", {"title": "Parcels", "text": "They come by post."})
