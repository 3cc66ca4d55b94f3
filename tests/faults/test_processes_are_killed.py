import os
import signal
from pathlib import Path

import pytest

from tests.faults.provider import Provider
from tests.faults.system import System, alive, await_that

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("whole", [True, False], ids=["worker with its pool", "one of the pool"])
def test_a_reader_killed_between_claim_and_commit_loses_and_doubles_nothing(
    system: System, provider: Provider, whole: bool
) -> None:
    with system.inserts_held():
        for _ in range(20):
            provider.send()
        await_that(system.reader_waits, "a reader has claimed and waits for our lock", within=20)
        if whole:
            system.kill_part("worker")
        else:
            os.kill(_reader(system), signal.SIGKILL)
    assert len(provider.accepted) == 20
    provider.assert_each_is_there_once(within=90)


def _reader(system: System) -> int:
    """The pool process whose session waits for our lock, found by its end of the socket."""
    main = system.part("worker")
    assert main is not None
    pool = [pid for pid in _pool(main) if alive(pid)]
    assert pool
    return pool[0]


def _pool(main: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]


@pytest.mark.parametrize("part", ["web", "worker", "beat", "listen"])
def test_a_killed_part_is_back_within_ten_seconds(system: System, part: str) -> None:
    before = system.part(part)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    await_that(lambda: system.part(part) not in (None, before), f"{part} is back", within=10)


@pytest.mark.parametrize("server", ["postgres", "redis"])
@pytest.mark.parametrize("which", ["server", "keeper"])
def test_a_killed_server_is_back_within_ten_seconds_and_nothing_is_lost(
    system: System, provider: Provider, server: str, which: str
) -> None:
    before = system.server(server, which)
    with provider.stream():
        await_that(lambda: len(provider.accepted) > 5, "messages come in", within=20)
        os.kill(before, signal.SIGKILL)
        await_that(
            lambda: system.server(server, which) != before, f"{which} of {server}", within=10
        )
        taken = len(provider.accepted)
        await_that(lambda: len(provider.accepted) > taken + 5, "they still come in", within=20)
    provider.assert_each_is_there_once(within=60)


def test_after_kill_9_of_everything_each_accepted_message_is_there_once(
    system: System, provider: Provider
) -> None:
    with system.inserts_held():
        for _ in range(30):
            provider.send()
        await_that(system.reader_waits, "readers are at work", within=20)
        system.kill_everything()
    system.start()
    assert len(provider.accepted) == 30
    provider.assert_each_is_there_once(within=90)


def test_ctrl_c_leaves_nothing_running_and_the_next_start_finds_all(
    system: System, provider: Provider
) -> None:
    for _ in range(5):
        provider.send()
    pids = system.everything()
    system.interrupt()
    await_that(lambda: not any(map(alive, pids)), "everything has ended", within=15)
    assert not system.run_file.exists()
    system.start()
    provider.assert_each_is_there_once(within=30)
