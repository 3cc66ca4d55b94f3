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

__all__ = [
    "Absence",
    "Acknowledgement",
    "Availability",
    "Community",
    "Correction",
    "Escalation",
    "Insight",
    "Offer",
    "Policy",
    "Post",
    "RoundTrip",
    "RoutingCase",
    "Rule",
    "Topic",
    "Training",
]
