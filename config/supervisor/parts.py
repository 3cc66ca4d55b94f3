"""The programs that make up a running Relais on one machine."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from django.core.management import get_commands

from config.supervisor.child import Child

GUNICORN = (
    *("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--preload"),
    *("--timeout", "60", "--graceful-timeout", "4", "--keep-alive", "5"),
    *("--no-control-socket", "--log-level", "warning"),
)
WORKER = ("--pool", "prefork", "--concurrency", "2", "--without-gossip", "--without-mingle")


def parts(base: Path, *, door: int, url: str, lmtp: str) -> list[Child]:
    """Make every child; `door` is the descriptor of the listening socket of the web server."""
    environment = _environment(url, lmtp)
    schedule = base / "var" / "beat"
    schedule.mkdir(parents=True, exist_ok=True)
    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "--app", "config"]
    commands = {
        "web": [python, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{door}", *GUNICORN],
        "worker": [*celery, "worker", *WORKER],
        "beat": [*celery, "beat", "--schedule", str(schedule / "schedule"), "--pidfile="],
        "listen": [python, "manage.py", "listen"],
    }
    if "listen" not in get_commands():
        del commands["listen"]
    return [
        Child(name, command, environment, base, inherits=[door] if name == "web" else [])
        for name, command in commands.items()
    ]


def _environment(url: str, lmtp: str) -> Mapping[str, str]:
    """What the children inherit; Django has put its time zone into ours."""
    ours = {"BASE_URL": url, "LMTP_LISTEN": lmtp, "PYTHONUNBUFFERED": "1"}
    ours["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    return {name: value for name, value in os.environ.items() if name != "TZ"} | ours
