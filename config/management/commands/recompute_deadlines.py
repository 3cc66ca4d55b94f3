"""Deadlines made anew from what happened: after a restore, or when in doubt."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from conversations.inbox.levels import recompute


class Command(BaseCommand):
    help = "Makes the deadlines of all live conversations anew from their history."

    def handle(self, *_: Any, **_options: Any) -> None:
        self.stdout.write(f"{recompute()} conversations read")
