"""What the documents promise about files and commands is there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

BASE: Path = settings.BASE_DIR
DOCUMENTS = sorted(BASE.glob("*.md")) + sorted((BASE / "docs").rglob("*.md"))
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def _named(pattern: str) -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        for found in re.findall(pattern, document.read_text()):
            yield document.name, found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    broken = [
        target
        for target in LINK.findall(document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_make_target_named_anywhere_exists() -> None:
    targets = set(TARGET.findall((BASE / "Makefile").read_text()))
    named = set(_named(r"`(?:[A-Z]+=\d )?make ([a-z-]+)`")) | set(_named(r"^make ([a-z-]+)"))
    assert {name for _, name in named} <= targets


def test_every_command_named_anywhere_exists() -> None:
    known = set(get_commands())
    named = set(_named(r"manage\.py ([a-z_]+)"))
    assert {(document, name) for document, name in named if name not in known} == set()


def test_the_newcomers_map_names_files_that_exist() -> None:
    text = (BASE / "CONTRIBUTING.md").read_text()
    table = text.partition("## To change X, open Y")[2].partition("\n## ")[0]
    places = re.findall(r"`([\w./-]+)`", "".join(re.findall(r"\|[^|]*\|\n", table)))
    assert len(places) > 15
    assert [place for place in places if "/" in place and not (BASE / place).exists()] == []


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=BASE, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^make ([a-z-]+)", shown.stdout, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", (BASE / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert listed == set(phony[1].split())


def test_secrets_and_data_of_a_checkout_are_never_committed() -> None:
    ignored = (BASE / ".gitignore").read_text().splitlines()
    assert {".env", "var/", ".venv/", ".uv/"} <= set(ignored)
