"""`python -m bench WHAT`: servers and a database of its own, var/bench. WHAT: see `main`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import django
import environ
from django.core.management import call_command

BASE_DIR = Path(__file__).resolve().parent.parent


def main(what: str = "ingest") -> None:
    set_up(f"bench-{what}" if what in ("import", "millions") else "bench")
    from bench import ingest, retention  # noqa: PLC0415 - needs Django set up
    from bench.history import report as importing  # noqa: PLC0415
    from bench.maturity import kept as keeping  # noqa: PLC0415
    from bench.maturity import large as millions  # noqa: PLC0415
    from bench.maturity import report as maturity  # noqa: PLC0415
    from bench.page import report as executive  # noqa: PLC0415
    from bench.routing import report, through  # noqa: PLC0415
    from bench.search import report as searching  # noqa: PLC0415
    from bench.suggestions import report as suggesting  # noqa: PLC0415

    benches: dict[str, tuple[Callable[[int], None], int]] = {
        "ingest": (lambda rows: ingest.main(rows=rows), 50_000),
        "routing": (lambda rows: report.main(questions=rows), 20_000),
        "offers": (lambda rows: through.main(conversations=rows), 5_000),
        "maturity": (lambda rows: maturity.main(messages=rows), 200_000),
        "facts": (lambda rows: keeping.main(messages=rows), 20_000),
        "millions": (lambda rows: millions.main(messages=rows), 5_000_000),
        "import": (lambda rows: importing.main(lines=rows), 400_000),
        "search": (lambda rows: searching.main(messages=rows), 5_000_000),
        "suggestions": (lambda _: suggesting.main(), 0),
        "retention": (lambda rows: retention.main(messages=rows), 1_000_000),
        "page": (lambda rows: executive.main(messages=rows), 20_000),
    }
    measure, rows = benches.get(what, benches["ingest"])
    measure(int(os.environ.get("ROWS", rows)))


def set_up(folder: str) -> None:
    environ.Env.read_env(BASE_DIR / ".env")
    os.environ["EMBEDDED_DIR"] = str(BASE_DIR / "var" / folder)
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
