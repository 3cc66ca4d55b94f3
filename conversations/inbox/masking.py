"""A customer's words without what says who they are: a draft that a person then reads.

Plain patterns and what we know of the person. They miss things (a name we never heard), which is
why what goes inside, or into an article, is shown before anybody else reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation
from crm.contacts.models import Contact, Identity
from crm.words import fold

_ADDRESS = re.compile(r"[^\s<>()@,;]+@[^\s<>()@,;]+\.[^\W\d_]{2,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?<!\w)@\w[\w.-]+(?:@[\w.-]+)?")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{2,4}){3,8}\b")
_NUMBER = re.compile(r"(?<![\w])\+?\(?\d(?:[\d .()/-]{3,}\d)(?!\w)")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d_])\w{8,}\b")  # order numbers, licence plates run on
_PREFIXED = re.compile(r"#\d{2,}|\b[A-Z]{1,5}-\d{3,}(?:-\w+)*\b")
_CALLED = re.compile(
    r"\b(order|invoice|ticket|case|parcel|tracking|contract|customer|reference|commande|facture"
    r"|dossier|colis|suivi|contrat|client|référence|reference)"
    r"((?:\s(?:(?:no|nr|number|numéro|num)\b|n°|nº)\.?)?)\s?[:#°]?\s?(?=[\w-]{0,30}\d)\w[\w-]{2,30}",
    re.IGNORECASE,
)
_NAMED = r"[^\W\d_a-z][\w'’-]{0,30}"  # a word that begins with a capital
_STREET = re.compile(
    r"\b\d{1,4}(?:\s?(?:bis|ter))?,?\s(?:rue|avenue|av\.|boulevard|bd|chemin|place|allée|impasse"
    r"|route|quai|cours|square)\s[^\n,;.]{2,60}"
    rf"|\b\d{{1,5}}[A-Za-z]?\s(?:{_NAMED}\s){{1,4}}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Close|Court|Way|Boulevard|Blvd|Square|Place"
    r"|Terrace|Crescent)\b\.?",
)
_TOWN = re.compile(
    rf"\b\d{{5}}\s{_NAMED}(?:[ -]{_NAMED}){{0,3}}|\b[A-Z]{{1,2}}\d[A-Z\d]?\s\d[A-Z]{{2}}\b"
)
_SELF = re.compile(
    rf"\b((?i:my name is|je m['’]appelle|je me nomme|mon nom est)\s){_NAMED}(?:\s{_NAMED}){{0,2}}"
)
SHORTEST_NAME = 3
_MARKED = {
    plain: f"[{plain}{accented}]"
    for plain, accented in {
        "a": "àáâãäå", "c": "ç", "e": "èéêë", "i": "ìíîï", "n": "ñ", "o": "òóôõöø", "u": "ùúûü",
        "y": "ýÿ",
    }.items()
}  # fmt: skip


def of_conversation(text: str, conversation: Conversation) -> str:
    """`text` without what says who the person of this conversation is."""
    return without_people(
        text, names=names_in(conversation), phrases=organisations_in(conversation)
    )


def without_people(text: str, *, names: Iterable[str], phrases: Iterable[str] = ()) -> str:
    """`text` with addresses, links, accounts, long numbers and these names left out.

    names: any word of them is left out. phrases: only as a whole.
    """
    for pattern, instead in (
        (_LINK, _("[link]")),
        (_ACCOUNT, _("[name]")),
        (_ADDRESS, _("[address]")),
        (_STREET, _("[address]")),
        (_TOWN, _("[address]")),
        (_IBAN, _("[number]")),
        (_CALLED, rf"\1\2 {_('[number]')}"),
        (_PREFIXED, _("[number]")),
        (_NUMBER, _("[number]")),
        (_CODE, _("[number]")),
        (_SELF, rf"\1{_('[name]')}"),
    ):
        text = pattern.sub(instead, text)
    known = {phrase.strip() for phrase in phrases if is_telling(phrase.strip())}
    known |= {word for name in names for word in re.split(r"[\W_]+", name) if is_telling(word)}
    if known:
        longest_first = sorted(known, key=len, reverse=True)
        named = "|".join(map(_as_pattern, longest_first))
        text = re.sub(rf"\b(?:{named})\b", _("[name]"), text, flags=re.IGNORECASE)
    return text


def _as_pattern(word: str) -> str:
    """Also as it is written without its accents, or with them."""
    return "".join(_MARKED.get(letter) or re.escape(letter) for letter in fold(word))


def is_telling(word: str) -> bool:
    return len(word) >= SHORTEST_NAME and not word.isdigit()


def names_in(conversation: Conversation) -> Iterator[str]:
    """The names and addresses under which we know the people outside of this conversation."""
    for identity in _known(conversation):
        yield identity.contact.name
        for address in (identity.shown, identity.handle):
            yield address.partition("@")[0] if "@" in address[1:] else address


def organisations_in(conversation: Conversation) -> list[str]:
    return [identity.contact.organization for identity in _known(conversation)]


def _known(conversation: Conversation) -> list[Identity]:
    rows = conversation.correspondents.values("identity")
    people = Contact.objects.filter(identities__in=rows)
    if conversation.identity is not None:
        people |= Contact.objects.filter(pk=conversation.identity.contact_id)
    return list(
        Identity.objects.filter(contact__in=people.values("pk")).select_related("contact")[:200]
    )
