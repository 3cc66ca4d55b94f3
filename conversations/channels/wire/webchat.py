"""The web chat: our own page posts, our own page shows the answer. No provider in between.

A visitor's message reaches ingestion as the JSON that our page's door writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conversations.channels.wire import strict_json
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Inbound, Item, Outbound, Party, Refused, Sent
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.values import digest_of


class WebChat:
    idempotent = True  # the visitor's page reads the message row itself
    takes = Takes(most=10, largest=20 * 1024 * 1024, together=20 * 1024 * 1024)

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False  # no provider posts here; the page's door stores envelopes itself

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        try:
            said = strict_json.loads(body)
            text = said["text"]
            return [
                Inbound(
                    external_id=said["id"],
                    thread=said["visitor"],
                    sender=Party(handle=said["visitor"], name=said["name"]),
                    text=text,
                    body_digest=digest_of(text),
                )
            ]
        except (strict_json.NotStrict, KeyError, TypeError) as error:
            raise Refused("not what the chat page writes") from error

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        return Sent()
