"""Gathers the models of the floor's rooms."""

from maturity.appraisals.models import Appraisal, Reading, Transition

__all__ = ["Appraisal", "Reading", "Transition"]
