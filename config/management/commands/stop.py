"""`make stop`: end what `make run` started, and the embedded servers, from anywhere."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import embedded
from config.supervisor import single

WITHIN_SECONDS = 15.0


class Command(BaseCommand):
    help = "Stop what `run` started in this checkout, and its embedded servers."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not single.end(settings.VAR / "run.lock", within=WITHIN_SECONDS):
            raise CommandError("It does not end.")
        embedded.stop(settings.BASE_DIR)
        self.stdout.write("Nothing runs any more.")
