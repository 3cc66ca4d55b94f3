"""Knowledge debt: what is asked again and again while no article answers it.

Questions are gathered by the telling words they share (tf-idf, cosine), so that nobody has to
tag them: a question joins the group that it is most like, else it begins one. Read anew each
time, over what the reader may see, so that nothing is shown to who may not see it.
"""

from __future__ import annotations

import math
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter

from django.db import connection
from django.utils import timezone

from conversations.channels.wire.drill import KIND as DRILL
from conversations.inbox.models import Conversation, Status
from conversations.knowledge.models import Article
from conversations.knowledge.search import published
from conversations.knowledge.suggesting import ranked
from crm.bounds import TooSlow, bounded
from crm.organisation.models import User
from crm.words import Folded

DAYS = 90
READ = 1_500  # the newest questions
SECONDS = 0.8
MOST = 20
_WORDS = 60  # of a question
_ALIKE = 0.3  # cosine from which two questions are one
_COMMON = 0.2  # share of the questions beyond which a word tells nothing
_FEW = 25  # of fewer questions none is taken for common
_COMPARED = 20  # groups that share most with a question
_LEAST_ASKED = 3
_LEAST_PEOPLE = 2
_ANSWERED = 0.5  # where an article went out with more than this share, there is no debt

_FOLDED = Folded.template % {"expressions": "c.subject || ' ' || left(first.text, 2000)"}
# Of each conversation what was asked first, as stems; who asked; whether an article went out.
_ASKED = f"""
SELECT c.id, i.contact_id, first.occurred_at, first.text,
    tsvector_to_array(to_tsvector(
        CASE left(c.language, 2) WHEN 'fr' THEN 'french'::regconfig ELSE 'english' END,
        {_FOLDED})) AS stems,
    EXISTS (SELECT FROM conversations_articleuse u JOIN conversations_message m
        ON m.id = u.message_id WHERE m.conversation_id = c.id) AS used, c.language
FROM conversations_conversation c
LEFT JOIN crm_identity i ON i.id = c.identity_id
CROSS JOIN LATERAL (
    SELECT m.occurred_at, m.text FROM conversations_message m
    WHERE m.conversation_id = c.id AND m.direction = 'in' AND m.kind = 'reply' AND NOT m.automated
    ORDER BY m.occurred_at, m.id LIMIT 1) AS first
WHERE c.id = ANY(%s)
ORDER BY first.occurred_at, c.id
"""  # noqa: S608 - nothing in it was typed by anybody


@dataclass(frozen=True, slots=True)
class Question:
    """stems: the words that may tell it from others."""

    conversation: uuid.UUID
    person: uuid.UUID | None
    asked_at: datetime
    text: str
    stems: tuple[str, ...]
    used: bool
    language: str


@dataclass(slots=True)
class Gap:
    """Questions that are one. weights: of each stem, the sum over its questions.

    nearest: the article that answers it best, None where none says anything like it.
    """

    questions: list[Question] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    typical: Question | None = None
    nearest: Article | None = None

    @property
    def asked(self) -> int:
        return len(self.questions)

    @property
    def without(self) -> int:
        """How many of them got no article."""
        return sum(not question.used for question in self.questions)

    @property
    def used(self) -> int:
        return self.asked - self.without

    @property
    def shown(self) -> list[Question]:
        """The newest of them."""
        return self.questions[: -MOST - 1 : -1]

    @property
    def ids(self) -> list[uuid.UUID]:
        """Their conversations, the newest first."""
        return [question.conversation for question in reversed(self.questions)]

    @property
    def people(self) -> int:
        """Who asked; conversations of nobody known count for one."""
        return len({question.person for question in self.questions})

    @property
    def last_at(self) -> datetime:
        return self.questions[-1].asked_at


@dataclass(frozen=True, slots=True)
class Debt:
    """read: how many questions were compared, of the last `days`. is_all: none is missing."""

    gaps: list[Gap]
    read: int
    days: int
    is_all: bool


def debt_of(reader: User, *, days: int = DAYS, seconds: float = SECONDS) -> Debt:
    """What was asked most without an article, in the conversations that `reader` may see."""
    until = time.monotonic() + seconds
    try:
        with bounded(seconds):
            ids = _newest(reader, days)
            questions = _questions(ids[:READ])
    except TooSlow:
        return Debt([], read=0, days=days, is_all=False)
    gaps = gathered(questions)
    owed = sorted(filter(_is_debt, gaps), key=lambda gap: (-gap.without, -gap.last_at.timestamp()))
    shown = owed[:MOST]
    for gap in shown:
        _describe(gap, until)
    return Debt(shown, read=len(questions), days=days, is_all=len(ids) <= READ)


def _newest(reader: User, days: int) -> list[uuid.UUID]:
    """One more than are read. The time of the last change has an index and is never before."""
    since = timezone.now() - timedelta(days=days)
    seen = Conversation.objects.visible_to(reader).exclude(status=Status.SPAM)
    asked = seen.filter(updated_at__gte=since, occurred_at__gte=since).exclude(channel__kind=DRILL)
    newest = asked.order_by("-updated_at", "-pk").values_list("pk", flat=True)
    return list(newest[: READ + 1])


def _questions(ids: Sequence[uuid.UUID]) -> list[Question]:
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [list(ids)])
        rows = cursor.fetchall()
    return [
        Question(pk, person, at, text, tuple(stems[:_WORDS]), used, language)
        for pk, person, at, text, stems, used, language in rows
    ]


def gathered(questions: Sequence[Question]) -> list[Gap]:
    """Each question in one group, the oldest first."""
    held = Counter(stem for question in questions for stem in question.stems)
    most = max(_FEW, _COMMON * len(questions))
    weight = {
        stem: math.log(1 + len(questions) / count)
        for stem, count in held.items()
        if 1 < count <= most
    }
    gaps: list[Gap] = []
    holding: dict[str, set[int]] = defaultdict(set)
    for question in questions:
        told = {stem: weight[stem] for stem in question.stems if stem in weight}
        if not told:
            continue
        place = _likest(told, gaps, holding)
        if place is None:
            place = len(gaps)
            gaps.append(Gap())
        gaps[place].questions.append(question)
        for stem, amount in told.items():
            gaps[place].weights[stem] += amount
            holding[stem].add(place)
    return gaps


def _likest(
    told: dict[str, float], gaps: Sequence[Gap], holding: dict[str, set[int]]
) -> int | None:
    """The place of the group that these words are most like, None where they are like none."""
    shared: dict[int, float] = defaultdict(float)
    for stem, weight in told.items():
        for place in holding[stem]:
            shared[place] += weight * gaps[place].weights[stem]
    own = _length(told.values())
    best, likest = _ALIKE, None
    for place, product in sorted(shared.items(), key=itemgetter(1), reverse=True)[:_COMPARED]:
        alike = product / (own * _length(gaps[place].weights.values()))
        if alike > best:
            best, likest = alike, place
    return likest


def _length(weights: Iterable[float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights))


def _is_debt(gap: Gap) -> bool:
    often = gap.without >= _LEAST_ASKED and gap.people >= _LEAST_PEOPLE
    return often and gap.used <= _ANSWERED * gap.asked


def _describe(gap: Gap, until: float) -> None:
    """The question that is most like the others, and the article that answers it best."""
    gap.typical = max(
        (question for question in gap.questions if not question.used),
        key=lambda question: _centrality(question, gap.weights),
    )
    left = until - time.monotonic()
    if left > 0:
        best = ranked(gap.typical.text, language=gap.typical.language, most=1, seconds=left)
        gap.nearest = published().filter(pk__in=best).first()


def _centrality(question: Question, weights: dict[str, float]) -> float:
    shared = sum(weights.get(stem, 0.0) for stem in question.stems)
    return shared / math.sqrt(len(question.stems) or 1)
