"""What this room keeps of people outside: ids; an exemption's reason may name somebody."""

from __future__ import annotations

from crm.journal.personal import Holdings, Table
from maturity.appraisals.models import Appraisal, Exemption, ModelVersion, Reading, Transition

HOLDINGS: Holdings = [
    Table(model=Appraisal, free="model_version model_sha256 blocking said"),
    Table(model=Reading, free="criterion records digest"),
    Table(model=Transition, free="causes joined"),
    Table(model=ModelVersion, free="sha256 version text"),
    Table(model=Exemption, written="reason", free="criterion"),
]
