"""An article's text as HTML: paragraphs, headings, lists, **bold**, *italic*, `code`, links.

Everything is escaped first and only these marks become tags, each line by itself, in one pass;
then a sanitiser that knows nothing of this takes out whatever should not be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

import nh3
from django.utils.safestring import SafeString, mark_safe

LONGEST_LINE = 4_000  # characters in which marks are looked for
_HEADING = re.compile(r"(#{1,4}) +(.+)")
_ITEM = re.compile(r"[-*•] +(.+)")
_NUMBERED = re.compile(r"\d{1,3}[.)] +(.+)")
_CODE = re.compile(r"`([^`]{1,300})`")
_BOLD = re.compile(r"\*\*([^*]{1,1000})\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*([^*\s][^*]{0,1000})\*(?![\w*])")
_URL = r"(?:(?!&(?:quot|lt|gt|#x27);)[^\s<>()\"'])"  # of a text that is escaped already
_LINK = re.compile(rf"\[([^\[\]]{{1,300}})\]\(((?:https?://|mailto:){_URL}{{1,1000}})\)")
_BARE = re.compile(rf"(?<![\"'>=\w/])(https?://{_URL}{{1,1000}}(?<![.,;:!?]))")
_TAGS = {"p", "br", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "code", "a"}


def as_html(text: str) -> SafeString:
    html = "\n".join(_blocks(text.replace("\r\n", "\n").split("\n")))
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )
    return mark_safe(clean)  # noqa: S308 - escaped above, then cleaned


def _blocks(lines: list[str]) -> Iterator[str]:
    """One tag of a block after the other; lines of one kind that follow each other are one."""
    for kind, some in groupby(map(_kind, map(str.strip, lines)), key=lambda line: line[0]):
        words = [_inline(line[1]) for line in some]
        if kind in ("ul", "ol"):
            yield f"<{kind}>" + "".join(f"<li>{item}</li>" for item in words) + f"</{kind}>"
        elif kind == "p":
            yield "<p>" + "<br>".join(words) + "</p>"
        elif kind:
            yield "".join(f"<{kind}>{heading}</{kind}>" for heading in words)


def _kind(line: str) -> tuple[str, str]:
    """What a line is, "" for an empty one, and its words without the mark."""
    for kind, pattern in (("ul", _ITEM), ("ol", _NUMBERED)):
        if match := pattern.fullmatch(line):
            return kind, match[1]
    if match := _HEADING.fullmatch(line):
        return f"h{max(2, min(4, len(match[1])))}", match[2]
    return ("p", line) if line else ("", "")


def _inline(line: str) -> str:
    if len(line) > LONGEST_LINE:
        return escape(line)
    pieces = _CODE.split(line)  # every second one stood between backquotes
    return "".join(
        f"<code>{escape(piece)}</code>" if number % 2 else _marked(escape(piece))
        for number, piece in enumerate(pieces)
    )


def _marked(text: str) -> str:
    text = _LINK.sub(r'<a href="\2">\1</a>', text)
    text = _BARE.sub(r'<a href="\1">\1</a>', text)
    text = _BOLD.sub(r"<strong>\1</strong>", text)
    return _ITALIC.sub(r"<em>\1</em>", text)


def as_plain(text: str, *, longest: int = 160) -> str:
    """The beginning of it, without marks, for lists and search engines."""
    marks = r"^\s*[-+]\s|[#*`>\[\]]|\((?:https?|mailto)[^)]{0,1000}\)"
    words = re.sub(marks, "", text[: longest * 4], flags=re.MULTILINE)
    plain = " ".join(words.split())
    return plain if len(plain) <= longest else f"{plain[:longest].rpartition(' ')[0]}…"
