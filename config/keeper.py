"""The detached parent of one embedded server: restarts it, and stops it after its last user.

Runs by its path with the standard library alone (`config/__init__` imports Celery), and is told
everything as one JSON object: see `embedded.Server.order`.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TypedDict

GRACE_SECONDS = 3.0
TICK_SECONDS = 0.25
STOP_SECONDS = 4.0
RESTART_SECONDS = 0.1  # doubled each time, until it has run steadily
RESTART_MAX_SECONDS = 4.0
STEADY_SECONDS = 10.0
LOG_MAX_BYTES = 5_000_000


class Order(TypedDict):
    """What to keep, and the files by which keeper and users find each other."""

    command: list[str]
    stop_signal: int
    home: str
    pid_files: list[str]
    keeper_file: str
    lease_file: str
    sockets_file: str
    ready_file: str
    log_file: str


def opened(path: str | Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def locked(descriptor: int) -> bool:
    """Take the exclusive lock if it is free."""
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def is_file(descriptor: int, path: str | Path) -> bool:
    """Does the path still lead to the open file, or has somebody removed it?"""
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), Path(path).stat())
    return False


class Keeper:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.process: subprocess.Popen[bytes] | None = None
        self.told_to_stop = False
        self.unused_since: float | None = None
        self.not_before = 0.0
        self.started_at = 0.0
        self.delay = RESTART_SECONDS

    def stand_up(self) -> None:
        """Take the lock, then let the caller go on alone."""
        self.lock = opened(self.order["keeper_file"])
        if not locked(self.lock):
            sys.exit(0)  # another one was faster
        self.lease = opened(self.order["lease_file"])
        # after `rm -r var` the old keeper needs a moment to leave the sockets to us
        self.sockets_lock = opened(self.order["sockets_file"])
        fcntl.flock(self.sockets_lock, fcntl.LOCK_EX)
        if os.fork():
            os._exit(0)
        self._write_to_log()
        signal.signal(signal.SIGTERM, self._tell)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)

    def _write_to_log(self) -> None:
        log_file = Path(self.order["log_file"])
        with suppress(OSError):
            if log_file.stat().st_size > LOG_MAX_BYTES:
                log_file.replace(log_file.with_suffix(".log.1"))
        with log_file.open("ab") as log:
            os.dup2(log.fileno(), sys.stderr.fileno())  # the caller waits for the old one's end

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_stop = True

    def keep(self) -> None:
        while not self.told_to_stop and not self._unused() and not self._orphaned():
            self._revive()
            time.sleep(TICK_SECONDS)
        self._stop()

    def _unused(self) -> bool:
        if not locked(self.lease):
            self.unused_since = None
            return False
        if self.unused_since is None:
            self.unused_since = time.monotonic()
        if time.monotonic() - self.unused_since >= GRACE_SECONDS:
            return True  # the lock stays: who comes now waits for our end
        fcntl.flock(self.lease, fcntl.LOCK_UN)
        return False

    def _orphaned(self) -> bool:
        """Somebody removed the data folder."""
        return not is_file(self.lock, self.order["keeper_file"])

    def _revive(self) -> None:
        if (self.process and self.process.poll() is None) or time.monotonic() < self.not_before:
            return
        if self.process and time.monotonic() - self.started_at > STEADY_SECONDS:
            self.delay = RESTART_SECONDS
        self._clear_stale()
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - the command is our own
            self.order["command"], stdin=subprocess.DEVNULL, stdout=sys.stderr, cwd="/"
        )
        self.delay = min(self.delay * 2, RESTART_MAX_SECONDS)
        self.not_before = time.monotonic() + self.delay
        draft = Path(self.order["ready_file"] + ".new")
        draft.write_text(json.dumps({"keeper": os.getpid(), "server": self.process.pid}))
        draft.replace(self.order["ready_file"])

    def _clear_stale(self) -> None:
        """A dead server's pid may be another's today: PostgreSQL would take that for itself."""
        for name in self.order["pid_files"]:
            with suppress(OSError, ValueError, IndexError):
                file = Path(name)
                process = Path("/proc") / str(abs(int(file.read_text().split()[0])))
                if Path("/proc/self").exists() and not self._is_ours(process):
                    file.unlink()

    def _is_ours(self, process: Path) -> bool:
        with suppress(OSError):
            return os.fsencode(self.order["home"]) in (process / "cmdline").read_bytes()
        return False

    def _stop(self) -> None:
        if self.process is None:
            return
        first = signal.SIGKILL if self._orphaned() else self.order["stop_signal"]
        for number in (first, signal.SIGQUIT, signal.SIGKILL):
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
                break
        with suppress(OSError):
            Path(self.order["ready_file"]).unlink()


if __name__ == "__main__":
    keeper = Keeper(json.loads(sys.argv[1]))
    keeper.stand_up()
    keeper.keep()
