"""psql, pg_dump and pg_restore: those of the embedded server, else those on PATH."""

import os
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from config import embedded


def command(program: str, *arguments: str) -> list[str]:
    """The program with our database; passwords travel by the environment only."""
    database = settings.DATABASES["default"]
    flags = {"--host": "HOST", "--port": "PORT", "--username": "USER", "--dbname": "NAME"}
    given = [f"{flag}={database[key]}" for flag, key in flags.items() if database.get(key)]
    return [str(_find(program)), *given, "--no-password", *arguments]


def environment() -> dict[str, str]:
    password = settings.DATABASES["default"].get("PASSWORD") or ""
    return {**os.environ, "PGPASSWORD": password, "PGTZ": "UTC"}


def _find(program: str) -> Path:
    if settings.EMBEDDED_POSTGRES:
        beside = embedded.postgres_binary().with_name(program)
        if beside.exists():
            return beside
    if found := shutil.which(program):
        return Path(found)
    raise CommandError(f"{program} is not installed (Debian: apt install postgresql-client).")
