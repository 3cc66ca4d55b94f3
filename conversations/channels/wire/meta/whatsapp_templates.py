"""Templates as the Graph API lists and takes them
(developers.facebook.com/docs/whatsapp/business-management-api/message-templates)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conversations.channels.wire.templates import BLANK, Template
from conversations.channels.wire.values import each, inside, text

FIELDS = "name,language,status,parameter_format,components"
PAGE = "200"
MOST_PAGES = 10


def usable(page: Mapping[str, Any]) -> Iterator[Template]:
    """The approved ones whose blanks are all in their text: a picture above, or a button with a
    blank of its own, can't be filled in from here."""
    for one in each(page, "data"):
        if text(one, "status") == "APPROVED" and (found := _read(one)) is not None:
            yield found


def _read(one: Mapping[str, Any]) -> Template | None:
    parts = {text(part, "type").upper(): part for part in each(one, "components")}
    body, above = text(parts.get("BODY", {}), "text"), parts.get("HEADER", {})
    if above and text(above, "format").upper() != "TEXT":
        return None
    fixed = (text(above, "text"), text(parts.get("FOOTER", {}), "text"))
    buttons = [text(each_, "url") for each_ in each(parts.get("BUTTONS", {}), "buttons")]
    asks_elsewhere = any(BLANK.search(words) for words in (*fixed, *buttons))
    if not body or asks_elsewhere or not text(one, "name"):
        return None
    return Template(text(one, "name"), text(one, "language"), body, above=fixed[0], below=fixed[1])


def following(page: Mapping[str, Any]) -> str:
    """The cursor of the next page, "" on the last."""
    paging = inside(page, "paging")
    return text(inside(paging, "cursors"), "after") if text(paging, "next") else ""


def spoken(template: tuple[str, str], blanks: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    """As /messages takes it. Blanks that have names say them, numbered ones stand in order."""
    name, language = template
    said: dict[str, Any] = {"name": name, "language": {"code": language}}
    if blanks:
        values = [_value(blank, words) for blank, words in blanks]
        said["components"] = [{"type": "body", "parameters": values}]
    return {"type": "template", "template": said}


def _value(blank: str, words: str) -> dict[str, str]:
    named = {} if blank.isdigit() else {"parameter_name": blank}
    return {"type": "text", **named, "text": words}
