"""A progress bar on stderr; where stderr is no terminal, a line at every quarter."""

from __future__ import annotations

import time
from typing import Protocol

WIDTH = 30
PAUSE = 0.1  # seconds between two drawings
QUARTERS = 4


class Writable(Protocol):
    def write(self, text: str, /) -> object: ...


class Progress:
    def __init__(self, out: Writable) -> None:
        self._out = out
        self._tty = bool(getattr(out, "isatty", lambda: False)())
        self._drawn = 0.0
        self._quarter = 0

    def begin(self, what: str, whole: int) -> None:
        self.what, self.whole, self.done = what, max(whole, 1), 0
        self._quarter = 0
        self._draw()

    def step(self) -> None:
        self.reach(self.done + 1)

    def reach(self, done: int) -> None:
        self.done = done
        if self._tty and time.monotonic() - self._drawn < PAUSE:
            return
        if self._tty or self.done * QUARTERS // self.whole > self._quarter:
            self._draw()

    def end(self) -> None:
        if self.done < self.whole:
            self.done = self.whole
            self._draw()
        if self._tty:
            self._draw()
            self._out.write("\n")

    def _draw(self) -> None:
        share = min(self.done / self.whole, 1.0)
        self._quarter = int(share * QUARTERS)
        self._drawn = time.monotonic()
        bar = "#" * int(share * WIDTH)
        line = f"{self.what:8} [{bar:<{WIDTH}}] {share:4.0%}"
        self._out.write(f"\r{line}" if self._tty else f"{line}\n")
