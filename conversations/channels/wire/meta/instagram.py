"""Instagram, by its own login: direct messages, and comments below what the company published.

Instagram tells no deletion of a comment, and of a mention elsewhere only that there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Counted,
    Echoed,
    Ignored,
    Inbound,
    Item,
    Outbound,
    Party,
    SendFailed,
    Sent,
)
from conversations.channels.wire.meta import graph, messaging
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    gettext_noop,
)
from conversations.channels.wire.values import digest_of, inside, moment, text, whole

HOST = "https://graph.instagram.com"
MEDIA = "media:"


class Instagram(messaging.Messenger):
    host = HOST
    subscribed = "messages,message_edit,messaging_postbacks,messaging_seen,comments,live_comments"
    card = Card(
        title="Instagram",
        fields=(
            Field(
                "account_id",
                gettext_noop("Account id"),
                gettext_noop("Of the professional account: a long number, not its name."),
                secret=False,
                address=True,
            ),
            graph.ACCESS_TOKEN,
            graph.APP_SECRET,
            graph.VERIFY_TOKEN,
        ),
        steps=(
            gettext_noop(
                "Add Instagram with Instagram login to an app at developers.facebook.com, with "
                "instagram_business_manage_messages and instagram_business_manage_comments."
            ),
            gettext_noop(
                "Webhooks: enter the address of the door and the verify token. The test subscribes "
                "the account."
            ),
            gettext_noop("In the Instagram app, allow access to messages for connected tools."),
        ),
        longest=1_000,
        window=timedelta(hours=24),
        public=MEDIA,
        per_minute=600,
    )

    most_counted = 10

    def changed(
        self, entry: Mapping[str, Any], change: Mapping[str, Any], account: str
    ) -> Iterator[Item]:
        at = moment(text(entry, "time"), milliseconds=len(text(entry, "time")) > 11)
        return _change(change, account, at)

    def send(self, account: Account, message: Outbound) -> Sent:
        if message.thread.startswith(MEDIA):
            path, key = f"{_comment_of(message)}/replies", "id"
            body: dict[str, Any] = {"message": message.text}
        else:
            path, key = f"{account.address}/messages", "message_id"
            body = {"recipient": {"id": message.to.handle}, "message": {"text": message.text}}
        return Sent(text(self.post(account, path, body), key))

    def counts(self, account: Account, external_ids: Sequence[str]) -> Sequence[Counted]:
        found = []
        asked = [each for each in external_ids if each.isascii() and each.isdigit()]
        for id_, told in self.counted(account, asked, "like_count,comments_count"):
            names = (("like_count", "likes"), ("comments_count", "comments"))
            found += [
                Counted(id_, metric, float(whole(told, name)))
                for name, metric in names
                if name in told
            ]
        return found

    def check(self, account: Account) -> Checked:
        told = self.asked(account, "me", "user_id,username")
        if text(told, "user_id") != account.address:
            raise NotConnected(f"the token is of another account, {text(told, 'user_id')}")
        return Checked(name=f"@{text(told, 'username')}")

    def name_of(self, account: Account, handle: str) -> str:
        if not (handle.isascii() and handle.isdigit()):
            return ""
        told = self.asked(account, handle, "name,username")
        return text(told, "name") or text(told, "username")


def _comment_of(message: Outbound) -> str:
    if not (message.in_reply_to.isascii() and message.in_reply_to.isdigit()):
        raise SendFailed("nothing of theirs is left to answer", permanent=True)
    return message.in_reply_to


def _change(change: Mapping[str, Any], account: str, at: datetime | None) -> Iterator[Item]:
    """`value` is an object in what is delivered, a list in the documentation."""
    field = text(change, "field")
    if field not in {"comments", "live_comments"}:
        yield Ignored(f"{field[:60]}: Instagram does not pass on what was said")
        return
    value = change.get("value")
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield _comment(one, account, at)


def _comment(value: Mapping[str, Any], account: str, at: datetime | None) -> Item:
    author, id_ = inside(value, "from"), text(value, "id")
    thread = f"{MEDIA}{text(inside(value, 'media'), 'id')}"
    words = text(value, "text")
    if not (id_ and text(author, "id")):
        return Ignored("a comment of nobody in particular")
    if text(author, "id") == account or text(author, "self_ig_scoped_id") == account:
        return Echoed(id_, words, thread=thread, sent_at=at, below=text(value, "parent_id"))
    parent = text(value, "parent_id")
    return Inbound(
        external_id=id_,
        sender=Party(text(author, "id"), text(author, "username")[:200]),
        text=words,
        body_digest=digest_of(words),
        thread=thread,
        sent_at=at,
        references=(parent,) if parent else (),
    )
