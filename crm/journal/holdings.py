"""What this room keeps of people outside: nothing but digests of who was erased."""

from __future__ import annotations

from crm.journal.models import Act, Pulse, Tombstone
from crm.journal.personal import Holdings, Table

HOLDINGS: Holdings = [
    Table(model=Act, free="session verb subject_type subject_id data"),  # ids and states only
    Table(model=Pulse, free="name"),
    Table(model=Tombstone, free="digest kind"),
]
