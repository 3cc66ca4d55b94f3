"""What this room keeps of people outside: answers to repeated requests quote them for a day."""

from __future__ import annotations

from crm.access.models import IdempotencyKey, PersonalToken
from crm.journal.personal import Holdings, Table

HOLDINGS: Holdings = [
    Table(model=IdempotencyKey, written="answer", free="key digest"),
    Table(model=PersonalToken, free="name scopes"),
]
