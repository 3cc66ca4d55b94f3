"""`make run`: the whole of Relais on this machine, in the foreground, until Ctrl-C."""

import json
import os
import sys
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.supervisor import ports, single
from config.supervisor.parts import parts
from config.supervisor.system import System

FIRST_WEB_PORT = 8000
FIRST_LMTP_PORT = 2424


class Command(BaseCommand):
    help = "Start web, worker, beat and listener on this machine, and keep them alive."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError("`run` is for local mode. In production see docker-compose.yml.")
        try:
            with single.held(settings.VAR / "run.lock"):
                (settings.VAR / "run.json").unlink(missing_ok=True)  # of one that was killed
                self._run()
        except single.AlreadyRuns as other:
            raise CommandError(self._where(other.pid)) from None

    def _run(self) -> None:
        if _is_behind():
            self.stdout.write("Bringing the database up to date ...")
            call_command("migrate", verbosity=0)
        with ports.listening(FIRST_WEB_PORT) as door:
            host = f"{ports.HOST}:{door.getsockname()[1]}"
            url = os.environ.get("BASE_URL") or f"http://{host}"
            lmtp = _lmtp()
            children = parts(settings.BASE_DIR, door=door.fileno(), url=url, lmtp=lmtp)
            system = System(settings.BASE_DIR, children, door=host, url=url, lmtp=lmtp)
            self.stdout.write(f"Starting {', '.join(system.children)} at {url} ...")
            system.run(sample=_sample())

    def _where(self, pid: int) -> str:
        with suppress(OSError, ValueError):
            url = json.loads((settings.VAR / "run.json").read_text())["url"]
            return f"Relais of this checkout runs already, at {url} (process {pid})."
        return f"Relais of this checkout is starting or stopping (process {pid})."


def _is_behind() -> bool:
    """Are there migrations to apply? Asking is much quicker than `migrate` with none."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _lmtp() -> str:
    """The configured door for mail; port 0 means the next free one."""
    host, _, port = settings.LMTP_LISTEN.rpartition(":")
    return f"{host}:{ports.free(FIRST_LMTP_PORT)}" if port == "0" else settings.LMTP_LISTEN


def _sample() -> list[str]:
    """What makes the sample company on the first start; SAMPLE=0 does without."""
    there = (settings.VAR / "sample.json").exists()  # a command costs seconds at each start
    if there or os.environ.get("SAMPLE") == "0" or "ensure_sample" not in get_commands():
        return []
    return [sys.executable, "manage.py", "ensure_sample"]
