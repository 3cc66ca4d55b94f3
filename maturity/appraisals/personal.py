"""What this room keeps of people outside: ids; an exemption's reason may name somebody."""

from __future__ import annotations

from crm.journal.personal import Holdings, Table
from maturity.appraisals.models import Appraisal, Exemption, Reading, Transition

HOLDINGS: Holdings = [
    Table(model=Appraisal, free="model_version model_sha256 blocking said"),
    Table(model=Reading, free="criterion records digest"),
    Table(model=Transition, free="causes"),
    Table(model=Exemption, written="reason", free="criterion"),
]
