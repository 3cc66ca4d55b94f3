"""One child process that is started again, sooner or later, whenever it ends."""

import logging
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.supervisor import orphans

logger = logging.getLogger("relais.run")

DELAY_FIRST = 0.2  # seconds
DELAY_MAX = 4.0
STEADY_SECONDS = 20.0  # after which a part is trusted again


@dataclass
class Child:
    """A part of the system, in the process group of the terminal: Ctrl-C reaches all."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    inherits: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    not_before: float = 0.0
    delay: float = DELAY_FIRST

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def age(self) -> float:
        return time.monotonic() - self.started_at

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def keep_alive(self) -> None:
        """Start it if it does not run; one that ends again at once waits longer each time."""
        if self.runs():
            return
        if self.process is not None:
            self._note_end(self.process.returncode)
        if time.monotonic() >= self.not_before:
            self._start()

    def _note_end(self, code: int) -> None:
        self.delay = DELAY_FIRST if self.age > STEADY_SECONDS else min(self.delay * 2, DELAY_MAX)
        self.not_before = time.monotonic() + self.delay
        logger.warning("%s ended (%s), starts again in %.1f s", self.name, code, self.delay)
        self.process = None

    def _start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            self.command,
            cwd=self.folder,
            env=self.environment,
            pass_fds=self.inherits,
            stdin=subprocess.DEVNULL,
            preexec_fn=orphans.die_with_parent,  # noqa: PLW1509 - there are no threads here
        )

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)
