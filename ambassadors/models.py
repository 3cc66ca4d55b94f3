"""Gathers the models of the floor's rooms."""

from ambassadors.communities.models import Community, Insight, Post, RoundTrip
from ambassadors.governance.models import (
    Acknowledgement,
    Correction,
    Escalation,
    Policy,
    Training,
)
from ambassadors.routing.models import Absence, Availability, Offer, RoutingCase, Rule, Topic
from ambassadors.routing.reasons import Reason
from ambassadors.routing.told import MailedAnswer, Notice

__all__ = [
    "Absence",
    "Acknowledgement",
    "Availability",
    "Community",
    "Correction",
    "Escalation",
    "Insight",
    "MailedAnswer",
    "Notice",
    "Offer",
    "Policy",
    "Post",
    "Reason",
    "RoundTrip",
    "RoutingCase",
    "Rule",
    "Topic",
    "Training",
]
