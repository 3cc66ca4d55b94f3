"""What `make run` calls once: the sample company, where the database is empty."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from config.sample.installing import ensure_sample


class Command(BaseCommand):
    help = "Makes the sample company when there is no data yet (local mode only)."

    def handle(self, *_: Any, **_options: Any) -> None:
        try:
            made = ensure_sample(settings.VAR, out=self.stderr)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if made:
            self.stdout.write("The sample company Bivouac is there.")
