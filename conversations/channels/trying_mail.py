"""A test of a mail channel: both of its ways are tried, and nothing is fetched or sent."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from imaplib import IMAP4
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from imap_tools.errors import ImapToolsError

from conversations.channels import connecting, mailing
from conversations.channels.accounts import account_of, credentials_of
from conversations.channels.doors import imap
from conversations.channels.models import Channel
from conversations.channels.wire import mail_keys
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.email import transport
from conversations.channels.wire.provider import NotConnected

logger = logging.getLogger(__name__)

FETCHING, SENDING = "fetching", "sending"


@dataclass(frozen=True, slots=True)
class Tried:
    """way: `fetching` or `sending`. said: where it goes, or what is wrong, in the server's words.
    remarks: what does not stand in its way."""

    way: str
    works: bool
    said: str
    remarks: tuple[str, ...] = ()


def try_mail(channel: Channel) -> list[Tried]:
    """Outside any transaction: servers may take their time. Raises Conflict `no_mail`."""
    mailing.must_be_mail(channel)
    tried = [_fetching(channel)] if channel.inbox_url else []
    if channel.kind == mailing.PROVIDED:
        tried.append(_sending(channel))
    return tried


def _fetching(channel: Channel) -> Tried:
    host = urlsplit(channel.inbox_url).hostname or ""
    try:
        imap.Mailbox(channel.inbox_url, credentials_of(channel)).close()
    except (OSError, IMAP4.error, ImapToolsError, SendFailed, ValueError) as error:
        cause = f"{host}: {str(error) or type(error).__name__}"[:300]
        connecting.note_mailbox(channel, cause=cause, access=imap.is_refused(error))
        return Tried(FETCHING, works=False, said=cause)
    connecting.note_mailbox(channel, cause="")
    return Tried(FETCHING, works=True, said=host)


def _sending(channel: Channel) -> Tried:
    account = account_of(channel)
    provider = mailing.provider_of(channel)
    try:
        if provider is not None and mailing.is_carried(channel):
            checked = mail_keys.check(account)
            said = " · ".join(filter(None, (provider.title, checked.name)))
            return Tried(SENDING, works=True, said=said, remarks=tuple(checked.remarks))
        where = transport.check(account.options.get("mail_url", ""), keys=account.credentials)
    except (NotConnected, SendFailed) as error:
        return Tried(SENDING, works=False, said=str(error)[:300])
    except Exception as error:  # anymail's or our own bug: it says nothing of the keys
        logger.exception("channel %s: the test failed", channel.pk)
        return Tried(SENDING, works=False, said=f"the test failed: {type(error).__name__}")
    return Tried(SENDING, works=True, said=where or str(_("a folder on this machine")))
