"""Every type of record, in the order in which the types refer to each other."""

from __future__ import annotations

from ambassadors.communities.records import COMMUNITY, INSIGHT, POST, ROUND_TRIP
from ambassadors.governance.records import (
    ACKNOWLEDGEMENT,
    APPROVAL_STEP,
    CORRECTION,
    COURSE,
    ESCALATION,
    POLICY,
    TRAINING,
    VOUCH,
)
from ambassadors.routing.records import ASSIGNMENT
from conversations.channels.records import CHANNEL, HEARTBEAT, SOURCE
from conversations.editorial.records import DECISION, PUBLICATION, REACTION
from conversations.inbox.records import CLOSE, NEEDS_ANSWER
from conversations.knowledge.records import ARTICLE, ARTICLE_REVIEW, ARTICLE_VERSION, MESSAGE
from conversations.listening.records import MENTION, TRIAGE
from conversations.service_levels.records import SERVICE_LEVEL
from crm.contacts.records import CONTACT
from crm.journal.records import RecordType
from crm.organisation.records import CALENDAR, COMPANY, DEPARTMENT, EMPLOYEE, UNIT

RECORDS: dict[str, RecordType] = {
    record.type: record
    for record in (
        COMPANY,
        UNIT,
        DEPARTMENT,
        EMPLOYEE,
        SOURCE,
        HEARTBEAT,
        CHANNEL,
        CALENDAR,
        SERVICE_LEVEL,
        CONTACT,
        ARTICLE,
        ARTICLE_VERSION,
        ARTICLE_REVIEW,
        MESSAGE,
        NEEDS_ANSWER,
        ASSIGNMENT,
        CLOSE,
        ESCALATION,
        APPROVAL_STEP,
        VOUCH,
        CORRECTION,
        MENTION,
        TRIAGE,
        PUBLICATION,
        REACTION,
        DECISION,
        POLICY,
        ACKNOWLEDGEMENT,
        COURSE,
        TRAINING,
        COMMUNITY,
        POST,
        ROUND_TRIP,
        INSIGHT,
    )
}
