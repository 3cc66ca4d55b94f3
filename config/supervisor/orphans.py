"""Grandchildren: a part killed with -9 leaves its pool processes behind, holding rows and sockets.

Linux only; elsewhere these do nothing.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def adopt() -> None:
    """Let orphans become our children, where `end` finds them."""
    if _libc:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Called in a new child: the kernel ends it when the supervisor is killed."""
    if _libc:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end(*, known: set[int]) -> None:
    """Kill and reap the adopted ones of our group; keepers of servers have left it."""
    for pid in _children():
        if pid not in known and _group(pid) == os.getpgrp():
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)


def _children() -> Iterator[int]:
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, task.read_text().split())


def _group(pid: int) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(pid)
    return None
