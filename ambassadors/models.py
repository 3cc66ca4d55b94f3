"""Gathers the models of the floor's rooms."""

from ambassadors.communities.models import (
    Community,
    Insight,
    Member,
    Post,
    RoundTrip,
    Telling,
)
from ambassadors.governance.ladder import Ladder, Step, Vouch
from ambassadors.governance.models import (
    Acknowledgement,
    Correction,
    Course,
    Escalation,
    EscalationRule,
    NamedRole,
    Policy,
    Training,
)
from ambassadors.live.models import Event, HookPost, Subscription
from ambassadors.routing.models import Absence, Availability, Offer, RoutingCase, Rule, Topic
from ambassadors.routing.reasons import Reason
from ambassadors.routing.told import MailedAnswer, Notice, Overflow

__all__ = [
    "Absence",
    "Acknowledgement",
    "Availability",
    "Community",
    "Correction",
    "Course",
    "Escalation",
    "EscalationRule",
    "Event",
    "HookPost",
    "Insight",
    "Ladder",
    "MailedAnswer",
    "Member",
    "NamedRole",
    "Notice",
    "Offer",
    "Overflow",
    "Policy",
    "Post",
    "Reason",
    "RoundTrip",
    "RoutingCase",
    "Rule",
    "Step",
    "Subscription",
    "Telling",
    "Topic",
    "Training",
    "Vouch",
]
