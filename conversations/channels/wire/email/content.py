"""What a mail says and brings along: text, HTML, files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversations.channels.wire.contract import File
from conversations.channels.wire.email import markup
from conversations.channels.wire.email.headers import charset_text, clean, decoded, parameters
from conversations.channels.wire.email.limits import (
    FILE_NAME_CHARS,
    FILES,
    HTML_CHARS,
    TEXT_CHARS,
    Budget,
)
from conversations.channels.wire.email.structure import Part

# Right-to-left and other invisible marks make "exe.pdf" of "fdp.exe".
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ufffd]')
ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "image/jpeg": ".jpg",
}


@dataclass(slots=True)
class Content:
    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def safe_name(name: str, kind: str = "", number: int = 1) -> str:
    """A file's name without path, control or invisible characters, short, never empty."""
    bare = INVISIBLE.sub("", clean(name[: FILE_NAME_CHARS * 8]))
    bare = UNSAFE.sub("_", re.split(r"[/\\]", bare)[-1]).strip(" .")
    if not bare:
        ending = ENDINGS.get(kind) or f".{re.sub('[^a-z0-9]', '', kind.partition('/')[2]) or 'bin'}"
        return f"attachment-{number}{ending[:20]}"
    stem, dot, ending = bare.rpartition(".")
    if len(bare) > FILE_NAME_CHARS and dot and len(ending) <= 10:
        return f"{stem[: FILE_NAME_CHARS - len(ending) - 1]}.{ending}"
    return bare[:FILE_NAME_CHARS]


def read(root: Part, budget: Budget) -> Content:
    """Text, HTML and files of the whole tree; the text is made from the HTML where there is none.

    Raises TooCostly.
    """
    content = Content()
    text, html = _Walk(content, budget).read(root)
    text = text.strip("\n")
    content.text = _cut(text or markup.text_of(html[:HTML_CHARS]), TEXT_CHARS, "text", content)
    content.html = _cut(html, HTML_CHARS, "HTML", content)
    return content


def _cut(text: str, size: int, what: str, content: Content) -> str:
    if len(text) > size:
        content.notes.append(f"The {what} was cut at {size} characters.")
    return text[:size]


class _Walk:
    """Depth first, in order; `read` answers (text, html) of one part and keeps files aside."""

    def __init__(self, content: Content, budget: Budget) -> None:
        self._content = content
        self._budget = budget
        self._chars_left = HTML_CHARS

    def read(self, part: Part) -> tuple[str, str]:
        self._budget.check()
        if part.kind.startswith("multipart/") and part.children:
            return self._several(part)
        if part.kind in {"text/plain", "text/html"} and not _is_file(part):
            return _body(part)
        if part.kind.startswith("multipart/"):  # its boundary never came
            return _body(part)
        self._keep(part)
        return "", ""

    def _several(self, part: Part) -> tuple[str, str]:
        read = [self.read(child) for child in part.children]
        texts = [text for text, _ in read if text.strip()]
        htmls = [html for _, html in read if html.strip()]
        if part.kind == "multipart/alternative":
            return next(iter(texts), ""), htmls[-1] if htmls else ""
        if texts:
            texts = [text or self._as_text(html) for text, html in read]
        return "\n\n".join(filter(None, texts)), "\n".join(htmls)

    def _as_text(self, html: str) -> str:
        some = html[: self._chars_left]
        self._chars_left -= len(some)
        return markup.text_of(some)

    def _keep(self, part: Part) -> None:
        files = self._content.files
        if len(files) >= FILES:
            if len(files) == FILES and not any("files" in note for note in self._content.notes):
                self._content.notes.append(f"Only the first {FILES} files were kept.")
            return
        data = part.content()
        kind, name = part.kind, file_name(part)
        if part.children:  # a message, or the fields of a report
            kind, data, name = "message/rfc822", _flat(part), _message_name(part, name)
        files.append(File(safe_name(name, kind, len(files) + 1), kind, data, _content_id(part)))


def _body(part: Part) -> tuple[str, str]:
    charset = parameters(part.field("content-type")).get("charset", "")
    text = clean(charset_text(part.content(), charset).replace("\r\n", "\n").replace("\r", "\n"))
    return ("", text) if part.kind == "text/html" else (text, "")


def _is_file(part: Part) -> bool:
    disposition = part.field("content-disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or bool(file_name(part))


def file_name(part: Part) -> str:
    named = parameters(part.field("content-disposition")).get("filename", "")
    return named or parameters(part.field("content-type")).get("name", "")


def _content_id(part: Part) -> str:
    return clean(decoded(part.field("content-id"))).strip().strip("<>")[:200]


def _message_name(part: Part, name: str) -> str:
    stem = name or decoded(part.children[0].field("subject")) or "message"
    return stem if stem.lower().endswith(".eml") else f"{stem[: FILE_NAME_CHARS - 4]}.eml"


def _flat(part: Part) -> bytes:
    """The enclosed messages as bytes again (the parser keeps no offsets)."""
    text = "\n".join("".join(_written(child)) for child in part.children)
    return text.encode("ascii", "surrogateescape")


def _written(part: Part) -> Iterator[str]:
    """As it came, but for line ends; the library's generator refuses what real mail holds."""
    for name, value in part.raw_items():
        yield f"{name}: {value}\n"
    yield "\n"
    yield part.preamble or ""
    boundary = parameters(part.field("content-type")).get("boundary", "")
    is_multipart = part.kind.startswith("multipart/")
    for child in part.children:
        yield f"\n--{boundary}\n" if is_multipart else ""
        yield from _written(child)
    yield f"\n--{boundary}--\n" if is_multipart and part.children else part.own_text()
    yield part.epilogue or ""
