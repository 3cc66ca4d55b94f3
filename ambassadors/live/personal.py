"""Events carry ids; what an endpoint answered might quote them."""

from __future__ import annotations

from ambassadors.live.models import HookPost, Subscription
from crm.journal.personal import Holdings, Table

HOLDINGS: Holdings = [
    Table(model=HookPost, written="error"),
    Table(model=Subscription, free="url secret kinds"),
]
