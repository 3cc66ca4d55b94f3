"""The product's own processes, as `make run` starts them, for as long as a measurement lasts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

BASE_DIR = Path(__file__).resolve().parent.parent


class Group:
    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=BASE_DIR,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )

    def peak_memory(self) -> float:
        """Megabytes of the largest process of the group."""
        return max(map(_peak, _group(self._process.pid)))

    def stop(self) -> None:
        self._process.terminate()  # the leader ends its children
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _group(leader: int) -> list[int]:
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _session(entry) == leader
    ]


def _session(entry: Path) -> int:
    try:
        return os.getsid(int(entry.name))
    except OSError:
        return 0


def _peak(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


@contextmanager
def worker() -> Iterator[Group]:
    group = Group(
        "celery",
        "-A",
        "config",
        "worker",
        "-B",
        "-c",
        "2",
        "-l",
        "WARNING",
        "-s",
        str(BASE_DIR / "var" / "bench" / "beat"),
    )
    try:
        yield group
    finally:
        group.stop()


@contextmanager
def web(application: str) -> Iterator[int]:
    """The port of a server with two processes of eight threads, as in `make run`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, body bytea)"
        )
        cursor.execute("TRUNCATE bench_bare")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    group = Group(
        "gunicorn",
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        "2",
        "-k",
        "gthread",
        "--threads",
        "8",
        "--log-level",
        "warning",
        application,
    )
    try:
        _answers(port)
        yield port
    finally:
        group.stop()


def _answers(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(2)  # both processes have loaded the application
                return
        time.sleep(0.1)
    raise TimeoutError("the web server does not answer")
