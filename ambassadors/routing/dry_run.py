"""What the rules would do with conversations of the past, beside what happened. Changes nothing.

Each is decided by itself, as if it came in now and nobody had been asked about it yet.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ambassadors.routing.candidates import pasts, people
from ambassadors.routing.deciding import Decision, decide
from ambassadors.routing.matching import Conditions
from ambassadors.routing.models import Offer, OfferState, RoutingCase
from ambassadors.routing.pool import Past
from ambassadors.routing.questions import questions
from ambassadors.routing.said import in_words
from conversations.inbox.models import Conversation, ConversationQuerySet
from crm.organisation.models import Employee


@dataclass(frozen=True, slots=True)
class Tried:
    """rule, person: what would be met and who asked, "" for none. met, had: what happened."""

    conversation: Conversation
    rule: str
    person: str
    why: str
    met: str
    had: str

    @property
    def differs(self) -> bool:
        return self.rule != self.met


def dry_run(
    conversations: ConversationQuerySet, rules: Sequence[Conditions], *, at: datetime
) -> list[Tried]:
    """In a fixed number of queries, unless a rule looks at articles: then one each."""
    rows = list(conversations.select_related("identity__contact", "channel", "assignee"))
    asked, before, pool = questions(rows, rules), pasts(rows), people(at=at)
    decisions = {
        each.pk: decide(
            asked[each.pk],
            rules,
            known=None,
            since=at,
            past=Past(regulars=before[each.pk].regulars),
            pool=pool,
        )
        for each in rows
    }
    names = _names(decisions.values())
    happened = _happened([each.pk for each in rows])
    return [_tried(each, decisions[each.pk], names, happened.get(each.pk)) for each in rows]


def _tried(
    each: Conversation,
    decision: Decision,
    names: dict[uuid.UUID, str],
    happened: tuple[str, str] | None,
) -> Tried:
    met, had = happened or ("", "")
    return Tried(
        conversation=each,
        rule=decision.rule.name if decision.rule else "",
        person=names.get(decision.best.employee_id, "") if decision.best else "",
        why=in_words(decision.why),
        met=met,
        had=had or str(each.assignee or ""),
    )


def _names(decisions: Iterable[Decision]) -> dict[uuid.UUID, str]:
    ids = {one.best.employee_id for one in decisions if one.best}
    return dict(Employee.objects.filter(pk__in=ids).values_list("pk", "name"))


def _happened(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    """The rule that was met, and who took it."""
    cases = RoutingCase.objects.filter(pk__in=ids).values_list("pk", "rule__name")
    taken = Offer.objects.filter(conversation__in=ids, state=OfferState.ACCEPTED)
    had = dict(taken.order_by("accepted_at").values_list("conversation_id", "employee__name"))
    return {pk: (rule or "", had.get(pk, "")) for pk, rule in cases}
