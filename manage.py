#!/usr/bin/env python
"""Django's commands; in local mode they start the embedded servers they need."""

import os
import sys
from pathlib import Path

import environ
from django.core.management import execute_from_command_line

from config import embedded

BASE_DIR = Path(__file__).resolve().parent
WITHOUT_SERVERS = frozenset(
    ("help", "version", "makemessages", "compilemessages", "collectstatic", "spectacular", "stop")
)


def main() -> None:
    environ.Env.read_env(BASE_DIR / ".env")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if needs_servers(sys.argv):
        try:
            embedded.ensure_local(BASE_DIR)
        except embedded.EmbeddedError as problem:
            sys.exit(str(problem))
    execute_from_command_line(sys.argv)


def needs_servers(arguments: list[str]) -> bool:
    asks_help = {"-h", "--help", "--version"} & set(arguments)
    return len(arguments) > 1 and arguments[1] not in WITHOUT_SERVERS and not asks_help


if __name__ == "__main__":
    main()
