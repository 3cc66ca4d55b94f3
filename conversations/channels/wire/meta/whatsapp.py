"""WhatsApp by Meta's Cloud API: one business number a channel.

A person is known by their number, or by the id that Meta gives them where they hide it. We may
write freely for 24 hours after they did; after that Meta takes only templates that it approved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from conversations.channels.wire import calling
from conversations.channels.wire.contract import (
    Account,
    File,
    Ignored,
    Item,
    Outbound,
    Remote,
    SendFailed,
    Sent,
)
from conversations.channels.wire.meta import graph
from conversations.channels.wire.meta.whatsapp_reading import items_of
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    NotFetched,
    gettext_noop,
)
from conversations.channels.wire.values import each, inside, loaded, text, whole

_HIDDEN = re.compile(r"[A-Za-z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")  # the id of who hides the number
_NUMBER = re.compile(r"\+?\d{5,20}")


class WhatsApp(graph.Product):
    card = Card(
        title="WhatsApp",
        fields=(
            Field(
                "phone_number_id",
                gettext_noop("Phone number id"),
                gettext_noop("WhatsApp, API Setup: the id of the number, not the number itself."),
                secret=False,
                address=True,
            ),
            graph.ACCESS_TOKEN,
            graph.APP_SECRET,
            graph.VERIFY_TOKEN,
        ),
        steps=(
            gettext_noop(
                "Make an app of the type Business at developers.facebook.com and add WhatsApp to "
                "it."
            ),
            gettext_noop(
                "WhatsApp, Configuration: enter the address of the door and the verify token, and "
                "subscribe to messages."
            ),
            gettext_noop(
                "Numbers of one app post to one door: it finds each number's own channel."
            ),
        ),
        longest=4_096,
        window=timedelta(hours=24),
        per_minute=1_200,
    )

    def recipients(self, body: bytes) -> frozenset[str]:
        found = (_number(value) for _, value, _ in graph.changes(loaded(body)))
        return frozenset(filter(None, found))

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        items: list[Item] = []
        for _, value, field in graph.changes(loaded(body)):
            if _number(value) != account.address:
                items.append(Ignored("for another number" if _number(value) else f"{field}: news"))
            else:
                items += items_of(value, field)
        return items or [Ignored("nothing in it")]

    def send(self, account: Account, message: Outbound) -> Sent:
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            **_to(message),
            "type": "text",
            "text": {"body": message.text, "preview_url": False},
            "biz_opaque_callback_data": message.id,
        }
        answer = self.post(account, f"{account.address}/messages", body)
        return Sent(next((text(each_, "id") for each_ in each(answer, "messages")), ""))

    def check(self, account: Account) -> Checked:
        if not account.address.isdigit():
            raise NotConnected("the phone number id is a long number")
        fields = "verified_name,display_phone_number,quality_rating,platform_type"
        told = self.asked(account, account.address, fields)
        remarks = []
        if text(told, "quality_rating") == "RED":
            remarks.append("Meta rates the quality of this number as low")
        if text(told, "platform_type") not in {"", "CLOUD_API"}:
            remarks.append("the number is not registered for the Cloud API")
        name = f"{text(told, 'verified_name')} {text(told, 'display_phone_number')}".strip()
        return Checked(name=name, remarks=tuple(remarks))

    def hook(self, account: Account) -> None:
        """Meta takes the address of a door on the app's own pages."""

    def fetch(self, account: Account, remote: Remote) -> File:
        if not (remote.key.isascii() and remote.key.isdigit()):
            raise NotFetched("it names no file of Meta's", permanent=True)
        try:
            told = self.call(account, "GET", remote.key)
        except SendFailed as error:
            raise NotFetched(str(error)) from error
        if not told.is_success:
            failed = graph.failure(told)
            raise NotFetched(str(failed), permanent=failed.permanent)
        if whole(told.data, "file_size") > calling.LARGEST_FILE:
            raise NotFetched("larger than 25 MB", permanent=True)
        return calling.fetch_file(
            remote,
            text(told.data, "url"),
            hosts=("lookaside.fbsbx.com",),
            headers={"authorization": f"Bearer {account.credentials.get('access_token', '')}"},
            loopback=account.loopback,
        )


def _number(value: Mapping[str, Any]) -> str:
    return text(inside(value, "metadata"), "phone_number_id")


def _to(message: Outbound) -> dict[str, str]:
    if message.thread:
        return {"recipient_type": "group", "to": message.thread}
    if _NUMBER.fullmatch(message.to.handle):
        return {"recipient_type": "individual", "to": message.to.handle}
    if _HIDDEN.fullmatch(message.to.handle):
        return {"recipient_type": "individual", "recipient": message.to.handle}
    raise SendFailed("this person has no address on WhatsApp", permanent=True)
