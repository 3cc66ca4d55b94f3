"""The stage and its figures as Prometheus gauges, in the text format 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator

from maturity.appraisals.services import Picture
from maturity.executive.rows import Row, Subject, rows
from maturity.executive.tables import subjects
from maturity.scoring import stages
from maturity.scoring.gates import Outcome

HELP = {
    "stage": "Stage of social maturity, 1 to 5; absent while unassessed.",
    "assessed": "1 while a source is healthy enough for a stage, else 0.",
    "at_risk": "1 while a gate that carries the stage is being lost, else 0.",
    "provisional": "1 until enough evaluations were made live, else 0.",
    "gates_open": "Gates of the next stage that are open.",
    "gates": "Gates of the next stage.",
    "criterion_value": "Share or count of a criterion; absent where there is none.",
    "criterion_lower": "Lower bound of a share, one-sided 80 % Wilson.",
    "criterion_enter": "Threshold that opens the gate.",
    "criterion_stay": "Threshold below which the gate is lost.",
    "criterion_open": "1 while the gate is open, else 0.",
    "criterion_losses": "Weekly losses in a row of an open gate.",
    "criterion_outcome": "1 for the outcome that holds.",
    "derived_timestamp_seconds": "When these figures were derived.",
}

Sample = tuple[str, dict[str, str], float]


def text(picture: Picture) -> str:
    """Every gauge with its samples; the unit is empty for the company."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {name: [] for name in HELP}
    for name, labels, value in samples(picture):
        found[name].append((labels, value))
    return "".join(
        f"# HELP relais_maturity_{name} {HELP[name]}\n# TYPE relais_maturity_{name} gauge\n"
        + "".join(_line(name, labels, value) for labels, value in of)
        for name, of in found.items()
    )


def samples(picture: Picture) -> Iterator[Sample]:
    yield "derived_timestamp_seconds", {}, picture.made_at.timestamp()
    for unit, subject in subjects(picture, None):
        labels = {"unit": unit.key if unit else ""}
        found = rows(picture.derived, subject.at_a_glance())
        yield from standing(picture, subject, found, labels)
        for row in found:
            yield from criterion(row, labels | {"criterion": row.criterion.id})


def standing(
    picture: Picture, subject: Subject, found: list[Row], labels: dict[str, str]
) -> Iterator[Sample]:
    derived, number = picture.derived, subject.standing.stage
    yield "assessed", labels, number is not None
    if number is not None:
        yield "stage", labels, number
        wanted = [r for r in found if r.criterion.is_gate and r.criterion.stage == number + 1]
        yield "gates", labels, len(wanted)
        yield "gates_open", labels, sum(row.is_open for row in wanted)
    yield "at_risk", labels, stages.is_at_risk(derived.model, subject.standing)
    yield "provisional", labels, derived.is_provisional(subject.unit)


def criterion(row: Row, labels: dict[str, str]) -> Iterator[Sample]:
    if not row.is_withheld and row.verdict.value is not None:
        yield "criterion_value", labels, row.verdict.value
    if not row.is_withheld and row.verdict.lower is not None:
        yield "criterion_lower", labels, row.verdict.lower
    yield "criterion_enter", labels, row.measured.enter
    yield "criterion_stay", labels, row.measured.stay
    yield "criterion_open", labels, row.is_open
    yield "criterion_losses", labels, row.gate.losses
    for outcome in Outcome:
        told = labels | {"outcome": outcome.value}
        yield "criterion_outcome", told, row.outcome is outcome


def _line(name: str, labels: dict[str, str], value: float) -> str:
    said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"relais_maturity_{name}{{{said}}} {float(value)!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
