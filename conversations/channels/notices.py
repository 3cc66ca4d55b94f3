"""Mail from the product itself to its own people: never part of a conversation."""

from __future__ import annotations

import logging

from django.conf import settings

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Outbound, Party, SendFailed
from conversations.channels.wire.email import transport
from conversations.channels.wire.email.compose import compose, envelope_recipient, envelope_sender
from crm.organisation.models import User
from crm.values import uuid7

logger = logging.getLogger(__name__)


def tell_person(user: User, *, subject: str, text: str) -> bool:
    """A notice to somebody who works here, for floors that know no wire."""
    return send_notice(to=Party(user.email, user.name), subject=subject, text=text)


def send_notice(*, to: Party, subject: str, text: str, reply_address: str = "") -> bool:
    """Sends it now, marked as written by a machine. False when the mail server refused: who
    calls must show the same fact in another place. reply_address: where an answer is read."""
    account = Account(address=settings.MAIL_FROM)
    notice_id = str(uuid7())
    notice = Outbound(
        id=notice_id,
        external_id=f"<{notice_id}@{settings.MAIL_FROM.rpartition('@')[2]}>",
        thread="",
        to=to,
        text=text,
        subject=subject,
        sender_name="Relais",
        reply_address=reply_address,
        automated=True,
    )
    try:
        transport.send(
            settings.EMAIL_URL,
            name=notice_id,
            sender=envelope_sender(account, notice),
            recipient=envelope_recipient(notice),
            mail=compose(account, notice),
        )
    except SendFailed as failure:
        logger.warning("a notice was not sent: %s", failure)
        return False
    return True
