"""Figures in the reader's words: how a number, a threshold and what is missing are said."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from maturity.scoring.definition import Criterion, Kind, Model
from maturity.scoring.gates import GateState, Measured, Verdict

OUTCOMES = {
    "MET": gettext_lazy("met"),
    "HELD": gettext_lazy("held"),
    "NOT_MET": gettext_lazy("not met"),
    "INSUFFICIENT": gettext_lazy("not enough data"),
    "NO_SOURCE": gettext_lazy("no source"),
    "NOT_APPLICABLE": gettext_lazy("exempted"),
    "ERROR": gettext_lazy("error"),
}


def outcome_word(outcome: str) -> str:
    return str(OUTCOMES[outcome])


def language() -> str:
    return "fr" if (get_language() or "en").startswith("fr") else "en"


def percent(share: float) -> str:
    return _("%(number)s %%") % {"number": number_format(100 * share, 0)}


def plain(number: float) -> str:
    return number_format(number, 0 if number == int(number) else 1)


def amount(criterion: Criterion, number: float | None) -> str:
    """A value of this criterion: a share in percent, a count as it is."""
    if number is None:
        return _("none yet")
    return plain(number) if criterion.kind is Kind.COUNT else percent(number)


def figure(measured: Measured, verdict: Verdict) -> str:
    if measured.n is None:
        return plain(measured.k)
    if verdict.value is None:
        return _("none yet")
    of = {"k": number_format(measured.k), "n": number_format(measured.n)}
    return _("%(k)s of %(n)s") % of + f" · {percent(verdict.value)}"


def few_people() -> str:
    return _("fewer than five people: not shown apart")


def interval(verdict: Verdict) -> str:
    """ "" for a count, a census and a plain ratio: their number is read as it is."""
    if verdict.lower is None or verdict.upper is None:
        return ""
    bounds = {"lower": percent(verdict.lower), "upper": percent(verdict.upper)}
    return _("between %(lower)s and %(upper)s") % bounds


def threshold(criterion: Criterion, measured: Measured) -> str:
    said = {
        "enter": amount(criterion, measured.enter),
        "stay": amount(criterion, measured.stay),
    }
    return _("opens at %(enter)s, is lost below %(stay)s") % said


def missing(
    criterion: Criterion, measured: Measured, verdict: Verdict, state: GateState, model: Model
) -> str:
    """What the gate still lacks, in one line."""
    if state.is_open:
        return losing(state, model)
    if not measured.has_source:
        return _("Nothing of this kind has been recorded yet.")
    if verdict.at_enter:
        counted = {"n": state.confirmations, "all": model.walk.confirmations}
        return _("Reached; %(n)s of %(all)s weekly confirmations.") % counted
    return not_reached(criterion, measured, verdict)


def losing(state: GateState, model: Model) -> str:
    losses = state.losses
    if losses:
        said = ngettext("%(n)s loss counted of %(all)s", "%(n)s losses counted of %(all)s", losses)
        return said % {"n": losses, "all": model.walk.losses}
    if state.held:
        held = {"n": state.held, "all": model.walk.held}
        return _("Held for %(n)s of %(all)s weeks: too few cases to judge.") % held
    return ""


def not_reached(criterion: Criterion, measured: Measured, verdict: Verdict) -> str:
    if verdict.too_small:
        sample = measured.n if measured.sample is None else measured.sample
        cases = {"n": number_format(sample or 0), "minimum": number_format(measured.minimum or 0)}
        return _("%(n)s cases so far, %(minimum)s are needed to judge.") % cases
    reached = verdict.lower if verdict.lower is not None else (verdict.value or 0.0)
    if reached >= measured.enter:
        return _("The number is reached; a further condition is not.")
    said = {"now": amount(criterion, reached), "enter": amount(criterion, measured.enter)}
    if verdict.lower is not None:
        return _("At least %(now)s for sure, %(enter)s is needed.") % said
    return _("%(now)s now, %(enter)s is needed.") % said
