"""An article from a conversation: what we answered, without who asked and how we greeted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conversations.channels.wire.email.quotes import fold
from conversations.inbox.masking import of_conversation
from conversations.inbox.models import Conversation, DeliveryState, Direction, Message, MessageKind
from conversations.knowledge.models.article import LONGEST_TITLE

MOST_ANSWERS = 20
LONGEST = 20_000  # characters of one answer
LONGEST_QUESTION = 120
_NOT_SAID = (DeliveryState.HELD, DeliveryState.DROPPED, DeliveryState.FAILED)
_PREFIX = re.compile(r"\A(?:(?:re|fw|fwd|tr|aw|wg)\s?:\s*)+", re.IGNORECASE)
_GREETING = re.compile(
    r"\A\s*(?:dear|hello|hi|hey|good (?:morning|day|afternoon|evening)|bonjour|bonsoir|chère?"
    r"|salut|madame|monsieur)\b(?:[ \t]+[\w.'’\[\]-]+){0,4}[ \t]*(?:[,!.]|\n)\s*",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"\n[ \t]*(?:(?:kind|best|warm) regards|regards|best wishes|best|sincerely|yours|cheers"
    r"|thank you|thanks|(?:bien )?cordialement|bien à vous|à bientôt|(?:belle|bonne) journée"
    r"|bonne soirée|sincèrement|amicalement|merci)\b[^\n]{0,60}(?:\n[^\n]{0,60}){0,4}\s*\Z",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")


@dataclass(frozen=True, slots=True)
class Drafted:
    title: str
    text: str


def drafted(conversation: Conversation) -> Drafted:
    """text: "" where nothing was answered yet."""
    said = conversation.messages.filter(kind=MessageKind.REPLY, automated=False)
    ours = said.filter(direction=Direction.OUT).exclude(delivery__state__in=_NOT_SAID)
    answers = ours.order_by("-occurred_at", "-pk")[:MOST_ANSWERS]
    texts = [_substance(answer, conversation) for answer in reversed(answers)]
    return Drafted(_title(conversation), "\n\n".join(dict.fromkeys(filter(None, texts))))


def _substance(answer: Message, conversation: Conversation) -> str:
    written = answer.text[:LONGEST].replace("\r\n", "\n")
    text = fold(written).fresh if answer.subject else written
    text = _FAREWELL.sub("", f"\n{text.strip()}").strip()
    text = _GREETING.sub("", text).strip()
    masked = of_conversation(text, conversation)
    return masked[:1].upper() + masked[1:]


def _title(conversation: Conversation) -> str:
    """The subject, else the first sentence of what was asked that says something."""
    title = _PREFIX.sub("", conversation.subject).strip() or _asked(conversation)
    return of_conversation(title, conversation)[:LONGEST_TITLE].strip()


def _asked(conversation: Conversation) -> str:
    heard = conversation.messages.filter(
        direction=Direction.IN, kind=MessageKind.REPLY, automated=False
    )
    first = heard.order_by("occurred_at", "pk").first()
    text = _GREETING.sub("", first.text[:LONGEST].strip()) if first else ""
    sentences = (match[0].strip() for match in _SENTENCE.finditer(text[:2_000]))
    asked = [sentence for sentence in sentences if len(sentence.split()) > 2]
    questions = [sentence for sentence in asked if sentence.endswith("?")]
    found = (questions or asked or [text])[0]
    if len(found) <= LONGEST_QUESTION:
        return found
    return f"{found[:LONGEST_QUESTION].rpartition(' ')[0] or found[:LONGEST_QUESTION]}…"
