"""Mail alerts: an address whose mails become mentions (Google Alerts and its like).

A mail of a service that names its finds one by one becomes as many mentions; any other becomes
one, of its subject and text, with the first address that stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Ignored,
    Inbound,
    Item,
    Mentioned,
    Outbound,
    SendFailed,
    Sent,
)
from conversations.channels.wire.email.markup import HREF, tags, text_of
from conversations.channels.wire.email.parsing import parse

MOST = 100  # finds of one mail
LONGEST_TITLE = 300
LONGEST_SNIPPET = 2_000
_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]{1,1900}")
_GOOGLE = re.compile(r"(?:www\.)?google\.[a-z.]{2,6}", re.IGNORECASE)


class Alerts:
    """Nothing is ever answered: nobody reads at the other end."""

    idempotent = False

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False  # nobody posts mail here

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        return [
            found
            for item in parse(account, body, headers)
            for found in (_finds(item) if isinstance(item, Inbound) else [_of_no_use(item)])
        ]

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        raise SendFailed("alerts are read, not answered", permanent=True)


def _of_no_use(item: Item) -> Item:
    return item if isinstance(item, Ignored) else Ignored("no alert: a report of the mail system")


def _finds(mail: Inbound) -> list[Mentioned]:
    named = [
        Mentioned(
            external_id=url,
            url=url,
            title=title,
            text=snippet,
            stated_at=mail.sent_at,
        )
        for url, title, snippet in _named_finds(mail.html)
    ][:MOST]
    return named or [_whole(mail)]


def _whole(mail: Inbound) -> Mentioned:
    address = _ADDRESS.search(mail.text)
    return Mentioned(
        external_id=mail.external_id,
        url=address[0].rstrip(".,;:!?") if address else "",
        title=mail.subject,
        text=mail.text,
        author=mail.sender.name or mail.sender.handle,
        stated_at=mail.sent_at,
    )


def _named_finds(html: str) -> Iterator[tuple[str, str, str]]:
    """(address, title, what follows it) of each find that the service leads to by a redirect."""
    links = ((start, end) for start, end, name in tags(html) if name == "a")
    found = ((start, end, _target(html[start:end])) for start, end in links)
    marks = [(start, end, url) for start, end, url in found if url]
    said: set[str] = set()
    for number, (_, end, url) in enumerate(marks):
        following = marks[number + 1][0] if number + 1 < len(marks) else len(html)
        closes = html.find("</a", end, following)
        title = text_of(html[end:closes]) if closes > 0 else ""
        title = " ".join(title.split())[:LONGEST_TITLE]
        if title and url not in said:
            said.add(url)
            yield url, title, _snippet(html[closes:following])


def _snippet(html: str) -> str:
    """The lines after a title that are neither links nor the service's own words."""
    lines = [line.strip() for line in text_of(html).split("\n")]
    kept = [line for line in lines if line and "google." not in line]
    return "\n".join(kept[:6])[:LONGEST_SNIPPET]


def _target(tag: str) -> str:
    """Where a redirect of Google Alerts leads, "" for any other link."""
    found = HREF.search(tag)
    if not found:
        return ""
    try:
        parts = urlsplit(found[1].replace("&amp;", "&"))
    except ValueError:
        return ""
    if not _GOOGLE.fullmatch(parts.netloc) or parts.path != "/url":
        return ""
    query = parse_qs(parts.query)
    url = (query.get("url") or query.get("q") or [""])[0]
    return url[:2_000] if url.startswith(("http://", "https://")) and url.isprintable() else ""
