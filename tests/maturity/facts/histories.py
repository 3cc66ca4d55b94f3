"""Reads a history file straight into rows: the arithmetic without a database."""

import gzip
import json
from pathlib import Path

from config.simulation.reading import IMPORTED, read
from maturity.appraisals import derivation

__all__ = ["HISTORIES", "IMPORTED", "derived", "lines", "read"]

HISTORIES = Path(__file__).resolve().parents[3].parent / "shared" / "histories"


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def derived(ledger, as_of, *, now):
    """From the records alone, nothing kept and nothing live."""
    monday = derivation.monday_reached(ledger.units_at, as_of, now)
    return derivation.derive(ledger, as_of, monday=monday, live={})
