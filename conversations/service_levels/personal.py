"""What this room keeps of people outside: nothing."""

from __future__ import annotations

from conversations.service_levels.models import Target, TargetVersion
from crm.journal.personal import Holdings, Table

HOLDINGS: Holdings = [
    Table(model=Target, free="key name first_answer next_answer resolution"),
    Table(model=TargetVersion, free="name first_answer next_answer resolution"),
]
