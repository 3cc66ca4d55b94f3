"""Gathers the models of the floor's rooms."""

from maturity.appraisals.models import Appraisal, Exemption, ModelVersion, Reading, Transition
from maturity.executive.models import (
    Declaration,
    Digest,
    MailWish,
    Pledge,
    Share,
    Survey,
    Voter,
)
from maturity.facts.models import DayFacts, Touch

__all__ = [
    "Appraisal",
    "DayFacts",
    "Declaration",
    "Digest",
    "Exemption",
    "MailWish",
    "ModelVersion",
    "Pledge",
    "Reading",
    "Share",
    "Survey",
    "Touch",
    "Transition",
    "Voter",
]
