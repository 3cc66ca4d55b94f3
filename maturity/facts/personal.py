"""What this room keeps of people outside: nothing; figures, and evidence by ids."""

from __future__ import annotations

from crm.journal.personal import Holdings, Table
from maturity.facts.models import DayFacts

HOLDINGS: Holdings = [Table(model=DayFacts, free="reading ground said evidence")]
