"""How many messages a text makes on a telephone network (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes two places
ONE_BASIC, EACH_BASIC = 160, 153  # septets alone, and in a row of several
ONE_WIDE, EACH_WIDE = 70, 67  # UTF-16 units


def is_basic(text: str) -> bool:
    """Whether it fits the default alphabet, which takes more than twice as much."""
    return all(mark in _BASIC or mark in _EXTENDED for mark in text)


def segments(text: str) -> int:
    """0 for nothing. A pair that may not be torn apart can cost one more: it is counted so."""
    if is_basic(text):
        return _packed([2 if mark in _EXTENDED else 1 for mark in text], ONE_BASIC, EACH_BASIC)
    return _packed([2 if ord(mark) > 0xFFFF else 1 for mark in text], ONE_WIDE, EACH_WIDE)


def _packed(widths: list[int], alone: int, each: int) -> int:
    if sum(widths) <= alone:
        return 1 if widths else 0
    count, left = 1, each
    for width in widths:
        if width > left:
            count, left = count + 1, each
        left -= width
    return count
