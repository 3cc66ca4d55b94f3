"""Imports and foreign keys look down only; the order is the one that import-linter reads."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test.utils import isolate_apps

from conversations.inbox.models import Conversation

FLOORS = ("config", "maturity", "ambassadors", "conversations", "crm")
LOOKS_UP = {("crm.journal", "crm.organisation")}  # an act names its actor, AUTH_USER_MODEL


def _contracts() -> list[dict[str, Any]]:
    tool = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["tool"]
    return list(tool["importlinter"]["contracts"])


def _rank(place: str) -> tuple[int, int]:
    """How deep a room lies: floor, then room; what is not drawn lies on its floor's ground."""
    floor, _, room = place.partition(".")
    rooms = {
        contract["containers"][0]: contract["layers"]
        for contract in _contracts()
        if "containers" in contract
    }
    drawn = [name.strip("()") for name in rooms.get(floor, [])]
    return FLOORS.index(floor), drawn.index(room) if room in drawn else len(drawn)


def _upward_keys(found: Iterable[type[models.Model]]) -> list[str]:
    upward = []
    for model in found:
        for field in model._meta.get_fields():
            target = field.related_model
            if isinstance(field, models.ForeignKey) and isinstance(target, type):
                places = [".".join(m.__module__.split(".")[:2]) for m in (model, target)]
                ours = all(place.split(".")[0] in FLOORS for place in places)
                if ours and tuple(places) not in LOOKS_UP and _rank(places[0]) > _rank(places[1]):
                    upward.append(f"{model.__name__}.{field.name} -> {target.__name__}")
    return upward


def test_no_foreign_key_looks_up() -> None:
    assert _upward_keys(apps.get_models()) == []


@isolate_apps("crm")
def test_a_planted_upward_foreign_key_is_found() -> None:
    key = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    meta = type("Meta", (), {"app_label": "crm"})
    body = {"__module__": "crm.contacts.models", "Meta": meta, "conversation": key}
    planted = type("Planted", (models.Model,), body)
    assert _upward_keys([planted]) == ["Planted.conversation -> Conversation"]


def _lint(tmp_path: Path, planted: str, line: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a copy of the house with one line more."""
    for floor in FLOORS:
        shutil.copytree(settings.BASE_DIR / floor, tmp_path / floor)
    shutil.copy(settings.BASE_DIR / "pyproject.toml", tmp_path)
    file = tmp_path / planted
    file.write_text(file.read_text() + f"\n{line}\n" if file.exists() else line + "\n")
    return subprocess.run(
        [settings.BASE_DIR / ".venv" / "bin" / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("file", "line", "wall"),
    [
        ("crm/values.py", "import conversations.inbox.models", "Floors look down BROKEN"),
        (
            "conversations/channels/models.py",
            "import conversations.inbox.models",
            "Rooms of conversations look down BROKEN",
        ),
        ("conversations/channels/wire/contract.py", "import django", "framework BROKEN"),
        ("maturity/scoring/planted.py", "import django.utils", "Scoring is arithmetic BROKEN"),
        (
            "config/simulation/playing/habits.py",
            "from maturity.scoring.definition import load",
            "Simulated companies know no model BROKEN",
        ),
        (
            "maturity/facts/planted.py",
            "import conversations.inbox.services",
            "The roof reads measures and nothing else BROKEN",
        ),
    ],
)
def test_a_planted_import_through_a_wall_fails(
    tmp_path: Path, file: str, line: str, wall: str
) -> None:
    done = _lint(tmp_path, file, line)
    assert done.returncode == 1
    assert wall in done.stdout
