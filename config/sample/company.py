"""The sample company as a history file: seeded, two years up to a day, in the past for good."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from config.sample.life import Articles, Life
from config.sample.people import (
    COMPANY,
    DEPARTMENTS,
    DOMAIN,
    HEADCOUNT,
    NAMES,
    Department,
    plain,
)
from config.sample.questions import Case, Questions, Voice
from config.sample.story import COORDINATES_FROM, OUTLETS, PREPARES_FROM, TRIES_FROM, WEEKS
from config.sample.writing import Book

SEED = 20
WEIGHTS = {"d-clients": 5.0, "d-com": 3.0, "d-atelier": 1.6, "d-magasins": 1.2}
PRODUCT_MANAGER = "e-produit-1"
# The three who sign in; each is the first of a department.
STAFF, AMBASSADOR, EXECUTIVE = "e-clients-1", "e-atelier-1", "e-direction-1"


def generate(*, seed: int, until: date) -> list[dict[str, Any]]:
    """The lines of two years whose last day is `until`; the same for the same seed and day."""
    first = until - timedelta(days=WEEKS * 7 - 1)
    book = Book(Random(f"{seed}"), first=first, last=until)  # noqa: S311  # a story, no secret
    voices = structure(book)
    articles = Articles(book, PRODUCT_MANAGER)
    life = Life(book, voices, [])
    questions = Questions(book, voices, articles)
    articles.write([v for v in voices if v.unit == "bivouac-fr"])
    life.govern()
    life.found()
    for week in range(WEEKS):
        questions.week(week)
        life.hear(week)
        life.publish(week)
        life.meet(week, questions.clients)
    articles.review()
    exceptions(book, questions.cases, voices)
    return sorted(book.lines, key=lambda line: datetime.fromisoformat(line["at"]))


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    packed = gzip.compress(text, mtime=0) if path.suffix == ".gz" else text
    part = path.with_name(path.name + ".part")
    part.write_bytes(packed)
    part.replace(path)


# --- the structure ---


def structure(book: Book) -> list[Voice]:
    start = book.on(book.first, 7)
    book.add("company", start, name=COMPANY, headcount=HEADCOUNT)
    for id_, name, profile, headcount in (
        ("bivouac-fr", "Bivouac France", "b2c", 170),
        ("bivouac-pro", "Bivouac Pro", "b2b", 40),
    ):
        book.add(
            "unit", start, id=id_, name=name, profile=profile, timezone="Europe/Paris",
            headcount=headcount,
        )  # fmt: skip
    for department in DEPARTMENTS:
        book.add("department", start, id=department.id, name=department.name, unit=department.unit)
    listen(book, start)
    for outlet in OUTLETS:
        at = book.on(book.first + timedelta(days=outlet.since * 7), 8)
        book.add(
            "channel", at, id=outlet.id, kind=outlet.kind, unit=outlet.unit, name=outlet.name,
            owned=True,
        )  # fmt: skip
    return hire(book, start)


def listen(book: Book, start: datetime) -> None:
    """Two sources, read each morning but for the odd day."""
    for id_, kind, unit, name, week in (
        ("s-veille", "listening", "bivouac-fr", "Veille du web", 0),
        ("s-pro", "email", "bivouac-pro", "Boîte Bivouac Pro", 30),
    ):
        at = start + timedelta(days=week * 7)
        book.add("source", at, id=id_, kind=kind, unit=unit, name=name)
        for day in range(week * 7, WEEKS * 7):
            if book.happens(0.97):
                heard = book.on(book.first + timedelta(days=day), 7.5)
                book.add("heartbeat", heard, source=id_)


def hire(book: Book, start: datetime) -> list[Voice]:
    voices: list[Voice] = []
    names = iter(zip(NAMES["first"], NAMES["last"] + NAMES["last"], strict=False))
    for department in DEPARTMENTS:
        for number in range(1, department.people + 1):
            first_name, last_name = next(names)
            id_ = f"e-{department.id.removeprefix('d-')}-{number}"
            book.add(
                "employee",
                start,
                id=id_,
                name=f"{first_name} {last_name}",
                email=f"{plain(first_name)}.{plain(last_name)}@{DOMAIN}",
                department=department.id,
                social_team=department.id == "d-com",
                relevant=number <= department.voices + 2,
            )
            if number <= department.voices:
                voices.append(voice(id_, first_name, department, number))
    return voices


def voice(id_: str, first_name: str, department: Department, number: int) -> Voice:
    """Who answers from when on: communication first, then customer care, then the others."""
    since = {"d-com": 0, "d-clients": TRIES_FROM, "d-pro": 0}.get(department.id, PREPARES_FROM + 4)
    late = number > 3 and department.id != "d-com"
    return Voice(
        id_,
        first_name,
        department.id,
        department.unit,
        WEIGHTS.get(department.id, 0.8),
        max(since, PREPARES_FROM) if late else since,
    )


# --- what happens now and then ---


def exceptions(book: Book, cases: list[Case], voices: list[Voice]) -> None:
    """Round trips, ideas and corrections: a few in the coordinated months."""
    late = [case for case in cases if case.week >= COORDINATES_FROM and len(case.said) > 1]
    old = [case for case in late if book.end - case.asked_at > timedelta(days=12)]
    for case in book.chance.sample(old, 5):
        asked = book.after(case.asked_at, 0.5, 2)
        asker, knower = voices[0], voices[-4]
        question = ask_inside(book, f"th-{case.id}", asked, asker, knower)
        book.add(
            "round_trip", asked, own=True, conversation=case.id, post=question,
            answered_at=case.said[-1][1], partner=False,
        )  # fmt: skip
    for number, case in enumerate(book.chance.sample(old, 6)):
        insight(book, case, voices, decided=number < 4, shipped=number < 2)
    for case in book.chance.sample(old, 4):
        message, at = case.said[1]
        kind = book.pick(("corrected", "corrected", "withdrawn", "late_escalation"))
        book.add("correction", book.after(at, 1, 20), own=True, message=message, kind=kind)


def ask_inside(book: Book, thread: str, at: datetime, asker: Voice, knower: Voice) -> str:
    """A question to the circle, and its answer two hours later."""
    known: dict[str, Any] = {"community": "co-cercle", "thread": thread, "own": True}
    question = "Question d'un client que je ne sais pas trancher, qui sait ?"
    answer = "Vu avec l'atelier : oui, c'est possible, tu peux répondre."
    id_ = book.add("post", at, author=asker.id, text=question, **known)
    book.add("post", at + timedelta(hours=2), author=knower.id, text=answer, **known)
    return id_


def insight(book: Book, case: Case, voices: list[Voice], *, decided: bool, shipped: bool) -> None:
    ideas = (
        "Une sangle de compression amovible sur le Crête 45.",
        "Vendre les arceaux à l'unité sur le site.",
        "Un QR code vers le tuto de réparation dans chaque housse.",
        "Une taille XS pour la veste Bise.",
    )
    at = book.after(case.asked_at, 3, 30)
    later = book.after(at, 24 * 2, 24 * 8)
    book.add(
        "insight",
        at,
        own=True,
        conversation=case.id,
        author=book.pick(voices).id,
        text=book.pick(ideas),
        decided_at=later if decided else None,
        outcome=("shipped" if shipped else "rejected") if decided else None,
        owner=PRODUCT_MANAGER if decided else None,
        told_at=later + timedelta(days=1) if shipped else None,
    )
