"""`python -m bench WHAT`: servers and a database of its own, var/bench. WHAT: see `main`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
import environ
from django.core.management import call_command

BASE_DIR = Path(__file__).resolve().parent.parent


def main(what: str = "ingest") -> None:
    set_up()
    from bench import ingest  # noqa: PLC0415 - needs Django set up
    from bench.maturity import report as maturity  # noqa: PLC0415
    from bench.page import report as executive  # noqa: PLC0415
    from bench.routing import report, through  # noqa: PLC0415
    from bench.search import report as searching  # noqa: PLC0415
    from bench.suggestions import report as suggesting  # noqa: PLC0415

    if what == "routing":
        report.main(questions=int(os.environ.get("ROWS", "20000")))
    elif what == "offers":
        through.main(conversations=int(os.environ.get("ROWS", "5000")))
    elif what == "maturity":
        maturity.main(messages=int(os.environ.get("ROWS", "200000")))
    elif what == "search":
        searching.main(messages=int(os.environ.get("ROWS", "5000000")))
    elif what == "suggestions":
        suggesting.main()
    elif what == "page":
        executive.main(messages=int(os.environ.get("ROWS", "20000")))
    else:
        ingest.main(rows=int(os.environ.get("ROWS", "50000")))


def set_up() -> None:
    environ.Env.read_env(BASE_DIR / ".env")
    os.environ["EMBEDDED_DIR"] = str(BASE_DIR / "var" / "bench")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    from config import embedded  # noqa: PLC0415 - reads EMBEDDED_DIR, set above

    embedded.ensure_local(BASE_DIR)
    django.setup()
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
