"""Whether a text is what a watch listens for, and whether two texts are the same thing.

Pure decisions: no database. A term is a word or a phrase, compared without case and accents,
whole words only; `*` at its end takes any ending.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from crm.words import fold, words_in

LONGEST_TERM = 200
HEADLINE_WORDS = 12
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|ref|ref_src|xtor|at_\w+|_hs\w+|yclid"
)
_TRACKING_FRAGMENT = re.compile(r"(?:xtor=|utm_|echobox|:~:text=|ref=)", re.IGNORECASE)
_HOST_PREFIXES = ("www.", "m.", "amp.", "mobile.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A watch as it is matched. competitors: `Name` or `Name: other word, another`."""

    id: uuid.UUID
    terms: tuple[str, ...]
    exclusions: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    language: str = ""


class Matcher:
    """Several watches, made ready to be asked about many texts."""

    def __init__(self, watches: Iterable[Wanted]) -> None:
        self._watches = list(watches)

    def heard_by(self, text: str, language: str) -> list[tuple[uuid.UUID, str]]:
        """(watch, competitor or "" for us) for each that asks for it.

        A watch of one language leaves out what is known to be in another, not what is unknown.
        """
        folded = fold(text)
        found = []
        for watch in self._watches:
            if watch.language and language and watch.language != language:
                continue
            if watch.exclusions and _pattern(watch.exclusions).search(folded):
                continue
            if watch.terms and _pattern(watch.terms).search(folded):
                found.append((watch.id, ""))
            found += [
                (watch.id, name)
                for name, words in map(competitor, watch.competitors)
                if _pattern(words).search(folded)
            ]
        return found


def competitor(said: str) -> tuple[str, tuple[str, ...]]:
    """Its name, and the words that mean it, the name among them."""
    name, _, others = said.partition(":")
    words = (name, *others.split(","))
    return name.strip(), tuple(word.strip() for word in words if word.strip())


@lru_cache(maxsize=2_000)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_term, terms)) or r"(?!)")


def _term(term: str) -> str:
    folded = fold(term.strip())
    stem = folded.rstrip("*")
    words = r"\s{1,20}".join(re.escape(word) for word in stem.split())
    if not words:
        return r"(?!)"
    before = r"(?<!\w)" if stem[0].isalnum() else ""
    after = r"(?!\w)" if stem[-1].isalnum() and folded == stem else ""
    return f"{before}{words}{after}"


def canonical(url: str) -> str:
    """The address without what tells only who followed it: the same page has one."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
        port = parts.port
    except ValueError:
        return url.strip()
    if not host:
        return ""
    for prefix in _HOST_PREFIXES:
        if host.startswith(prefix) and host.count(".") > 1:
            host = host.removeprefix(prefix)
            break
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    query, fragment = _kept_query(parts), parts.fragment
    if _TRACKING_FRAGMENT.match(fragment):
        fragment = ""
    path = parts.path.rstrip("/").removesuffix("/amp")
    return f"{host}{path}{f'?{query}' if query else ''}{f'#{fragment}' if fragment else ''}"


def _kept_query(parts: SplitResult) -> str:
    pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None)
    return urlencode(sorted(pair for pair in pairs if not _TRACKING.fullmatch(pair[0].lower())))


def fingerprint(*, address: str, headline: str, text: str, author: str, external_id: str) -> str:
    """The same for the same thing found in two places.

    With an address: of that and the headline, since some feeds give one address to many items.
    Without one: of who said what. Without words: of the place's own id.
    """
    head = words_in(headline)[:HEADLINE_WORDS]
    if address:
        said: Sequence[str] = (address, *head) if head else (address, external_id)
    else:
        words = words_in(text)
        said = ("", fold(author), *words) if words else ("", external_id)
    return hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()
