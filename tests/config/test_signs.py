"""Which parts of `make run` are started again because they do nothing."""

import time

import pytest

from config.supervisor.signs import Signs

HOUR = 3600.0


@pytest.mark.parametrize(
    ("silent", "age", "is_lost"),
    [
        (31, HOUR, True),  # it had answered since its start, then fell silent
        (29, HOUR, False),
        (HOUR, 31, False),  # it has begun and not answered yet: the machine is busy
        (HOUR, 179, False),
        (HOUR, 181, True),
    ],
)
def test_the_web_server_gets_the_time_that_its_start_takes(silent, age, is_lost):
    signs = Signs("127.0.0.1:9")
    signs.web_at = time.monotonic() - silent
    assert signs.deaf({"web": age, "worker": 1}) == (["web"] if is_lost else [])


def test_worker_and_beat_share_their_sign():
    signs = Signs("127.0.0.1:9")
    signs.task_at = time.monotonic() - 61
    assert signs.deaf({"web": 1, "worker": HOUR}) == ["worker", "beat"]
    assert signs.deaf({"web": 1, "worker": 60}) == []
