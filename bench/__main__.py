"""`python -m bench [ingest]`: sets up servers and a database of its own under var/bench."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
import environ
from django.core.management import call_command

BASE_DIR = Path(__file__).resolve().parent.parent


def main() -> None:
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
    from bench import ingest  # noqa: PLC0415 - needs Django set up

    ingest.main(rows=int(os.environ.get("ROWS", "50000")))


if __name__ == "__main__":
    sys.exit(main())
