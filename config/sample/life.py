"""The rest of the sample company's life: what it hears, publishes, learns and agrees on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.sample.questions import Client, Voice
from config.sample.story import (
    COORDINATES_FROM,
    OUTLETS,
    PREPARES_FROM,
    PUBLISHING,
    mood_of,
)
from config.sample.writing import PHRASES, Book

METRICS = ("clics", "commentaires", "inscriptions", "réponses", "partages")
AUDIENCES = ("randonneurs", "familles", "alpinistes", "magasins", "communauté")
TOUCHED_BY_PLAN = timedelta(days=5)
COMPARED = 0.62
SPEAKS_FOR_POLICY = 0.94


@dataclass(frozen=True, slots=True)
class Article:
    id: str
    topic: str
    language: str
    author: str
    at: datetime


class Articles:
    """Written by those who answer; `used` finds one of a colleague for a topic."""

    def __init__(self, book: Book, product_manager: str) -> None:
        self.book = book
        self.product_manager = product_manager
        self.written: list[Article] = []

    def write(self, authors: Sequence[Voice]) -> None:
        week = PREPARES_FROM - 2
        for topic in PHRASES["topic"]:
            for language in ("fr", "en"):
                known = topic[language]
                for question, answer in list(zip(known["open"], known["answer"], strict=False))[:2]:
                    self.write_one(topic["key"], language, question, answer, authors, week)
                    week = min(week + 1, COORDINATES_FROM + 12)

    def write_one(
        self,
        topic: str,
        language: str,
        question: str,
        answer: str,
        authors: Sequence[Voice],
        week: int,
    ) -> None:
        book = self.book
        words = book.words(language)
        author = book.pick(authors)
        at = book.moment(week, office=True)
        id_ = book.add(
            "article",
            at,
            own=True,
            title=book.say(question, words)[:120],
            text=book.say(answer, words),
            author=author.id,
            language=language,
            tags=[topic],
        )
        self.written.append(Article(id_, topic, language, author.id, at))

    def used(
        self, topic: str, language: str, voice: Voice, at: datetime, share: float
    ) -> list[str]:
        fit = [
            one.id
            for one in self.written
            if (one.topic, one.language) == (topic, language)
            and one.author != voice.id
            and one.at <= at
        ]
        return [self.book.pick(fit)] if fit and self.book.happens(share) else []

    def review(self) -> None:
        for article in self.written:
            if self.book.happens(0.4):
                at = self.book.after(article.at, 24 * 40, 24 * 150)
                reviewer = self.product_manager
                self.book.add("article_review", at, own=True, article=article.id, by=reviewer)


class Life:
    def __init__(self, book: Book, voices: Sequence[Voice], everyone: Sequence[str]) -> None:
        self.book = book
        self.voices = voices
        self.everyone = everyone
        self.social = [v for v in voices if v.department == "d-com"]
        self.published: list[str] = []

    # --- what is heard ---

    def hear(self, week: int) -> None:
        book, mood = self.book, mood_of(week)
        triagers = [v for v in self.voices if v.unit == "bivouac-fr" and v.since <= week][:7]
        for _ in range(book.about(mood.mentions)):
            at = book.moment(week)
            language = "en" if book.happens(0.2) else "fr"
            text = book.say(book.pick(PHRASES["mention"][0][language]), book.words(language))
            number = len(book.lines)
            mention = book.add(
                "mention",
                at,
                source="s-veille",
                text=text,
                author=f"rando{number % 977}",
                url=f"https://reseau.example/p/{number}",
            )
            if mention and book.happens(mood.triaged):
                book.add(
                    "triage",
                    book.by_day(book.after(at, 1, 40)),
                    own=True,
                    mention=mention,
                    by=book.pick(triagers).id,
                    outcome=book.chance.choices(["ignore", "watch", "engage"], [5, 3, 2])[0],
                )

    # --- what is published ---

    def publish(self, week: int) -> None:
        for _ in range(self.book.about(mood_of(week).published)):
            self.publish_one(week)

    def publish_one(self, week: int) -> None:
        book, mood = self.book, mood_of(week)
        at = book.moment(week, office=True)
        if at > book.end:
            return
        planned = book.happens(mood.planned)
        planned_at = at - (TOUCHED_BY_PLAN if planned else timedelta(hours=2))
        author = book.pick(self.social)
        approver = book.pick([v for v in self.voices if v.id != author.id])
        value = 20 + 5 * int(book.chance.random() * 60)
        metric = book.pick(METRICS)
        open_ = {o.id for o in OUTLETS if o.since <= week}
        id_ = book.add(
            "publication",
            planned_at,
            own=True,
            channel=book.pick([one for one in PUBLISHING if one in open_]),
            author=author.id,
            text=self.said_publicly(),
            planned_at=planned_at,
            publish_at=at,
            audience=book.pick(AUDIENCES) if planned else None,
            expected={"metric": metric, "value": value} if planned else None,
            approved_by=approver.id if planned else None,
            approved_at=at - timedelta(days=1) if planned else None,
            published_at=at,
        )
        if planned and id_:
            self.learn(id_, at, metric, value, approver)

    def said_publicly(self) -> str:
        language = "en" if self.book.happens(0.15) else "fr"
        phrase = self.book.pick(PHRASES["publication"][0][language])
        return self.book.say(phrase, self.book.words(language))

    def learn(
        self, publication: str, at: datetime, metric: str, expected: int, approver: Voice
    ) -> None:
        book = self.book
        compared = book.happens(COMPARED)
        when = at + timedelta(days=8, hours=2)
        book.add(
            "reaction",
            when,
            own=compared,
            publication=publication,
            metric=metric,
            value=int(expected * (0.5 + book.chance.random())),
            compared_by=book.pick(self.social).id if compared else None,
        )
        if compared and book.happens(0.3):
            text = book.pick(
                (
                    "Plus court, avec une question à la fin.",
                    "On garde l'atelier, on espace les promos.",
                    "Publier le jeudi soir plutôt que le lundi.",
                    "Shorter, and one question at the end.",
                )
            )
            book.add(
                "decision",
                when + timedelta(days=1),
                own=True,
                publication=publication,
                by=approver.id,
                text=text,
            )

    # --- what is agreed on ---

    def govern(self) -> None:
        """A charter and its second version, acknowledged by nearly all who speak; courses."""
        name = "Charte des prises de parole"
        texts = {
            "1.0": "On se présente, on reste courtois, on ne promet ni date ni geste seul, "
            "et on passe la main dès qu'il s'agit de sécurité ou de droit.",
            "2.0": "Comme la version 1.0, et : toute réponse sur la sécurité d'un produit est "
            "relue par le responsable produit avant envoi.",
        }
        for version, week in (("1.0", PREPARES_FROM), ("2.0", COORDINATES_FROM + 8)):
            at = self.book.on(self.book.first + timedelta(days=week * 7), 10)
            id_ = f"p-charte-{version}"
            self.book.add(
                "policy", at, own=True, id=id_, name=name, version=version, text=texts[version]
            )
            for voice in self.voices:
                if self.book.happens(SPEAKS_FOR_POLICY):
                    self.book.add(
                        "acknowledgement",
                        self.book.after(at, 1, 24 * 10),
                        own=True,
                        policy=id_,
                        version=version,
                        employee=voice.id,
                        session=f"session-{voice.id}-{version}",
                    )
        for voice in self.voices[::2]:
            week = PREPARES_FROM + 4 + int(self.book.chance.random() * 24)
            course = self.book.pick(("Répondre en public", "Gérer une crise", "Écrire court"))
            at = self.book.moment(week, office=True)
            self.book.add("training", at, own=True, employee=voice.id, course=course)

    # --- communities ---

    def found(self) -> None:
        for id_, name, dimension, practice, week in (
            ("co-cercle", "Cercle des répondants", "internal", True, PREPARES_FROM),
            ("co-bivouaqueurs", "Les Bivouaqueurs", "social", False, PREPARES_FROM + 6),
            ("co-pros", "Club des pros", "partner", False, COORDINATES_FROM + 10),
        ):
            at = self.book.on(self.book.first + timedelta(days=week * 7), 9.5)
            self.book.add(
                "community", at, own=True, id=id_, name=name, dimension=dimension,
                practice=practice,
            )  # fmt: skip

    def meet(self, week: int, clients: Sequence[Client]) -> None:
        book = self.book
        for number in range(book.about(mood_of(week).threads)):
            at = book.moment(week, office=True)
            able = [v for v in self.voices if v.since <= week]
            for voice in book.chance.sample(able, 2 + int(book.chance.random() * 3)):
                self.post("co-cercle", f"th-{week}-{number}", at, voice.id, own=True)
                at = book.by_day(book.after(at, 0.3, 8))
        if week >= PREPARES_FROM + 8:
            at = book.moment(week)
            for client in book.chance.sample(list(clients[-80:]), 2):
                self.post("co-bivouaqueurs", f"bv-{week}", at, client.id, own=False)
                at = book.by_day(book.after(at, 0.3, 20))

    def post(self, community: str, thread: str, at: datetime, author: str, *, own: bool) -> str:
        language = "en" if self.book.happens(0.1) else "fr"
        text = self.book.pick(PHRASES["post"][0][language])
        return self.book.add(
            "post", at, own=own, community=community, thread=thread, author=author, text=text
        )
