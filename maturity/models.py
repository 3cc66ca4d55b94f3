"""Gathers the models of the floor's rooms."""

from maturity.appraisals.models import Appraisal, Reading, Transition
from maturity.executive.models import (
    Declaration,
    Digest,
    MailWish,
    Pledge,
    Share,
    Survey,
    Voter,
)

__all__ = [
    "Appraisal",
    "Declaration",
    "Digest",
    "MailWish",
    "Pledge",
    "Reading",
    "Share",
    "Survey",
    "Transition",
    "Voter",
]
