"""Reads a history file straight into rows: the arithmetic without a database."""

import gzip
import json
from pathlib import Path

from config.simulation.reading import IMPORTED, read

__all__ = ["HISTORIES", "IMPORTED", "lines", "read"]

HISTORIES = Path(__file__).resolve().parents[3].parent / "shared" / "histories"


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
