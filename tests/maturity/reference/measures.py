"""Criterion -> how it is counted: (pool of units seen, profile, headcount) -> Count."""

from tests.maturity.reference import lower, upper

MEASURES = {
    name.upper().replace("_", "-"): measure
    for module in (lower, upper)
    for name, measure in vars(module).items()
    if name[0] == "s" and name[1].isdigit()
}
