"""Envelopes -> messages by the real worker process, beside a multi-row INSERT of the same rows.

Then the door beside a bare view that reads the body and INSERTs one row, and the whole path by
HTTP beside the door alone. Each pair runs in turn on the same servers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from bench import load, processes
from conversations.channels import services
from conversations.channels.models import Channel, Envelope
from conversations.inbox.models import Message
from crm.journal.models import Pulse
from crm.organisation.models import Unit
from crm.values import AUTOMATION, uuid7

STATEMENT = 500  # rows of one raw INSERT
PERSONS = 5  # every fifth message is a new person's

# In the order of their foreign keys: what the path writes, and what is emptied between runs.
TABLES = (
    "conversations_envelope",
    "crm_contact",
    "crm_identity",
    "crm_contactunit",
    "conversations_conversation",
    "conversations_message",
)
_ALSO = ("conversations_claim", "ambassadors_routingcase", "conversations_delivery")


def main(*, rows: int) -> None:
    channel = _channel()
    print(
        f"{rows} messages, every {PERSONS}th of a new person; PostgreSQL and worker on this machine"
    )
    single = _through_worker(channel, rows, batch=1)
    raw = _raw(rows)
    print(f"raw INSERT, {STATEMENT} rows a statement   {rows / raw:9.0f} messages/s")
    _say("envelopes of one message, worker", rows, single, raw, goal="1/2, floor 0.35")
    bound = _bound(rows)
    _say("the same, beside the bound INSERTs", rows, single, bound, goal="-")
    batched = _through_worker(channel, rows, batch=500)
    raw = _raw(rows)
    _say("envelopes of 500 messages, worker", rows, batched, raw, goal="-")
    _over_http(channel, min(rows, 20_000))


def _say(what: str, rows: int, seconds: float, raw: float, *, goal: str) -> None:
    print(f"{what:38} {rows / seconds:9.0f} messages/s  ratio {raw / seconds:.2f}  (goal {goal})")


def _channel() -> Channel:
    _empty()
    Channel.objects.filter(name="bench").delete()
    unit, _ = Unit.objects.get_or_create(name="bench")
    return services.open_channel(unit, kind="webhook", name="bench", by=AUTOMATION)


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join((*TABLES, *_ALSO))} CASCADE")


def bodies(rows: int, *, batch: int) -> Iterator[bytes]:
    """Signed-webhook bodies of `batch` messages each."""
    for start in range(0, rows, batch):
        data = [_message(number) for number in range(start, min(start + batch, rows))]
        event = {"type": "message.received", "timestamp": "2026-01-01T00:00:00Z"}
        yield json.dumps(event | {"data": data if batch > 1 else data[0]}).encode()


def _message(number: int) -> dict[str, Any]:
    person = number // PERSONS
    return {
        "id": f"message-{number}",
        "thread": f"thread-{person}",
        "from": {"handle": f"person-{person}", "name": f"Person {person}"},
        "text": f"Bonjour, ma commande {number} n'est pas arrivée. Où en est-elle ? " * 3,
    }


def _through_worker(channel: Channel, rows: int, *, batch: int) -> float:
    """Seconds from the nudge to the last verdict; worker and envelopes wait for it."""
    _empty()
    Envelope.objects.bulk_create(
        (
            Envelope(id=uuid7(), channel=channel, key=f"delivery-{number}", body=body)
            for number, body in enumerate(bodies(rows, batch=batch))
        ),
        batch_size=1000,
    )
    _analyze()
    services.pause(channel, paused=True, by=AUTOMATION)
    began = timezone.now()
    with processes.worker() as worker:
        _wait(lambda: Pulse.objects.filter(name="worker", at__gt=began).exists())
        begin = time.perf_counter()
        services.pause(channel, paused=False, by=AUTOMATION)  # wakes the worker
        _wait(lambda: not Envelope.objects.filter(state="waiting").exists())
        seconds = time.perf_counter() - begin
        peak = worker.peak_memory()
    done = Message.objects.count()
    if done != rows:
        raise RuntimeError(f"{done} messages of {rows}")
    print(f"  worker's peak memory, largest process {peak:.0f} MB")
    return seconds


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _wait(done: Callable[[], bool], *, seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("the worker did not get there")
        time.sleep(0.02)


def _raw(rows: int) -> float:
    """The very rows that the path wrote, by INSERTs of 500 rows, over one connection and over
    two (as many as the worker has processes), the faster counts.

    The statements are written out before the clock starts, so that no Python is measured, only
    PostgreSQL. The envelopes are left out: they were stored before, in the other run too.
    """
    tables = [table for table in TABLES if table != "conversations_envelope"]
    statements = [_statements(table) for table in tables]
    times = [_raw_over(tables, statements, connections) for connections in (1, 2, 1, 2)]
    print("  raw, with 1, 2, 1, 2 connections:", *(f"{seconds:.1f} s" for seconds in times))
    return min(times)


def _bound(rows: int) -> float:
    """The same INSERTs by a Python program that binds the values of each, in one transaction."""
    tables = [table for table in TABLES if table != "conversations_envelope"]
    kept = [_rows(table) for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join((*tables, *_ALSO))} CASCADE")
    _analyze()
    with _connect() as other, psycopg.ClientCursor(other) as cursor:
        begin = time.perf_counter()
        for head, values in kept:
            for at in range(0, len(values), STATEMENT):
                cursor.execute(_insert(cursor, head, values[at : at + STATEMENT]))
        other.commit()
        seconds = time.perf_counter() - begin
    print(f"INSERTs bound by one client             {rows / seconds:9.0f} messages/s")
    return seconds


def _raw_over(tables: list[str], statements: list[list[bytes]], connections: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join((*tables, *_ALSO))} CASCADE")
    _analyze()
    others = [_connect() for _ in range(connections)]
    with ThreadPoolExecutor(connections) as pool:
        begin = time.perf_counter()
        for of_table in statements:  # in the order of foreign keys
            parts = [of_table[number::connections] for number in range(connections)]
            list(pool.map(_execute, others, parts))
        seconds = time.perf_counter() - begin
    for other in others:
        other.close()
    return seconds


def _execute(other: psycopg.Connection[Any], statements: list[bytes]) -> None:
    with other.transaction(), other.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _connect() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    names = ("dbname", "host", "port", "user", "password")
    return psycopg.connect(**{name: parameters[name] for name in names if name in parameters})


def _statements(table: str) -> list[bytes]:
    """What was written into `table`, as INSERTs of STATEMENT rows."""
    head, rows = _rows(table)
    with _connect() as other, psycopg.ClientCursor(other) as cursor:
        return [
            _insert(cursor, head, rows[at : at + STATEMENT])
            for at in range(0, len(rows), STATEMENT)
        ]


def _rows(table: str) -> tuple[str, list[tuple[Any, ...]]]:
    """The head of an INSERT, and the rows that stand in `table`."""
    with _connect() as other, psycopg.ClientCursor(other) as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        names = ", ".join(f'"{column.name}"' for column in cursor.description or ())
        return f"INSERT INTO {table} ({names}) VALUES ", cursor.fetchall()


def _insert(
    cursor: psycopg.ClientCursor[tuple[Any, ...]], head: str, rows: list[tuple[Any, ...]]
) -> bytes:
    one = f"({', '.join(['%s'] * len(rows[0]))})"
    values = [_adapt(value) for row in rows for value in row]
    return cursor.mogrify(head + ", ".join([one] * len(rows)), values).encode()


def _adapt(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


def _over_http(channel: Channel, rows: int) -> None:
    single = list(bodies(rows, batch=1))
    bare = _requests_per_second("bench.bare:application", [load.plain(body) for body in single])
    _empty()
    signed = [load.signed(channel, body, number) for number, body in enumerate(single)]
    door = _requests_per_second("config.wsgi:application", signed)
    print(f"{'bare view, one INSERT':38} {bare:9.0f} requests/s")
    print(f"{'door':38} {door:9.0f} requests/s  ratio {door / bare:.2f}  (goal 0.6)")
    _say_path("whole path by HTTP", _whole_path(channel, single, rows), door, "the door", "1/2")
    batched = _whole_path(channel, list(bodies(rows, batch=500)), rows)
    _say_path("whole path by HTTP, 500 a request", batched, rows / _raw(rows), "raw", "1/5")


def _say_path(what: str, speed: float, other: float, name: str, goal: str) -> None:
    print(f"{what:38} {speed:9.0f} messages/s  ratio {speed / other:.2f} of {name}  (goal {goal})")


def _requests_per_second(application: str, requests: list[bytes]) -> float:
    with processes.web(application) as port:
        load.send(port, requests[:500])  # warm
        begin = time.perf_counter()
        load.send(port, requests[500:])
        return (len(requests) - 500) / (time.perf_counter() - begin)


def _whole_path(channel: Channel, bodies_: list[bytes], rows: int) -> float:
    _empty()
    requests = [load.signed(channel, body, number) for number, body in enumerate(bodies_)]
    with processes.web("config.wsgi:application") as port, processes.worker():
        time.sleep(2)
        begin = time.perf_counter()
        load.send(port, requests)
        _wait(lambda: Message.objects.count() == rows)
        return rows / (time.perf_counter() - begin)
