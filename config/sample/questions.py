"""Conversations of the sample company: questions, who is asked, answers, closings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from config.sample.people import NAMES, client_name, plain
from config.sample.story import COORDINATES_FROM, OUTLETS, WEEKS, Mood, Outlet, mood_of
from config.sample.writing import PHRASES, Book

ENGLISH = 0.2
RETURNS = 0.3  # of the questions come from somebody known
NOT_A_QUESTION = 0.06
REASONS = ("no_time", "not_my_topic", "absent")
ESCALATES_FROM = COORDINATES_FROM + 14
PRO_SHARE = 0.12  # of what is asked, on top
LAST_WEEK = 2.2  # busier than the mean, so that the inbox lives
RECENT = timedelta(days=9)  # what is younger is not tidied up yet


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody of the company who answers."""

    id: str
    first_name: str
    department: str
    unit: str
    weight: float
    since: int


def audience_of(outlet: Outlet) -> str:
    return "b2b" if outlet.unit == "bivouac-pro" else "b2c"


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    language: str
    outlet: Outlet


@dataclass
class Case:
    """One conversation while it is written."""

    id: str
    client: Client
    topic: dict[str, Any]
    asked_at: datetime
    mood: Mood
    week: int
    words: dict[str, str]
    question: int
    said: list[tuple[str, datetime]] = field(default_factory=list)


class Questions:
    def __init__(self, book: Book, voices: Sequence[Voice], articles: Any) -> None:
        self.book = book
        self.voices = voices
        self.articles = articles
        self.clients: list[Client] = []
        self.cases: list[Case] = []

    def week(self, week: int) -> None:
        mood = mood_of(week)
        asked = mood.asked * (LAST_WEEK if week == WEEKS - 1 else 1)
        for _ in range(self.book.about(asked)):
            self.ask(self.outlet(week), week, mood)
        for _ in range(self.book.about(mood.asked * PRO_SHARE)):
            self.ask(OUTLETS[6], week, mood)

    def outlet(self, week: int) -> Outlet:
        there = [one for one in OUTLETS[:6] if one.since <= week]
        return self.book.chance.choices(there, [one.weight for one in there])[0]

    # --- one conversation ---

    def ask(self, outlet: Outlet, week: int, mood: Mood) -> None:
        book = self.book
        asked_at = book.moment(week)
        if asked_at > book.end:
            return
        client = self.client(outlet, asked_at)
        kinds = [t for t in PHRASES["topic"] if t["audience"] == audience_of(outlet)]
        topic = book.chance.choices(kinds, [t["weight"] for t in kinds])[0]
        words = book.words(client.language)
        question = int(book.chance.random() * len(topic[client.language]["open"]))
        id_ = f"v{len(self.cases) + 1}"
        case = Case(id_, client, topic, asked_at, mood, week, words, question)
        self.cases.append(case)
        self.message(case, asked_at, self.opening(case), inbound=True)
        self.decide(case)
        self.follow(case)

    def client(self, outlet: Outlet, at: datetime) -> Client:
        book = self.book
        known = [one for one in self.clients[-400:] if one.outlet == outlet]
        if known and book.happens(RETURNS):
            found: Client = book.pick(known)
            return found
        language = "en" if book.happens(ENGLISH) else "fr"
        name = client_name(book.chance, language)
        number = len(self.clients) + 1
        mail = f"{plain(name)}{number}@courriel.example"
        identities = [{"kind": "email", "handle": mail}]
        if outlet.kind != "email":
            own = {"kind": outlet.kind, "handle": f"{plain(name).replace('.', '_')}_{number}"}
            identities = [own, *identities[: book.happens(0.3)]]
        pro = outlet.unit == "bivouac-pro"
        id_ = book.add(
            "contact",
            at - timedelta(minutes=1),
            name=name,
            relationship="partner" if pro else "prospect" if book.happens(0.2) else "customer",
            organization=book.pick(NAMES["houses"]) if pro else None,
            identities=identities,
        )
        client = Client(id_, language, outlet)
        self.clients.append(client)
        return client

    def opening(self, case: Case) -> str:
        greeting = self.book.pick(PHRASES["greet"][case.client.language])
        phrase: str = case.topic[case.client.language]["open"][case.question]
        if greeting.endswith(",") and not phrase.startswith(("I ", "I'")):
            phrase = phrase[0].lower() + phrase[1:]
            return f"{greeting} {phrase.format(**case.words)}"
        return f"{greeting} {self.book.say(phrase, case.words)}"

    def message(self, case: Case, at: datetime, text: str, *, inbound: bool, **fields: Any) -> str:
        outlet = case.client.outlet
        mail = outlet.kind == "email"
        first = not case.said
        subject = None
        if mail and first:
            titles = case.topic[case.client.language]["subject"]
            subject = self.book.say(self.book.pick(titles), case.words)
        fields.setdefault("author", case.client.id)
        id_ = self.book.add(
            "message",
            at,
            conversation=case.id,
            channel=outlet.id,
            direction="in" if inbound else "out",
            text=text,
            subject=subject,
            automated=fields.pop("automated", False),
            external_id=f"<{case.id}.{len(case.said) + 1}@courriel.example>" if mail else None,
            **fields,
        )
        if id_:
            case.said.append((id_, at))
        return id_

    def decide(self, case: Case) -> None:
        at = self.book.after(case.asked_at, 0.01, 0.1)
        if self.book.happens(0.93):
            value = not self.book.happens(NOT_A_QUESTION)
            self.book.add("needs_answer", at, conversation=case.id, value=value, by="classifier")

    def follow(self, case: Case) -> None:
        book = self.book
        taken_by, taken_at = self.assign(case)
        answered = book.happens(case.mood.answered * self.freshness(case))
        if not answered:
            self.leave(case)
            return
        voice = taken_by or self.voice(case)
        since = max(taken_at or case.asked_at, case.asked_at)
        in_time = book.happens(case.mood.in_time)
        at = book.after(since, 0.2, 7) if in_time else book.after(case.asked_at, 26, 90)
        at = book.by_day(at)
        approved = self.escalate(case, at)
        if approved:
            at = max(at, approved + timedelta(minutes=20))
        self.answer(case, voice, at)
        self.go_on(case, voice, at)

    def freshness(self, case: Case) -> float:
        """Of the last days not everything is answered yet."""
        age = self.book.end - case.asked_at
        return 0.25 if age < timedelta(days=1.5) else 0.55 if age < timedelta(days=4) else 1.0

    # --- who ---

    def voice(self, case: Case, *, but: Voice | None = None) -> Voice:
        unit = case.client.outlet.unit
        able = [v for v in self.voices if v.unit == unit and v.since <= case.week and v != but]
        return self.book.chance.choices(able, [v.weight for v in able])[0]

    def assign(self, case: Case) -> tuple[Voice | None, datetime | None]:
        book = self.book
        if not book.happens(case.mood.assigned):
            return None, None
        voice = self.voice(case)
        at = book.after(case.asked_at, 0.02, 0.4)
        rule = "rule" if book.happens(0.8) else "manual"
        if book.happens(0.06):
            self.offer(case, voice, at, rule, declined_at=book.after(at, 0.2, 4))
            voice, at = self.voice(case, but=voice), book.after(at, 4.1, 5)
        if not book.happens(case.mood.accepted):
            self.offer(case, voice, at, rule)
            return None, None
        accepted_at = book.by_day(book.after(at, 0.05, 6))
        self.offer(case, voice, at, rule, accepted_at=accepted_at)
        return voice, accepted_at

    def offer(self, case: Case, voice: Voice, at: datetime, rule: str, **outcome: datetime) -> None:
        known = {name: when for name, when in outcome.items() if when <= self.book.end}
        self.book.add(
            "assignment",
            at,
            own=bool(known),
            conversation=case.id,
            employee=voice.id,
            by=rule,
            reason=self.book.pick(REASONS) if "declined_at" in known else None,
            **known,
        )

    # --- what is said ---

    def answer(self, case: Case, voice: Voice, at: datetime) -> None:
        book, language = self.book, case.client.language
        said = book.say(case.topic[language]["answer"][case.question], case.words)
        signed = book.say(book.pick(PHRASES["sign"][language]), {"name": voice.first_name})
        used = self.articles.used(case.topic["key"], language, voice, at, case.mood.reuse)
        checked = case.week >= COORDINATES_FROM and book.happens(0.05)
        self.message(
            case,
            at,
            f"{said}\n\n{signed}",
            inbound=False,
            own=True,
            author=voice.id,
            articles=used or None,
            approval_required=True if checked else None,
            approved_by=self.voice(case, but=voice).id if checked else None,
        )

    def go_on(self, case: Case, voice: Voice, at: datetime) -> None:
        book, language = self.book, case.client.language
        last = at
        phrases = case.topic[language]["open"]
        if len(phrases) > 1 and book.happens(0.14):
            case.question = (case.question + 1) % len(phrases)
            last = book.by_day(book.after(at, 2, 40))
            self.message(case, last, book.say(phrases[case.question], case.words), inbound=True)
            last = book.by_day(book.after(last, 0.5, 20))
            self.answer(case, voice, last)
        if book.happens(0.4):
            last = book.by_day(book.after(last, 0.3, 30))
            thanks = book.pick(PHRASES["thanks"][language])
            said = book.say(thanks, {"name": voice.first_name})
            self.message(case, last, said, inbound=True)
        self.close(case, voice, last)

    def close(self, case: Case, voice: Voice, last: datetime) -> None:
        book = self.book
        if book.happens(0.86 if book.end - last > RECENT else 0.5):
            at = book.by_day(book.after(last, 0.2, 30))
            book.add("close", at, own=True, conversation=case.id, by=voice.id)
        elif book.end - last > RECENT:
            book.add("close", last + timedelta(days=8), conversation=case.id)

    def leave(self, case: Case) -> None:
        """Nobody answered. Sometimes the customer asks again; old ones were closed in bulk."""
        book, language = self.book, case.client.language
        last = case.asked_at
        if book.happens(0.35):
            last = book.by_day(book.after(last, 28, 80))
            self.message(case, last, book.pick(PHRASES["chase"][language]), inbound=True)
        if book.end - last > RECENT:
            book.add("close", book.after(last, 24 * 6, 24 * 9), conversation=case.id)

    def escalate(self, case: Case, answer_at: datetime) -> datetime | None:
        """Safety goes to the product manager first; answers when it was approved, if it was."""
        book = self.book
        if case.topic["key"] != "securite" or case.week < ESCALATES_FROM:
            return None
        hit = book.after(case.asked_at, 0.05, 0.3)
        reached, approved = book.after(hit, 0.1, 3), book.after(hit, 3.1, 8)
        book.add(
            "escalation",
            hit,
            own=True,
            conversation=case.id,
            rule="sécurité des produits",
            role="responsable produit",
            reached_at=reached if reached <= book.end else None,
            approved_by=self.articles.product_manager if approved <= book.end else None,
            approved_at=approved if approved <= book.end else None,
            drill=False,
        )
        return approved
