"""HTML without a parser tree: tags in one pass, for the text of a mail and for its depth.

The standard HTMLParser and a real tree builder are both quadratic on hostile input.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from conversations.channels.wire.email.headers import clean

# Angle brackets bound every alternative, so that each character is looked at a few times at most.
NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:-]{0,40}")
HREF = re.compile(r"""\bhref\s{0,9}=\s{0,9}["']?(https?://[^"'<>\s]{1,2000})""", re.IGNORECASE)
BLANKS = re.compile(r"[^\S\n]+")
VOID_NAMES = "area base br col embed hr img input link meta param source track wbr !doctype"
BREAK_NAMES = (
    "address article aside blockquote br center dd div dl dt fieldset figure footer form h1 h2 h3"
    " h4 h5 h6 header hr li main nav ol p pre section table title tr ul"
)
PARAGRAPH_NAMES = "h1 h2 h3 h4 h5 h6 ol p table ul"
VOID = frozenset(VOID_NAMES.split()) | {""}  # a comment
BREAKS = frozenset(BREAK_NAMES.split())
PARAGRAPHS = frozenset(PARAGRAPH_NAMES.split())
HIDDEN = frozenset({"script", "style", "title", "template"})
CLOSED_BY_NEXT = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option"})
LAST_TAG_CHARS = 20_000


def tags(markup: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, name in lower case with its leading slash) of each tag; comments are ""."""
    at = markup.find("<")
    while at >= 0:
        if markup.startswith("<!--", at):
            end = markup.find("-->", at + 4)
            end = len(markup) if end < 0 else end + 3
            yield at, end, ""
        else:
            found = NAME.match(markup, at + 1)
            end = at + 1
            if found:
                end = markup.find(">", at) + 1 or len(markup)
                yield at, end, found[0].lower()
        at = markup.find("<", end)


def is_within(markup: str, *, tags_at_most: int, depth_at_most: int) -> bool:
    """Whether a tree of this HTML stays small. The depth is rather over- than underestimated:
    only an end tag that closes the innermost element counts as closing one."""
    stack: list[str] = []
    for number, (_, _, name) in enumerate(tags(markup)):
        if number >= tags_at_most or len(stack) > depth_at_most:
            return False
        if name.startswith("/"):
            if stack and stack[-1] == name[1:]:
                stack.pop()
        elif not (name in VOID or (name in CLOSED_BY_NEXT and stack[-1:] == [name])):
            stack.append(name)
    return True


def text_of(markup: str) -> str:
    """What a reader sees of the HTML as plain text; links keep their address."""
    lines = "".join(_pieces(markup)).split("\n")
    stripped = [BLANKS.sub(" ", line).strip() for line in lines]
    kept = [
        line
        for number, line in enumerate(stripped)
        if line or (number and stripped[number - 1])  # at most one empty line in a row
    ]
    return clean("\n".join(kept).strip())


def _pieces(markup: str) -> Iterator[str]:
    end, hidden, href = 0, "", ""
    for start, after, name in tags(markup):
        if not hidden:
            yield _unescaped(markup[end:start])
        end = after
        bare = name.lstrip("/")
        if hidden:
            hidden = "" if name == f"/{hidden}" else hidden
        elif bare in HIDDEN and not name.startswith("/"):
            hidden = bare
        elif bare in BREAKS:
            yield "\n\n" if bare in PARAGRAPHS else "\n"
        elif bare == "a":
            href, shown = _link(markup[start : min(after, start + LAST_TAG_CHARS)], href, name)
            yield shown
    if not hidden:
        yield _unescaped(markup[end:])


def _link(tag: str, href: str, name: str) -> tuple[str, str]:
    """(the address that is open after this tag, what to write here)."""
    if name == "a":
        found = HREF.search(tag)
        return (found[1] if found else ""), ""
    return "", f" <{html.unescape(href)}>" if href else ""


def _unescaped(text: str) -> str:
    flat = text.replace("\r", " ").replace("\n", " ")
    try:
        return html.unescape(flat)
    except ValueError:  # a character reference of thousands of digits
        return flat
