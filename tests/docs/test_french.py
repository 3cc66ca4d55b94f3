"""The French catalogue is whole, and what is compiled is what was written."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "locale" / "fr" / "LC_MESSAGES"
_LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")')


def _entries() -> list[dict[str, str]]:
    entries = []
    for block in (FOLDER / "django.po").read_text(encoding="utf-8").split("\n\n"):
        entry: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if found := _LINE.fullmatch(line):
                key = found[1]
                entry[key] = ast.literal_eval(found[2])
            elif line.startswith('"'):
                entry[key] += ast.literal_eval(line)
        if entry.get("msgid"):
            entries.append(entry)
    return entries


def test_every_text_has_its_french() -> None:
    entries = _entries()
    assert len(entries) > 400
    without = [
        entry["msgid"]
        for entry in entries
        if not all(text for key, text in entry.items() if key.startswith("msgstr"))
    ]
    assert without == []
    assert "fuzzy" not in (FOLDER / "django.po").read_text(encoding="utf-8")


def test_placeholders_are_the_same_in_both_languages() -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
    for entry in _entries():
        wanted = sorted(placeholder.findall(entry["msgid"]))
        for key, text in entry.items():
            if key.startswith("msgstr") and "msgid_plural" not in entry:
                assert sorted(placeholder.findall(text)) == wanted, entry["msgid"]


def test_the_french_singular_says_the_number_since_zero_is_singular_there() -> None:
    """Else what was never used is "utilisé une fois". Of the chosen ones there is always one."""
    placeholder = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
    silent = [
        entry["msgid"]
        for entry in _entries()
        if "msgid_plural" in entry
        and set(placeholder.findall(entry["msgid_plural"]))
        - set(placeholder.findall(entry["msgstr[0]"]))
    ]
    assert silent == ["the conversation"]


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in _entries():
        context = entry.get("msgctxt")
        if "msgid_plural" in entry:
            for number, index in ((1, 0), (2, 1)):
                said = compiled.ngettext(entry["msgid"], entry["msgid_plural"], number)
                assert said == entry[f"msgstr[{index}]"]
        elif context:
            assert compiled.pgettext(context, entry["msgid"]) == entry["msgstr"]
        else:
            assert compiled.gettext(entry["msgid"]) == entry["msgstr"]
