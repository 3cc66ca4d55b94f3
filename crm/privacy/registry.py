"""What the rooms declare in `PERSONAL_DATA`, in the order in which it is erased."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from crm.journal.personal import Holdings, Step, Table


@cache
def holdings() -> Holdings:
    """From the highest room down: who the person is goes last, since it is looked for by it."""
    return [each for path in settings.PERSONAL_DATA for each in import_string(path)]


def tables() -> list[Table]:
    return [each for each in holdings() if isinstance(each, Table)]


def steps() -> list[Step]:
    return [each for each in holdings() if isinstance(each, Step)]
