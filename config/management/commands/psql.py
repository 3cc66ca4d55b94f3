"""A SQL prompt on the database of this installation."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import postgres_tools


class Command(BaseCommand):
    help = "Open psql on our database; what follows -- is passed on (psql -- -c 'SELECT 1')."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arguments", nargs="*")

    def handle(self, *_args: Any, arguments: list[str], **_options: Any) -> None:
        psql = postgres_tools.command("psql", *arguments)
        # replaced, not spawned: signals and the exit code are psql's own; the lease goes with us
        os.execvpe(psql[0], psql, postgres_tools.environment())  # noqa: S606
