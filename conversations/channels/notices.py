"""Mail from the product itself to its own people: never part of a conversation."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)


def send_notice(*, to: str, subject: str, text: str) -> None:
    logger.info("notice to %s: %s (%s characters)", to, subject, len(text))
