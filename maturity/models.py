"""Gathers the models of the floor's rooms."""

from maturity.appraisals.models import Appraisal, Reading, Transition
from maturity.executive.models import Pledge

__all__ = ["Appraisal", "Pledge", "Reading", "Transition"]
