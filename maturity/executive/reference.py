"""docs/criteria.md, written from the model: the file is generated, and a test holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from maturity.scoring.definition import Bar, Criterion, Model, Profile

HEAD = """# The criteria of the maturity model

Generated from `maturity/model.toml` by `python manage.py write_criteria`; do not edit.
Model v{version}, {calibrated}. ENTER opens a gate after {confirmations} consecutive weekly
evaluations, {losses} consecutive ones below STAY close it. A share is read by its one-sided
80 % Wilson bounds (z = {z}); a census, a plain ratio and a count by the number itself.
"""


def number(value: float) -> str:
    return f"{value:g}"


def pair(bar: Bar) -> str:
    if bar.enter == bar.stay:
        return number(bar.enter)
    return f"{number(bar.enter)} / {number(bar.stay)}"


def by_profile(bars: Mapping[Profile, Bar]) -> str:
    b2c, b2b = (pair(bars[profile]) for profile in Profile)
    return b2c if b2c == b2b else f"{b2c} (B2C), {b2b} (B2B)"


def threshold(criterion: Criterion) -> str:
    grown = criterion.headcount
    if grown is None:
        return by_profile(criterion.bars or {})
    return (
        f"max({number(grown.least)}, min({number(grown.most)}, {number(100 * grown.share)} % of "
        f"headcount)), B2B {number(100 * grown.factor[Profile.B2B])} % of that and at least "
        f"{number(grown.floor[Profile.B2B])}; stay at {number(100 * grown.stay)} % of it"
    )


def minimum(criterion: Criterion) -> str:
    if criterion.minimum is None:
        return "none"
    return by_profile({p: Bar(n, n) for p, n in criterion.minimum.items()})


def described(criterion: Criterion) -> Iterator[str]:
    words, dimension = criterion.words["en"], criterion.dimension or "no dimension"
    yield f"### {criterion.id} {words.name}\n"
    yield f"{words.question} *({criterion.words['fr'].question})*\n"
    yield f"- {criterion.role.value}, {criterion.kind.value}; {dimension}"
    yield f"- measures: {words.unit} (`{criterion.metric}`)"
    yield f"- enter / stay: {threshold(criterion)}; minimum sample: {minimum(criterion)}"
    for name, bars in criterion.numbers.items():
        yield f"- {name.replace('_', ' ')}: {by_profile(bars)}"
    yield f"- why: {words.why}"
    yield f"- against gaming: {words.gaming}"
    yield f"- next action ({criterion.effort} effort): {words.action}\n"


def criteria_page(model: Model) -> str:
    walk = model.walk
    calibrated = "calibrated" if model.calibrated else "uncalibrated"
    parts = [
        HEAD.format(
            version=model.version,
            calibrated=calibrated,
            confirmations=walk.confirmations,
            losses=walk.losses,
            z=walk.z,
        )
    ]
    for stage in model.stages:
        parts.append(f"## {stage.number} {stage.name['en']} ({stage.curve['en'].lower()})\n")
        parts.append(f"{stage.line['en']}\n")
        for criterion in model.criteria:
            if criterion.stage == stage.number:
                parts.extend(described(criterion))
    return "\n".join(parts).rstrip() + "\n"
