"""The steps of cases: one offer after another, until somebody has it or staff does.

The conversation's age is its own: a refusal or an expired offer never resets it. Only one process
routes at a time, a whole batch in one transaction: what one offer takes from a person's capacity
the next decision knows.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from ambassadors.routing import said
from ambassadors.routing.candidates import pasts, people
from ambassadors.routing.deciding import Decision, decide
from ambassadors.routing.models import CaseState, RoutingCase, Rule
from ambassadors.routing.offering import Pick, locked_all, make, standing
from ambassadors.routing.questions import active_rules, questions
from ambassadors.routing.services import withdraw_open
from conversations.inbox.models import Conversation, Status
from crm.many import among, as_rows

LOCK = 1_919_907_188  # of the one who routes
BATCH = 1_000
MOST_LISTED = 5_000  # cases that one round looks at
RETRY = timedelta(minutes=5)  # when nobody changes anything: hours begin, absences end
_Found = tuple[str, tuple[str, ...]]  # language, topics


def adopt(*, most: int = 2_000) -> int:
    """Opens a case for live open conversations that nobody has and no case knows. How many."""
    anyone = Rule.objects.filter(active=True).exists()
    state = CaseState.SEEKING if anyone else CaseState.OVERFLOWED
    due_at = timezone.now() if anyone else None
    reasons = [] if anyone else [said.NO_ACTIVE_RULE]
    with connection.cursor() as cursor:
        cursor.execute(_ADOPT, [state.value, due_at, reasons, most])
        return int(cursor.rowcount)


_ADOPT = """
INSERT INTO ambassadors_routingcase (conversation_id, state, due_at, relaxed, reasons)
SELECT id, %s, %s::timestamptz, 0, %s::text[] FROM conversations_conversation c
WHERE live AND status = 'open' AND assignee_id IS NULL AND waiting_since IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM conversations_channel ch WHERE ch.id = c.channel_id AND ch.kind = 'drill')
  AND NOT EXISTS (SELECT FROM ambassadors_routingcase known WHERE known.conversation_id = c.id)
ORDER BY waiting_since LIMIT %s
ON CONFLICT DO NOTHING
"""


def route(*, at: datetime | None = None, seconds: float = 20) -> int:
    """Steps all due cases and, the oldest first, those that wait for somebody. How many steps.

    A case that waits is looked at again before a younger one that is due: whoever became free
    meanwhile is asked for the one that waits longest.
    """
    end = time.monotonic() + seconds
    done = 0
    ids = _to_look_at(at or timezone.now())
    for start in range(0, len(ids), BATCH):
        done += _step_batch(ids[start : start + BATCH], at=at or timezone.now())
        if time.monotonic() > end:
            break
    return done


def step(case: RoutingCase, *, at: datetime) -> None:
    """One step of one case: end an expired offer, make the next one, or leave it to staff."""
    _step_batch([case.pk], at=at)


def _to_look_at(at: datetime) -> list[uuid.UUID]:
    due = RoutingCase.objects.filter(due_at__lte=at)
    if not due.exists():
        return []
    looked_at = RoutingCase.objects.filter(
        Q(due_at__lte=at) | Q(state=CaseState.SEEKING, due_at__isnull=False)
    ).order_by("conversation__waiting_since", "due_at")
    return list(looked_at.values_list("pk", flat=True)[:MOST_LISTED])


def _step_batch(ids: Sequence[uuid.UUID], *, at: datetime) -> int:
    with transaction.atomic():
        _alone()
        conversations = locked_all(ids)
        held = RoutingCase.objects.select_for_update(skip_locked=True, of=("self",))
        cases = list(held.filter(pk__in=among(conversations), due_at__isnull=False))
        cases.sort(key=lambda case: (_since(conversations[case.pk]), case.pk))
        unsettled = [case for case in cases if not _settled(case, conversations[case.pk], at=at)]
        offers = standing([case.pk for case in unsettled], at=at)
        for case in unsettled:
            if case.pk in offers:
                case.state, case.due_at = CaseState.OFFERED, offers[case.pk].expires_at
        _seek([case for case in unsettled if case.pk not in offers], conversations, at=at)
        _write(cases)
        return len(cases)


def _write(cases: Sequence[RoutingCase]) -> None:
    """Rows that are held here."""
    rows = as_rows(
        {
            "id": case.pk,
            "state": CaseState(case.state).value,
            "rule": case.rule_id,
            "due": case.due_at,
            "given_up": case.relaxed,
            "said": case.reasons,
        }
        for case in cases
    )
    with connection.cursor() as cursor:
        cursor.execute(_CASES, [rows])


_CASES = """
UPDATE ambassadors_routingcase AS known
SET state = new.state, rule_id = rule, due_at = due, relaxed = given_up, reasons = said
FROM json_to_recordset(%s::json)
  AS new (id uuid, state text, rule bigint, due timestamptz, given_up int, said text[])
WHERE known.conversation_id = new.id
"""


def _keep(rows: Sequence[Conversation], was: Mapping[uuid.UUID, _Found]) -> None:
    """What was found anew in them; few different findings, so one statement each."""
    alike: dict[_Found, list[uuid.UUID]] = defaultdict(list)
    for each in rows:
        found = (each.language, tuple(each.topics))
        if found != was[each.pk]:
            alike[found].append(each.pk)
    for (language, topics), ids in alike.items():
        Conversation.objects.filter(pk__in=among(ids)).update(
            language=language, topics=list(topics)
        )


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _since(conversation: Conversation) -> datetime:
    return conversation.waiting_since or conversation.occurred_at


def _settled(case: RoutingCase, conversation: Conversation, *, at: datetime) -> bool:
    """Somebody has it, or it is over: nobody is to be asked."""
    if conversation.status == Status.OPEN and conversation.assignee_id is None:
        return False
    withdraw_open(conversation, at=at)
    case.state = CaseState.PLACED if conversation.assignee_id else CaseState.OVERFLOWED
    case.due_at = None
    return True


def _seek(
    cases: Sequence[RoutingCase], conversations: dict[uuid.UUID, Conversation], *, at: datetime
) -> None:
    rows = [conversations[case.pk] for case in cases]
    rules, asked_before = active_rules(), pasts(rows)
    was = {each.pk: (each.language, tuple(each.topics)) for each in rows}
    asked, pool = questions(rows, rules), people(at=at)
    picks = []
    for case in cases:
        since = _since(conversations[case.pk])
        decision = decide(
            asked[case.pk],
            rules,
            known=case.rule_id,
            since=since,
            past=asked_before[case.pk],
            pool=pool,
        )
        if pick := _apply(case, decision, since=since, at=at):
            pool.offered(pick.best.employee_id, minutes=pick.rule.minutes)
            picks.append(pick)
    _keep(rows, was)
    names = make(picks, at=at)
    by_case = {case.pk: case for case in cases}
    for pick in picks:
        told = {"rule": pick.rule.name, "name": names[pick.conversation]}
        _say(by_case[pick.conversation], said.OFFERED % told)


def _apply(case: RoutingCase, decision: Decision, *, since: datetime, at: datetime) -> Pick | None:
    rule = decision.rule
    first_wait = case.state != CaseState.SEEKING or case.rule_id is None
    case.rule_id = rule.id if rule else None
    _say_dropped(case, decision)
    if rule and decision.best:
        case.state, case.due_at = CaseState.OFFERED, at + rule.offer
        return Pick(case.pk, decision.best, rule)
    if rule is None or decision.to_staff:
        case.state, case.due_at = CaseState.OVERFLOWED, None
        _say(case, decision.why)
        return None
    if first_wait:
        _say(case, decision.why)
    case.state, case.due_at = CaseState.SEEKING, min(at + RETRY, since + rule.patience)
    return None


def _say_dropped(case: RoutingCase, decision: Decision) -> None:
    for topic in decision.dropped[case.relaxed :]:
        _say(case, said.GIVEN_UP % {"topic": topic})
    case.relaxed = len(decision.dropped)


def _say(case: RoutingCase, reason: str) -> None:
    case.reasons = said.added(case.reasons, reason)
