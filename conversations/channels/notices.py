"""Mail from the product itself to its own people: never part of a conversation."""

from __future__ import annotations


def send_notice(*, to: str, subject: str, text: str) -> None:
    raise NotImplementedError
