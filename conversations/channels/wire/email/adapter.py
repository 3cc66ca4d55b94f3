"""Mail as a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Item, Outbound, Party, Post, Sent
from conversations.channels.wire.email import transport
from conversations.channels.wire.email.compose import compose, envelope_recipient, envelope_sender
from conversations.channels.wire.email.esp import receiving, sending
from conversations.channels.wire.email.parsing import parse
from conversations.channels.wire.takes import Takes


class Email:
    """Account.options: `mail_url` says where mail goes out (see `transport`), `list_address` the
    mailing list that a publication goes to. Account.credentials: keys of a provider of mail, see
    `esp`; where it has all that it needs, mail goes out by it."""

    idempotent = False
    # most servers take mails of 25 MB; a file grows by a third on its way
    takes = Takes(most=20, largest=17 * 1024 * 1024, together=17 * 1024 * 1024)

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False  # nobody posts mail here: LMTP, IMAP and the pipe are doors of their own

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        if receiving.NOTED in headers:
            return receiving.parse(account, body, headers)
        return parse(account, body, headers)

    def mint_id(self, account: Account, message_id: str) -> str:
        return f"<{message_id}@{account.address.rpartition('@')[2]}>"

    def send(self, account: Account, message: Outbound) -> Sent:
        if sending.sends(account.credentials):
            return sending.send(account, message)
        transport.send(
            account.options.get("mail_url", ""),
            name=message.id,
            sender=envelope_sender(account, message),
            recipient=envelope_recipient(message),
            mail=compose(account, message),
            keys=account.credentials,
        )
        return Sent(message.external_id)

    def publishes(self, account: Account) -> str:
        return "" if account.options.get("list_address") else "the channel names no mailing list"

    def publish(self, account: Account, post: Post) -> Sent:
        """To the list, whose server knows its readers; the first line is the subject."""
        subject, _, text = post.text.strip().partition("\n")
        message = Outbound(
            id=post.id,
            external_id=post.external_id,
            thread=post.external_id,
            to=Party(account.options.get("list_address", "")),
            text=text.strip() or subject,
            subject=subject,
            sender_name=post.sender_name,
        )
        return self.send(account, message)
