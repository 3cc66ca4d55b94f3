"""The watch over all parts, from the first start to the last stop."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from config import embedded
from config.supervisor import facts, orphans
from config.supervisor.child import Child
from config.supervisor.signs import Signs

logger = logging.getLogger("relais.run")

TURN_SECONDS = 0.3
LOOK_SECONDS = 5.0
STOP_SECONDS = 7.0  # then what still runs is killed: whoever waits has been promised 15 s


class System:
    """Everything `make run` started. `door` is where the web server listens."""

    def __init__(
        self, base: Path, children: Sequence[Child], *, door: str, url: str, lmtp: str
    ) -> None:
        self.base = base
        self.children = {child.name: child for child in children}
        self.url = url
        self.lmtp = lmtp
        self.signs = Signs(door)
        self.sample: subprocess.Popen[bytes] | None = None
        self.told_to_stop = False
        self.announced = False
        self.next_look = 0.0

    @property
    def run_file(self) -> Path:
        return self.base / "var" / "run.json"

    def run(self, *, sample: Sequence[str]) -> None:
        """Keep everything alive until a signal says stop; `sample` is a command to run once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._tell)
        orphans.adopt()
        try:
            self._turn()
            if sample:
                self.sample = self._start_sample(sample)
            while not self.told_to_stop:
                self._turn()
                time.sleep(TURN_SECONDS)
        finally:
            self.run_file.unlink(missing_ok=True)
            self._stop()

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_stop = True

    def _start_sample(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        environment = next(iter(self.children.values())).environment
        return subprocess.Popen(  # noqa: S603 - our own program
            command,
            cwd=self.base,
            env=environment,
            preexec_fn=orphans.die_with_parent,  # noqa: PLW1509 - there are no threads here
        )

    def _turn(self) -> None:
        self._revive_servers()
        for child in self.children.values():
            child.keep_alive()
        orphans.end(known=self._pids())
        if not self.announced:
            self._announce_when_ready()
        elif time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + LOOK_SECONDS
            self._restart_the_deaf()

    def _revive_servers(self) -> None:
        try:
            embedded.revive_local(self.base)
        except (embedded.EmbeddedError, OSError) as problem:
            logger.warning("%s", problem)

    def _pids(self) -> set[int]:
        pids = {child.pid for child in self.children.values()}
        pids.add(self.sample.pid if self.sample else None)
        return {pid for pid in pids if pid is not None}

    def _announce_when_ready(self) -> None:
        if self.sample and self.sample.poll() is None:
            return
        if not self.signs.ready():
            return
        if self.sample and self.sample.returncode:
            logger.error("the sample company could not be made; everything else runs")
        contents = facts.gather(self.base / "var", url=self.url, lmtp=self.lmtp)
        facts.write(self.run_file, contents)
        sys.stdout.write(facts.banner(contents) + "\n")
        sys.stdout.flush()
        self.announced = True

    def _restart_the_deaf(self) -> None:
        """A process that is alive and does nothing is worse than a dead one: nobody sees it."""
        self.signs.look()
        for name in self.signs.deaf({child.name: child.age for child in self.children.values()}):
            logger.warning("%s is alive but gives no sign, starting it again", name)
            self.children[name].signal(signal.SIGKILL)

    def _stop(self) -> None:
        sys.stdout.write("\nRelais stops.\n")
        running = [child for child in self.children.values() if child.runs()]
        for child in running:
            child.signal(signal.SIGTERM)
        if self.sample and self.sample.poll() is None:
            self.sample.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.runs() for child in running) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in running:
            if child.runs():
                logger.warning("%s did not end, killed", child.name)
                child.signal(signal.SIGKILL)
        time.sleep(0.05)
        orphans.end(known=set())
