"""Writes docs/criteria.md from the model."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from maturity.executive.reference import criteria_page
from maturity.scoring.definition import load


class Command(BaseCommand):
    help = "Writes docs/criteria.md from maturity/model.toml."

    def handle(self, *args: Any, **options: Any) -> None:
        page = settings.BASE_DIR / "docs" / "criteria.md"
        page.write_text(criteria_page(load()), encoding="utf-8")
        self.stdout.write(str(page))
