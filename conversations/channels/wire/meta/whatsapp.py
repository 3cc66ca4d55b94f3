"""WhatsApp by Meta's Cloud API: one business number a channel.

A person is known by their number, or by the id that Meta gives them where they hide it. We may
write freely for 24 hours after they did; after that Meta takes only templates that it approved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Ignored,
    Item,
    Outbound,
    Remote,
    SendFailed,
    Sent,
)
from conversations.channels.wire.meta import graph, whatsapp_templates
from conversations.channels.wire.meta.whatsapp_reading import items_of
from conversations.channels.wire.parts import in_parts
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    NotFetched,
    gettext_noop,
)
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.templates import Template
from conversations.channels.wire.values import each, inside, loaded, text, whole

_HIDDEN = re.compile(r"[A-Za-z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")  # the id of who hides the number
_NUMBER = re.compile(r"\+?\d{5,20}")
_MB = 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"
_DOCUMENTS = (
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    f"{_OFFICE}.wordprocessingml.document",
    f"{_OFFICE}.spreadsheetml.sheet",
    f"{_OFFICE}.presentationml.presentation",
)
LONGEST_CAPTION = 1_024


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
            Field(
                "business_account_id",
                gettext_noop("WhatsApp Business account id"),
                gettext_noop(
                    "For templates, the only texts that go out a day after the person wrote. "
                    "It stands beside the number's id; without it no templates are offered."
                ),
                secret=False,
                required=False,
            ),
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
    # developers.facebook.com/docs/whatsapp/cloud-api/reference/media, "Supported media types"
    takes = Takes(
        most=5,
        largest=20 * _MB,
        together=20 * _MB,
        types={
            "image/jpeg": 5 * _MB,
            "image/png": 5 * _MB,
            "video/mp4": 16 * _MB,
            "video/3gpp": 16 * _MB,
            **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4"), 16 * _MB),
            "audio/ogg": 16 * _MB,
            **dict.fromkeys(_DOCUMENTS, 20 * _MB),
        },
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

    def templates(self, account: Account) -> Sequence[Template]:
        business = account.credentials.get("business_account_id", "")
        if not (business.isascii() and business.isdigit()):
            return ()
        found: list[Template] = []
        after = ""
        for _ in range(whatsapp_templates.MOST_PAGES):
            query = {"fields": whatsapp_templates.FIELDS, "limit": whatsapp_templates.PAGE}
            if after:
                query["after"] = after
            page = self._told(account, "GET", f"{business}/message_templates", query)
            found += whatsapp_templates.usable(page)
            after = whatsapp_templates.following(page)
            if not after:
                break
        return sorted(found, key=lambda one: (one.name, one.language))

    def send(self, account: Account, message: Outbound) -> Sent:
        if message.template is not None:
            said = whatsapp_templates.spoken(message.template, message.blanks)
            return Sent(self._say(account, message, said))
        caption = _caption(message)
        steps = [
            partial(self._send_file, account, message, file, caption if not number else "")
            for number, file in enumerate(message.files)
        ]
        if not caption and message.text:
            words = {"type": "text", "text": {"body": message.text, "preview_url": False}}
            steps = [partial(self._say, account, message, words), *steps]
        return in_parts(message, steps)

    def _say(self, account: Account, message: Outbound, what: Mapping[str, Any]) -> str:
        body = {
            "messaging_product": "whatsapp",
            **_to(message),
            **what,
            "biz_opaque_callback_data": message.id,
        }
        answer = self.post(account, f"{account.address}/messages", body)
        return next((text(each_, "id") for each_ in each(answer, "messages")), "")

    def _send_file(self, account: Account, message: Outbound, file: File, caption: str) -> str:
        """Handed over first, then sent by the id that Meta gave it."""
        form = {"messaging_product": "whatsapp", "type": file.type}
        path = f"{account.address}/media"
        answer = self.call(account, "POST", path, form=form, file=("file", file), seen=False)
        if not answer.is_success:
            raise graph.failure(answer)
        sort = _sort_of(file)
        media = {"id": text(answer.data, "id")}
        if caption:
            media["caption"] = caption
        if sort == "document":
            media["filename"] = file.name
        return self._say(account, message, {"type": sort, sort: media})

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


def _sort_of(file: File) -> str:
    sort = file.type.partition("/")[0]
    return sort if sort in {"image", "video", "audio"} else "document"


def _caption(message: Outbound) -> str:
    """The text, where it can stand below the first file instead of before it."""
    if not message.files or len(message.text) > LONGEST_CAPTION:
        return ""
    return "" if _sort_of(message.files[0]) == "audio" else message.text


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
