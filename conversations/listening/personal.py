"""What people said elsewhere: theirs when a conversation was made of it, or their account."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from conversations.inbox.personal import conversations_of
from conversations.listening.models import (
    Finding,
    Mention,
    Place,
    Promotion,
    Sighting,
    Triage,
    Watch,
    WatchEdit,
)
from crm.access.idempotency import forget_quoting
from crm.journal.lines import id_of
from crm.journal.personal import Holdings, Step, Subject, Table, tells_who

_WATCHED = "name terms exclusions competitors language"


def mentions_of(subject: Subject) -> QuerySet[Mention]:
    made = Promotion.objects.filter(conversation__in=conversations_of(subject).values("pk"))
    accounts = [each.lower() for each in subject.handles if tells_who(each)]
    rows = Mention.objects.alias(account=Lower("handle"))
    return rows.filter(Q(pk__in=made.values("mention")) | Q(account__in=accounts))


HOLDINGS: Holdings = [
    Step("crm.IdempotencyKey (of mentions)", lambda subject: forget_quoting(mentions_of(subject))),
    Table(
        model=Mention,
        of=mentions_of,
        blank="text author handle url canonical external_id thread",
        written="text author",
        free="key fingerprint language",  # the fingerprint is a digest: it is not heard anew
        buries=lambda row: [("mention", id_of(row))],
    ),
    Table(model=Watch, free=_WATCHED),
    Table(model=WatchEdit, free=_WATCHED),
    Table(model=Finding, free="item"),
    Table(model=Sighting, free="competitor"),
    Table(model=Triage, free="key"),
    Table(model=Place, free="url secret etag last_modified cursor cause"),
]
