"""What this room keeps of people outside: nothing; evidence is ids."""

from __future__ import annotations

from crm.journal.personal import Holdings, Table
from maturity.appraisals.models import Appraisal, Reading, Transition

HOLDINGS: Holdings = [
    Table(model=Appraisal, free="model_version model_sha256 blocking said"),
    Table(model=Reading, free="criterion records digest"),
    Table(model=Transition, free="causes"),
]
