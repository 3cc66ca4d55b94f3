"""The embedded servers of a scratch checkout: started, shared, killed, removed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from django.conf import settings

from config import embedded

HOLD = """
import sys, pathlib
from config import embedded
embedded.ensure(pathlib.Path(sys.argv[1]), postgres=False)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMBEDDED_DIR", raising=False)


@contextmanager
def _user(base: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the Redis of `base` until we let it go."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(base)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process


def _pids(base: Path) -> dict[str, int]:
    file = embedded.addresses(base).data / "redis.ready.json"
    return dict(json.loads(file.read_text()))


def _await(what: str, happens: object, *, within: float = 40) -> None:
    assert callable(happens)
    deadline = time.monotonic() + within
    while not happens():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _client(base: Path) -> redis.Redis:
    return redis.Redis.from_url(embedded.addresses(base).redis_url)


def test_addresses_start_and_write_nothing(tmp_path: Path) -> None:
    first, second = embedded.addresses(tmp_path / "a"), embedded.addresses(tmp_path / "b")
    assert first == embedded.addresses(tmp_path / "a")
    assert first.sockets != second.sockets
    assert list(tmp_path.iterdir()) == []
    assert not first.sockets.exists()


def test_a_deep_checkout_still_gets_a_short_socket_path(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    path = embedded.addresses(deep).sockets / ".s.PGSQL.5432.lock"
    assert len(os.fsencode(path)) <= embedded.SOCKET_PATH_MAX


def test_outside_local_mode_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELAIS_LOCAL")
    assert embedded.ensure_local(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_servers_stop_after_their_last_user_even_a_killed_one(tmp_path: Path) -> None:
    with _user(tmp_path) as one:
        pids = _pids(tmp_path)
        with _user(tmp_path):
            assert _pids(tmp_path) == pids
            one.kill()
            time.sleep(embedded_grace())
            assert _client(tmp_path).ping()
    _await("keeper and server end", lambda: not any(map(_lives, pids.values())))


def embedded_grace() -> float:
    return 3.5


def test_a_killed_server_comes_back_with_its_data(tmp_path: Path) -> None:
    with _user(tmp_path):
        _client(tmp_path).set("kept", "yes")
        time.sleep(1.2)  # the append-only file is synchronised every second
        os.kill(_pids(tmp_path)["server"], signal.SIGKILL)
        embedded.ensure(tmp_path, postgres=False)
        assert _client(tmp_path).get("kept") == b"yes"


def test_a_killed_keeper_takes_its_server_along_and_is_replaced(tmp_path: Path) -> None:
    with _user(tmp_path):
        before = _pids(tmp_path)
        os.kill(before["keeper"], signal.SIGKILL)
        _await("server ends", lambda: not _lives(before["server"]))
        embedded.ensure(tmp_path, postgres=False)
        assert _pids(tmp_path)["keeper"] != before["keeper"]
        assert _client(tmp_path).ping()


def test_sockets_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = embedded.addresses(tmp_path).sockets
    folder.mkdir(mode=0o755)
    try:
        with pytest.raises(embedded.EmbeddedError, match="mode 0700"):
            embedded.ensure(tmp_path, postgres=False)
    finally:
        folder.rmdir()


def test_data_of_another_major_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    home = embedded.addresses(tmp_path).data / "postgres"
    home.mkdir(parents=True)
    (home / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.EmbeddedError, match=r"manage.py dump FILE"):
        embedded.ensure(tmp_path, redis=False)
    assert (home / "PG_VERSION").read_text() == "9\n"
