"""RSS 0.9 to 2.0 and Atom, read item by item in one pass, in linear time.

What is well formed up to some point is read up to there, so that a feed that is cut, endless or
broken in its middle loses nothing of what stood before. No entity is ever declared or fetched.
"""

from __future__ import annotations

import html
import html.entities
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin
from xml.parsers import expat

from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.email.headers import charset_text, clean
from conversations.channels.wire.email.markup import text_of

DEEPEST = 100
LONGEST_TEXT = 20_000  # characters of one item
LONGEST_MARKUP = 200_000
LONGEST_URL = 2_000
LONGEST_ID = 2_000
LONGEST_NAME = 200
ROOTS = {"rss", "RDF", "feed"}

_ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_RSS = (
    "",
    "http://purl.org/rss/1.0/",
    "http://backend.userland.com/rss2",
    "http://my.netscape.com/rdf/simple/0.9/",
)
_DC = "http://purl.org/dc/elements/1.1/"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
_SLASH = "http://purl.org/rss/1.0/modules/slash/"

# what a child of an item means here: (namespaces, local name) -> our word
_ROLES: dict[tuple[str, str], str] = {
    **{(ns, name): name for ns in (*_RSS, *_ATOM) for name in ("title", "link", "author")},
    **{(ns, "guid"): "id" for ns in _RSS},
    **{(ns, "description"): "summary" for ns in _RSS},
    **{(ns, "pubDate"): "date" for ns in _RSS},
    **{(ns, "id"): "id" for ns in _ATOM},
    **{(ns, name): name for ns in _ATOM for name in ("summary", "content")},
    **{(ns, name): "date" for ns in _ATOM for name in ("published", "issued")},
    **{(ns, name): "updated" for ns in _ATOM for name in ("updated", "modified")},
    (_DC, "creator"): "author",
    (_DC, "date"): "date",
    (_CONTENT, "encoded"): "content",
    (_SLASH, "comments"): "reach",
}
_UNUSED = "of an author, but not the name"
_MARKUP = {"summary", "content", "title"}
_BARE_AMPERSAND = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_NAMED = re.compile(r"&([a-zA-Z][a-zA-Z0-9]{1,30});")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CHARSET = re.compile(rb"""encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9._-]{1,40})["']""")
_KEPT_NAMES = {"amp", "lt", "gt", "quot", "apos"}


class NotAFeed(ValueError):
    """Why the bytes are no feed, in words for staff."""


@dataclass(slots=True)
class Feed:
    """broken: why it could not be read to its end, "" where it could."""

    items: list[Mentioned] = field(default_factory=list)
    title: str = ""
    broken: str = ""


def read(body: bytes, *, url: str, charset: str = "") -> Feed:
    """url: where it was found, for relative links. charset: what the server said.

    Raises NotAFeed for what is none at all.
    """
    if not body.strip():
        raise NotAFeed("empty")
    reader = _read(body, None, url)
    if reader.feed.broken and not reader.is_hostile:
        again = _read(_repaired(body, charset), "utf-8", url)
        if len(again.feed.items) >= len(reader.feed.items) and again.root in ROOTS:
            reader = again
    if reader.is_hostile and reader.root not in ROOTS:
        raise NotAFeed(reader.feed.broken)
    if reader.root not in ROOTS:
        raise NotAFeed(_what_else(reader.root, body, url))
    return reader.feed


def _what_else(root: str, body: bytes, url: str) -> str:
    start = body[:200_000].decode("utf-8", "replace")
    if root.lower() == "html" or "<html" in start[:5_000].lower():
        found = _feed_named_by(start)
        named = f"; its feed may be {urljoin(url, found)[:300]}" if found else ""
        return f"a web page, not a feed{named}"
    return "not XML" if not root else f"XML, but no feed ({root[:40]})"


def _feed_named_by(page: str) -> str:
    for tag in re.findall(r"<link\b[^<>]{0,2000}>", page, re.IGNORECASE):
        if "application/rss+xml" in tag or "application/atom+xml" in tag:
            href = re.search(
                r"""\bhref\s{0,9}=\s{0,9}["']([^"'<>\s]{1,1000})""", tag, re.IGNORECASE
            )
            if href:
                return html.unescape(href[1])
    return ""


def _read(body: bytes, encoding: str | None, url: str) -> _Reader:
    reader = _Reader(encoding, url)
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError as error:
        reader.feed.broken = (
            f"not well formed: {expat.ErrorString(error.code)}, line {error.lineno}"
        )
    except (_Hostile, LookupError, ValueError) as error:  # also a charset nobody knows
        reader.is_hostile = isinstance(error, _Hostile)
        reader.feed.broken = str(error)
    return reader


def _repaired(body: bytes, charset: str) -> bytes:
    """What half the world writes by hand: bare ampersands, HTML's names, a wrong charset."""
    declared = _CHARSET.search(body[:300])
    text = charset_text(body, declared[1].decode() if declared else charset)
    text = _NOT_IN_XML.sub("", text).lstrip("\ufeff \r\n\t")
    text = _NAMED.sub(_plain_name, text)
    return _BARE_AMPERSAND.sub("&amp;", text).encode("utf-8", "replace")


def _plain_name(found: re.Match[str]) -> str:
    name = found[1]
    known = html.entities.html5.get(f"{name};") if name not in _KEPT_NAMES else None
    return known if known and known not in "&<>" else found[0]


class _Hostile(ValueError):
    pass


class _Reader:
    """Handlers of one parse. `depth` is that of the open element, the root's being 1."""

    def __init__(self, encoding: str | None, url: str) -> None:
        self.feed = Feed()
        self.root = ""
        self.is_hostile = False
        self.url = url
        self.depth = 0
        self.item: _Item | None = None
        self.item_depth = 0
        self.role = ""
        self.text: list[str] = []
        self.length = 0
        self.parser = expat.ParserCreate(encoding, namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.EntityDeclHandler = self.entity

    def entity(self, *_: object) -> None:
        raise _Hostile("declares entities, which are not taken")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Hostile("nested too deeply")
        namespace, _, local = name.rpartition(" ")
        if self.depth == 1:
            self.root = local
        elif self.item is None:
            self._outside(namespace, local, attributes)
        elif self.depth == self.item_depth + 1:
            self._child(_ROLES.get((namespace, local), ""), attributes)
        elif self.role:
            self._inside(local)

    def _outside(self, namespace: str, local: str, attributes: dict[str, str]) -> None:
        if local in {"item", "entry"} and namespace in (*_RSS, *_ATOM):
            self.item, self.item_depth = _Item(), self.depth
            self.item.said["id"] = attributes.get(_ABOUT, "")[:LONGEST_ID]
        elif local == "title" and not self.feed.title:
            self._open("feed title")

    def _child(self, role: str, attributes: dict[str, str]) -> None:
        self._open(role)
        item = self.item
        if item is None:
            return
        if role == "link" and attributes.get("href"):
            if attributes.get("rel", "alternate") == "alternate" and not item.said.get("link"):
                item.said["link"] = attributes["href"][:LONGEST_URL]
        elif role == "id":
            item.is_link = attributes.get("isPermaLink", "").lower() != "false"
        elif role in _MARKUP and attributes.get("type") in {"text", "text/plain", "xhtml"}:
            item.plain.add(role)

    def _inside(self, local: str) -> None:
        """An element within a value: the name of an Atom author, a tag of XHTML."""
        if self.role == "author" and local != "name":
            self.role = _UNUSED
        elif local in {"p", "br", "div", "li", "h1", "h2", "h3"}:
            self.characters("\n")

    def _open(self, role: str) -> None:
        self.role, self.text, self.length = role, [], 0

    def characters(self, text: str) -> None:
        if self.role and self.role != _UNUSED and self.length < LONGEST_MARKUP:
            self.text.append(text[: LONGEST_MARKUP - self.length])
            self.length += len(text)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.role == "feed title":
            self.feed.title = clean("".join(self.text).strip())[:LONGEST_NAME]
            self.role = ""
        elif self.item is not None and self.depth == self.item_depth:
            self._keep()
        elif self.item is not None and self.depth < self.item_depth:
            self.feed.items.append(self.item.mentioned(self.url))
            self.item = None
        elif self.role == _UNUSED:
            self.role = "author"

    def _keep(self) -> None:
        """The value of a child of the item; the first of each kind that says something."""
        said = "".join(self.text).strip()
        if self.item is not None and self.role and said and not self.item.said.get(self.role):
            self.item.said[self.role] = said
        self.role = ""


@dataclass(slots=True)
class _Item:
    said: dict[str, str] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    is_link: bool = True

    def mentioned(self, feed_url: str) -> Mentioned:
        title = self._text("title")
        body = self._text("content") or self._text("summary")
        url = self._url(feed_url)
        return Mentioned(
            external_id=self.said.get("id", "")[:LONGEST_ID] or url or f"{title}\n{body}"[:500],
            text=body[:LONGEST_TEXT],
            title=title[:500],
            url=url,
            author=_author(self.said.get("author", "")),
            stated_at=moment(self.said.get("date") or self.said.get("updated") or ""),
            reach=_number(self.said.get("reach", "")),
        )

    def _text(self, role: str) -> str:
        said = self.said.get(role, "")
        if role in self.plain or not ("<" in said or "&" in said):
            return clean(said)
        return text_of(said).strip()

    def _url(self, feed_url: str) -> str:
        link = self.said.get("link", "")
        if not link and self.is_link and self.said.get("id", "").startswith("http"):
            link = self.said["id"]
        return absolute(link, feed_url)


def absolute(link: str, base: str) -> str:
    """An http(s) address, "" for anything else."""
    try:
        url = urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return ""
    fits = url.startswith(("http://", "https://")) and len(url) <= LONGEST_URL
    return clean(url) if fits and url.isprintable() else ""


def _author(said: str) -> str:
    """RSS says `mail (name)`."""
    found = re.fullmatch(r"[^\s()]{1,200}@[^\s()]{1,200} \(([^()]{1,200})\)", said.strip())
    return clean(found[1] if found else said).strip()[:LONGEST_NAME]


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def moment(said: str) -> datetime | None:
    """The instant a feed states, None for what is none: RFC 822, or ISO 8601."""
    said = said.strip()[:60]
    for read_as in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            stated = read_as(said)
            stated = stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated
            return stated.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
