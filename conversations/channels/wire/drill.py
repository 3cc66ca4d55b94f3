"""A drill: what comes in was written by a colleague, and nothing goes out. No provider is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conversations.channels.wire import strict_json
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Inbound, Item, Outbound, Party, Refused, Sent
from conversations.channels.wire.values import digest_of

KIND = "drill"


class Drill:
    idempotent = True  # nobody is there who could get it twice

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return False  # no door: drills are started inside the house

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        """`from` is the colleague's own address: nobody outside ever wrote this."""
        try:
            said = strict_json.loads(body)
            text = said["text"]
            return [
                Inbound(
                    external_id=said["id"],
                    thread=said["thread"],
                    sender=Party(handle=said["from"], name=said["name"]),
                    text=text,
                    subject=said["subject"],
                    body_digest=digest_of(text),
                )
            ]
        except (strict_json.NotStrict, KeyError, TypeError) as error:
            raise Refused("not what a drill writes") from error

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        return Sent()
