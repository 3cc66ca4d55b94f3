"""Wilson score bounds of a share, without continuity correction."""

from __future__ import annotations

from math import sqrt


def bounds(k: int, n: int, *, z: float) -> tuple[float, float]:
    """The one-sided lower and upper bound of k of n; z = 0.84 gives 80 % each. n > 0."""
    share = k / n
    square = z * z / n
    middle = share + square / 2
    reach = z * sqrt(share * (1 - share) / n + square / (4 * n))
    return (middle - reach) / (1 + square), (middle + reach) / (1 + square)
