"""Why a conversation was routed so: what was decided, who was asked, who can not be asked now."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ambassadors.routing.candidates import pasts, people
from ambassadors.routing.matching import wishes
from ambassadors.routing.models import Offer, RoutingCase
from ambassadors.routing.questions import conditions, questions
from conversations.inbox.models import Conversation
from crm.organisation.models import Employee


@dataclass(frozen=True, slots=True)
class Refused:
    person: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class Why:
    """obstacles: how many of the people whom the rule addresses each keeps from being asked now.
    refused: the same by name."""

    case: RoutingCase | None
    offers: list[Offer]
    obstacles: dict[str, int] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


def why(conversation: Conversation, *, at: datetime) -> Why:
    offers = Offer.objects.filter(conversation=conversation).select_related("employee")
    case = RoutingCase.objects.select_related("rule").filter(pk=conversation.pk).first()
    found = Why(case, list(offers.order_by("occurred_at", "pk")))
    if case is None or case.rule is None:
        return found
    words = _obstacles(conversation, case, at=at)
    names = dict(Employee.objects.filter(pk__in=words).values_list("pk", "name"))
    found.obstacles.update(Counter(sorted(words.values())))
    found.refused.extend(
        Refused(names[pk], words[pk]) for pk in sorted(words, key=names.__getitem__)
    )
    return found


def _obstacles(
    conversation: Conversation, case: RoutingCase, *, at: datetime
) -> dict[uuid.UUID, str]:
    if case.rule is None:
        return {}
    rule = conditions(case.rule)
    question = questions([conversation], [])[conversation.pk]
    since = conversation.waiting_since or conversation.occurred_at
    need = wishes(rule, question, waited=at - since).need
    past = pasts([conversation])[conversation.pk]
    return dict(people(at=at).ranking(rule, need, past).refused)
