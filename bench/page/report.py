"""How long the executive page takes to open on five years of data.

Beside it, in the same run: the bare page of this installation (a view that says who one is, with
the same session and rights), and reading the rows of the messages once, with nothing counted.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from conversations.inbox.models import Message
from crm.access.models import Role
from crm.access.services import grant
from crm.organisation.models import User

YEARS = 5
TIMES = 15
PAGES = {
    "the page": "/maturity/",
    "the records behind a criterion": "/maturity/criteria/S3-CON-1/",
    "a what-if": "/maturity/what-if/?k.S2-CHA-1=1",
    "the table": "/maturity/table.csv",
    "the PDF": "/maturity/page.pdf",
}
PEOPLE, UNITS, CUSTOMERS = 24, 4, 400


def main(*, messages: int) -> None:
    prepare(messages)
    client = signed_in()
    print(f"{Message.objects.count():,} messages of {YEARS} years, {UNITS} units")
    bare = median(timed(lambda: opened(client, "/tokens/")))
    rows = median(timed(read_rows, times=3))
    cache.clear()
    began = time.perf_counter()
    opened(client, "/maturity/")
    first = time.perf_counter() - began
    print(f"{'a page of this house that derives nothing':44}{1000 * bare:>9.0f} ms")
    print(f"{'reading every message row once':44}{1000 * rows:>9.0f} ms")
    line("the page, nothing kept (the worker keeps it)", first, bare, rows)
    for name, path in PAGES.items():
        line(name, median(timed(lambda path=path: opened(client, path))), bare, rows)


def line(name: str, seconds: float, bare: float, rows: float) -> None:
    beside = f"{seconds / bare:>8.1f} x bare {seconds / rows:>8.2f} x rows"
    print(f"{name:44}{1000 * seconds:>9.0f} ms {beside}", flush=True)


def opened(client: Client, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")


def timed(do: Callable[[], Any], *, times: int = TIMES) -> list[float]:
    do()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        found.append(time.perf_counter() - began)
    return found


def read_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, conversation_id, occurred_at FROM conversations_message")
        return len(cursor.fetchall())


def signed_in() -> Client:
    user, _ = User.objects.get_or_create(email="boss@bench.example", defaults={"name": "Boss"})
    grant(user, Role.EXECUTIVE)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def prepare(messages: int) -> None:
    """What an earlier run left is used again when it is as much."""
    if Message.objects.count() >= messages * 0.9:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "history.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for entry in history(messages):
                out.write(json.dumps(entry) + "\n")
        out_of = io.StringIO()
        call_command("import_history", str(file), "--trust-own-acts", stdout=out_of, stderr=out_of)


def history(messages: int) -> Iterator[dict[str, Any]]:
    """Five years of a company of four units that answers within the hour."""
    end = timezone.now().astimezone(UTC) - timedelta(days=2)  # the last answers are no future
    begin = end - timedelta(days=365 * YEARS)
    yield from house(begin, years=YEARS)
    asked = messages // 2
    step = timedelta(days=365 * YEARS) / max(asked, 1)
    for number in range(asked):
        yield from exchange(number, begin + number * step)


def house(begin: datetime, *, years: int) -> Iterator[dict[str, Any]]:
    """The company as it is founded, and its source as it is read each day."""
    at = begin.isoformat()
    yield {"type": "company", "id": "bench", "at": at, "name": "Bench", "headcount": 400}
    yield from structure(at)
    for day in range(365 * years):
        when = (begin + timedelta(days=day)).isoformat()
        yield {"type": "heartbeat", "source": "source", "at": when}


def structure(at: str) -> Iterator[dict[str, Any]]:
    for unit in range(UNITS):
        name = f"unit{unit}"
        yield {
            "type": "unit", "id": name, "at": at, "name": name, "profile": "b2c",
            "timezone": "Europe/Paris",
        }  # fmt: skip
        yield {"type": "department", "id": f"team{unit}", "at": at, "name": name, "unit": name}
        yield {
            "type": "channel", "id": f"mail{unit}", "at": at, "kind": "email", "unit": name,
            "name": name, "owned": True,
        }  # fmt: skip
    yield {"type": "source", "id": "source", "at": at, "kind": "listening", "unit": "unit0",
           "name": "Watch"}  # fmt: skip
    for person in range(PEOPLE):
        yield {
            "type": "employee", "id": f"person{person}", "at": at, "name": f"Person {person}",
            "email": f"person{person}@bench.example", "department": f"team{person % UNITS}",
            "social_team": person < UNITS, "relevant": True,
        }  # fmt: skip
    for customer in range(CUSTOMERS):
        yield {
            "type": "contact", "id": f"customer{customer}", "at": at, "name": f"C {customer}",
            "relationship": "customer",
            "identities": [{"kind": "email", "handle": f"c{customer}@elsewhere.example"}],
        }  # fmt: skip


def exchange(number: int, at: datetime) -> Iterator[dict[str, Any]]:
    """A question and its answer; every seventh answer is late."""
    unit, who = number % UNITS, f"person{number % PEOPLE}"
    case = f"case{number}"
    said = {"conversation": case, "channel": f"mail{unit}"}
    later = at + timedelta(hours=40 if number % 7 == 0 else 1)
    yield {
        "type": "message", "id": f"q{number}", "at": at.isoformat(), "direction": "in",
        "author": f"customer{number % CUSTOMERS}", "text": f"Question {number}", **said,
    }  # fmt: skip
    yield {
        "type": "message", "id": f"a{number}", "at": later.isoformat(), "direction": "out",
        "author": who, "text": f"Answer {number}", "own": True, **said,
    }  # fmt: skip
