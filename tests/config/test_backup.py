"""A backup is worth what comes back from it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from crm.organisation.models import Unit
from tests import house


def _say(*arguments: str, **options: bool) -> str:
    said = StringIO()
    call_command(*arguments, stdout=said, **options)
    return said.getvalue()


@pytest.mark.django_db(transaction=True)
def test_what_was_dumped_comes_back_and_only_when_told_to_replace(tmp_path: Path) -> None:
    house.unit("Kept")
    file = tmp_path / "relais.dump"
    assert "relais.dump" in _say("dump", str(file))
    assert file.stat().st_mode & 0o077 == 0
    house.unit("Written after the dump")
    with pytest.raises(CommandError, match="not empty"):
        _say("restore", str(file))
    assert Unit.objects.count() == 2
    connection.close()
    assert "Restored" in _say("restore", str(file), replace=True)
    assert list(Unit.objects.values_list("name", flat=True)) == ["Kept"]


@pytest.mark.django_db(transaction=True)
def test_a_dump_that_fails_leaves_the_last_one_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "relais.dump.new").mkdir()
    (tmp_path / "relais.dump").write_bytes(b"yesterday's")
    with pytest.raises((CommandError, OSError)):
        _say("dump", str(tmp_path / "relais.dump"))
    assert (tmp_path / "relais.dump").read_bytes() == b"yesterday's"
