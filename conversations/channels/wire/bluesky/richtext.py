"""Bluesky's rich text: the plain words beside facets, which count bytes of UTF-8."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conversations.channels.wire.values import each, inside, text, whole

MOST = 100  # facets of one text
_LINK = re.compile(r"https?://[^\s<>\"]{1,2000}")
_NAME = re.compile(
    r"(?<![\w@/.])@((?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,63})", re.IGNORECASE | re.ASCII
)
_TAG = re.compile(r"(?<![\w#/&])#(\w{1,64})")
_AFTER = ".,;:!?)]}'\""


def spelled(words: str, facets: Mapping[str, Any]) -> str:
    """The words with each link as it is, where they show another or a shortened one.

    facets: the record that holds them. What does not fit the text is left out.
    """
    written = words.encode()
    for start, end, link in sorted(_links(facets, len(written)), reverse=True):
        try:
            shown = written[start:end].decode()
            rest = written[end:].decode()
            before = written[:start].decode()
        except UnicodeDecodeError:
            continue  # its bytes cut through a letter
        written = f"{before}{_shown_as(shown, link)}{rest}".encode()
    return written.decode()


def _links(record: Mapping[str, Any], length: int) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for facet in list(each(record, "facets"))[:MOST]:
        place = inside(facet, "index")
        start, end = whole(place, "byteStart"), whole(place, "byteEnd")
        for feature in each(facet, "features"):
            link = text(feature, "uri")
            if link.startswith(("https://", "http://")) and 0 <= start < end <= length:
                found.append((start, end, link[:2_000]))
    ends = 0
    apart = []
    for start, end, link in sorted(found):
        if start >= ends:  # those that lie over each other are left as they are
            apart.append((start, end, link))
            ends = end
    return apart


def _shown_as(shown: str, link: str) -> str:
    bare = shown.removesuffix("...").removesuffix("…").removeprefix("https://")
    if bare and link.partition("://")[2].startswith(bare):
        return link
    return f"{shown} ({link})"


def facets_of(words: str, resolve: Callable[[str], str]) -> list[dict[str, Any]]:
    """What is a link, a name or a tag in our own words. resolve: a handle's DID, "" for none."""
    return [
        {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
        for start, end, feature in list(_features(words, resolve))[:MOST]
    ]


def _features(
    words: str, resolve: Callable[[str], str]
) -> Iterator[tuple[int, int, dict[str, str]]]:
    for found in _LINK.finditer(words):
        link = found[0].rstrip(_AFTER)
        yield *_bytes(words, found.start(), link), _feature("link", uri=link)
    for found in _NAME.finditer(words):
        if did := resolve(found[1].lower()):
            yield *_bytes(words, found.start(), found[0]), _feature("mention", did=did)
    for found in _TAG.finditer(words):
        if not found[1].isdigit():
            yield *_bytes(words, found.start(), found[0]), _feature("tag", tag=found[1])


def _bytes(words: str, start: int, shown: str) -> tuple[int, int]:
    begins = len(words[:start].encode())
    return begins, begins + len(shown.encode())


def _feature(kind: str, **said: str) -> dict[str, str]:
    return {"$type": f"app.bsky.richtext.facet#{kind}", **said}
