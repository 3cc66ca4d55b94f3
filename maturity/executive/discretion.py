"""Groups smaller than five people are not shown apart (docs/adr/0090).

Some criteria count people: those of a unit may be two, and then the figure is about these two.
The company as a whole is shown: it is set apart from nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from maturity.scoring.gates import Measured

LEAST = 5
OF_PEOPLE = frozenset({"S3-GOV-1", "S4-AMB-1", "S5-AMB-1"})

Shown = Mapping[UUID, Mapping[str, Measured]]


def people_in(measured: Measured) -> int:
    """How many people the figure is about: those asked, or those counted."""
    return measured.k if measured.n is None else measured.n


def withheld(shown: Shown, criterion: str) -> frozenset[UUID]:
    """The units whose figure is not shown. Never one alone: it could be read as the difference
    to the company's figure, so that the next smallest joins it."""
    if criterion not in OF_PEOPLE or len(shown) < 2:
        return frozenset()
    sizes = {unit: people_in(figures[criterion]) for unit, figures in shown.items()}
    small = {unit for unit, size in sizes.items() if 0 < size < LEAST}
    if len(small) == 1:
        others = [unit for unit in sizes if unit not in small and sizes[unit]]
        small |= set(sorted(others, key=lambda unit: (sizes[unit], str(unit)))[:1])
    return frozenset(small)
