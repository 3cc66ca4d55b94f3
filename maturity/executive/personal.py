"""What this room keeps of people outside: nothing, but that a pledge's note may name somebody."""

from __future__ import annotations

from crm.journal.personal import Holdings, Table
from maturity.executive.models import Pledge, Share

HOLDINGS: Holdings = [
    Table(model=Pledge, written="note", free="criterion"),
    Table(model=Share, free="reading"),
]
