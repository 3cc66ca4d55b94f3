"""Looks for a person's addresses and name everywhere; after an erasure it must find nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.privacy.finding import find


class Command(BaseCommand):
    help = (
        "Look for WORDS (addresses, a full name) in every column and file. Says where and how "
        "often, never what else stands there. Exit code 1 when something is found."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="+")

    def handle(self, *_args: Any, words: list[str], **_options: Any) -> None:
        places = 0
        for found in find(words):
            places += 1
            self.stdout.write(f"{found.place}: {found.rows}")
        if places:
            raise CommandError(f"found in {places} places.")
        self.stdout.write("Nothing found.")
