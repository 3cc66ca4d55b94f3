"""What a ladder knows of a person, from the rows of what happened to their answers."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from ambassadors.governance.ladder import Ladder, Step, StepKind, Vouch
from ambassadors.governance.models import Correction, CorrectionKind
from ambassadors.governance.trust import Event, Happening, Trust, weigh
from conversations.channels.wire.drill import KIND as DRILL
from conversations.inbox.models import Conversation
from crm.access.services import staffed_units
from crm.organisation.models import Employee, Unit
from crm.values import Via

_MISTAKES = {
    CorrectionKind.CORRECTED: Happening.CORRECTED,
    CorrectionKind.WITHDRAWN: Happening.WITHDRAWN,
    CorrectionKind.LATE_ESCALATION: Happening.LATE_ESCALATION,
}


def ladder_of(unit: Unit) -> Ladder | None:
    """The ladder that holds in a unit: its own, else the general one; None where it is off."""
    found = Ladder.objects.filter(Q(unit=unit) | Q(unit=None)).select_related("role")
    ladders = sorted(found, key=lambda ladder: ladder.unit_id is None)
    return ladders[0] if ladders and ladders[0].active else None


def climbs(employee: Employee | None, conversation: Conversation) -> Ladder | None:
    """The ladder that the person's answers in this conversation go by; staff goes by none."""
    ladder = ladder_of(conversation.unit)
    user = employee.user if employee else None
    if ladder is None or user is None:
        return ladder
    units = staffed_units(user)
    return None if units is None or conversation.unit_id in units else ladder


def standing(employee: Employee, ladder: Ladder) -> Trust:
    """Three queries."""
    return weigh(_events(employee), ladder.terms)


def _events(employee: Employee) -> Iterator[Event]:
    steps = Step.objects.filter(
        message__author_employee=employee, kind=StepKind.APPROVED, via=Via.OWN
    ).exclude(Q(by=employee) | Q(message__channel__kind=DRILL))
    for at, words in steps.values_list("occurred_at", "message__digest"):
        yield Event(at, Happening.APPROVED, words)
    mistakes = Correction.objects.filter(message__author_employee=employee)
    for at, kind in mistakes.values_list("occurred_at", "kind"):
        yield Event(at, _MISTAKES[CorrectionKind(kind)])
    words_for = Vouch.objects.filter(employee=employee).exclude(by=employee)
    for at, trusted in words_for.values_list("occurred_at", "trusted"):
        yield Event(at, Happening.VOUCHED if trusted else Happening.WATCHED)
