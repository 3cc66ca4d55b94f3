"""One system a checkout: the lock tells a second start, and `make stop`, whom to talk to."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class AlreadyRuns(Exception):
    """Another process of this checkout holds the lock; `pid` is its id."""

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        self.pid = pid


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Hold the lock with our pid in it, or raise `AlreadyRuns`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(int(file.read_text() or 0)) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def end(file: Path, *, within: float) -> bool:
    """Ask the holder to stop; True when nobody holds the lock any more."""
    deadline = time.monotonic() + within
    asked = False
    while time.monotonic() < deadline:
        try:
            with held(file):
                return True
        except AlreadyRuns as other:
            if not asked and other.pid:
                with suppress(ProcessLookupError):
                    os.kill(other.pid, signal.SIGTERM)
                asked = True
        time.sleep(0.1)
    return False
