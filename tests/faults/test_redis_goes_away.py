import os
import signal
import time
from contextlib import suppress

import pytest
import redis

from config import embedded
from tests.faults.provider import Provider
from tests.faults.system import System, await_that

pytestmark = pytest.mark.fault


def _send_for(provider: Provider, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        provider.send()
        time.sleep(0.1)


def test_the_door_answers_at_once_while_redis_is_frozen(
    system: System, provider: Provider, fault_seconds: float
) -> None:
    frozen = system.server("redis")
    os.kill(frozen, signal.SIGSTOP)
    try:
        _send_for(provider, fault_seconds)
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert {one.status for one in provider.answers} == {202}
    assert max(one.seconds for one in provider.answers) < 1
    provider.assert_each_is_there_once(within=60)


def test_the_door_answers_at_once_while_redis_is_gone(
    system: System, provider: Provider, fault_seconds: float
) -> None:
    end = time.monotonic() + fault_seconds
    while time.monotonic() < end:
        with suppress(ProcessLookupError):
            os.kill(system.server("redis"), signal.SIGKILL)  # again, as often as it comes back
        _send_for(provider, 0.5)
    assert {one.status for one in provider.answers} == {202}
    assert max(one.seconds for one in provider.answers) < 1
    provider.assert_each_is_there_once(within=60)


def test_a_backlog_survives_that_redis_is_emptied(system: System, provider: Provider) -> None:
    with system.inserts_held():
        for _ in range(60):
            provider.send()
        where = embedded.addresses(system.base)
        for url in (where.redis_url, where.redis_url.replace("db=1", "db=0")):
            redis.Redis.from_url(url).flushall()
    assert len(provider.accepted) == 60
    provider.assert_each_is_there_once(within=60)


def test_the_worker_takes_tasks_again_after_redis_was_killed(system: System) -> None:
    before = system.value("SELECT at FROM crm_pulse WHERE name = 'worker'")
    os.kill(system.server("redis"), signal.SIGKILL)
    await_that(
        lambda: system.value("SELECT at FROM crm_pulse WHERE name = 'worker'") > before,
        "a task ran",
        within=20,
    )
