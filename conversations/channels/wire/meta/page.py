"""A Facebook page: Messenger, and the comments and posts of others on the page.

A talk in Messenger is one thread a person; below a post, a thread is the post, and whatever we
answer there is read by everybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Counted,
    Deleted,
    Echoed,
    Edited,
    File,
    Ignored,
    Inbound,
    Item,
    Mentioned,
    Outbound,
    Party,
    Post,
    SendFailed,
    Sent,
)
from conversations.channels.wire.meta import graph, messaging
from conversations.channels.wire.parts import in_parts
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Field,
    NotConnected,
    gettext_noop,
)
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.values import digest_of, each, inside, moment, text, whole

POST = "post:"
COUNTED = "reactions.summary(total_count).limit(0),comments.summary(total_count).limit(0),shares"
_SORTS = ("audio/*", "video/*", "application/*", "text/*")


class Page(messaging.Messenger):
    subscribed = (
        "messages,messaging_postbacks,message_deliveries,message_reads,message_echoes,"
        "message_edits,feed,mention"
    )
    card = Card(
        title="Facebook",
        fields=(
            Field(
                "page_id",
                gettext_noop("Page id"),
                gettext_noop("About, Page transparency: a long number."),
                secret=False,
                address=True,
            ),
            Field(
                "access_token",
                gettext_noop("Page access token"),
                gettext_noop("Of the page, made with a long-lived token, so that it does not end."),
            ),
            graph.APP_SECRET,
            graph.VERIFY_TOKEN,
        ),
        steps=(
            gettext_noop(
                "Make an app of the type Business at developers.facebook.com and add Messenger to "
                "it, with pages_messaging, pages_manage_metadata, pages_read_user_content and "
                "pages_manage_engagement."
            ),
            gettext_noop(
                "Webhooks, Page: enter the address of the door and the verify token. The test "
                "subscribes the page."
            ),
        ),
        longest=2_000,
        window=timedelta(hours=24),
        public=POST,
        per_minute=600,
    )
    # developers.facebook.com/docs/messenger-platform/send-messages: 8 MB of an image, 25 of others
    takes = Takes(
        most=5,
        largest=20 * 1024 * 1024,
        together=20 * 1024 * 1024,
        types={"image/*": 8 * 1024 * 1024, **dict.fromkeys(_SORTS, 20 * 1024 * 1024)},
    )

    # developers.facebook.com/docs/graph-api/reference/object/comments: one picture a comment
    takes_in_public = Takes(
        most=4,
        largest=4 * 1024 * 1024,
        together=16 * 1024 * 1024,
        types=dict.fromkeys(("image/jpeg", "image/png", "image/gif"), 4 * 1024 * 1024),
        public=True,
    )
    most_counted = 10

    def changed(
        self, entry: Mapping[str, Any], change: Mapping[str, Any], account: str
    ) -> Iterator[Item]:
        return _change(inside(change, "value"), text(change, "field"), account)

    def send(self, account: Account, message: Outbound) -> Sent:
        if message.thread.startswith(POST):
            return self._comment(account, message)
        steps = [partial(self._send_file, account, message, file) for file in message.files]
        if message.text:
            steps = [partial(self._say, account, message), *steps]
        return in_parts(message, steps)

    def _say(self, account: Account, message: Outbound) -> str:
        body = {
            "recipient": {"id": message.to.handle},
            "messaging_type": "RESPONSE",
            "message": {"text": message.text, "metadata": message.id},
        }
        return text(self.post(account, f"{account.address}/messages", body), "message_id")

    def _send_file(self, account: Account, message: Outbound, file: File) -> str:
        sort = file.type.partition("/")[0]
        kind = sort if sort in {"image", "video", "audio"} else "file"
        said = {
            "attachment": {"type": kind, "payload": {"is_reusable": False}},
            "metadata": message.id,
        }
        answer = self.call(
            account,
            "POST",
            f"{account.address}/messages",
            form={
                "recipient": json.dumps({"id": message.to.handle}),
                "messaging_type": "RESPONSE",
                "message": json.dumps(said),
            },
            file=("filedata", file),
        )
        if not answer.is_success:
            raise graph.failure(answer)
        return text(answer.data, "message_id")

    def _comment(self, account: Account, message: Outbound) -> Sent:
        """Below what they wrote, where everybody reads it; a comment holds one picture."""
        below = message.in_reply_to or message.thread.removeprefix(POST)
        if not _is_id(below):
            raise SendFailed("nothing of theirs is left to answer", permanent=True)
        path = f"{below}/comments"
        if not message.files:
            return Sent(text(self.post(account, path, {"message": message.text}), "id"))
        words = [message.text, *[""] * (len(message.files) - 1)]
        steps = [
            partial(self._picture, account, path, said, file)
            for said, file in zip(words, message.files, strict=True)
        ]
        return in_parts(message, steps)

    def _picture(self, account: Account, path: str, words: str, file: File) -> str:
        form = {"message": words} if words else {}
        answer = self.call(account, "POST", path, form=form, file=("source", file))
        if not answer.is_success:
            raise graph.failure(answer)
        return text(answer.data, "id")

    def publishes(self, account: Account) -> str:
        """Its right (pages_manage_posts) is one more, so the settings ask for it."""
        asked = account.options.get("publish", "").lower() in {"true", "1", "yes"}
        return "" if asked else "the channel’s settings do not ask for it"

    def publish(self, account: Account, post: Post) -> Sent:
        answer = self.post(account, f"{account.address}/feed", {"message": post.text})
        return Sent(text(answer, "id"))

    def counts(self, account: Account, external_ids: Sequence[str]) -> Sequence[Counted]:
        """Any of Facebook's reactions is a like."""
        found = []
        asked = [each for each in external_ids if _is_id(each)]
        for id_, told in self.counted(account, asked, COUNTED):
            likes = whole(inside(told, "reactions", "summary"), "total_count")
            comments = whole(inside(told, "comments", "summary"), "total_count")
            shares = whole(inside(told, "shares"), "count")
            values = {"likes": likes, "comments": comments, "shares": shares}
            found += [Counted(id_, metric, float(value)) for metric, value in values.items()]
        return found

    def check(self, account: Account) -> Checked:
        if not account.address.isdigit():
            raise NotConnected("the page id is a long number")
        told = self.asked(account, account.address, "name")
        apps = self.asked(account, f"{account.address}/subscribed_apps")
        remarks = (
            () if any(True for _ in each(apps, "data")) else ("the page tells no app anything",)
        )
        return Checked(name=text(told, "name"), remarks=remarks)

    def name_of(self, account: Account, handle: str) -> str:
        if not _is_id(handle):
            return ""
        return text(self.asked(account, handle, "name"), "name")


def _is_id(value: str) -> bool:
    return bool(value) and value.replace("_", "").isdigit() and value.isascii()


def _change(value: Mapping[str, Any], field: str, page: str) -> Iterator[Item]:
    if field == "mention":
        yield _mention(value)
    elif field != "feed":
        yield Ignored(f"{field[:60]}: of no use here")
    elif text(value, "item") == "comment":
        yield _said(value, page, id_=text(value, "comment_id"))
    elif text(value, "item") in {"status", "post", "photo", "video", "share"}:
        yield _said(value, page, id_=text(value, "post_id"))
    else:
        yield Ignored(f"{text(value, 'item')[:30]}: of no use here")


def _said(value: Mapping[str, Any], page: str, *, id_: str) -> Item:
    """A comment, or a post of somebody on the page: added, rewritten, taken away, hidden."""
    verb, at = text(value, "verb"), moment(text(value, "created_time"))
    words = "\n".join(filter(None, [text(value, "message"), text(value, "link")]))
    if verb == "remove":
        return Deleted(id_, at=at)
    if verb == "edited":
        return Edited(id_, text=words, body_digest=digest_of(words), at=at)
    if verb != "add" or not id_:
        return Ignored(f"{verb[:30]}: nothing was said")
    author, thread = inside(value, "from"), f"{POST}{text(value, 'post_id')}"
    if text(author, "id") == page:
        return _own(value, words, id_=id_, thread=thread)
    if not text(author, "id"):  # Meta does not say who: nobody is made up
        return Mentioned(external_id=id_, text=words, thread=thread, stated_at=at)
    return Inbound(
        external_id=id_,
        sender=Party(text(author, "id"), text(author, "name")[:200]),
        text=words,
        body_digest=digest_of(words),
        thread=thread,
        sent_at=at,
    )


def _own(value: Mapping[str, Any], words: str, *, id_: str, thread: str) -> Item:
    if text(value, "item") != "comment":
        return Ignored("a post of the page itself")
    return Echoed(
        external_id=id_,
        text=words,
        thread=thread,
        sent_at=moment(text(value, "created_time")),
        below=text(value, "parent_id"),
    )


def _mention(value: Mapping[str, Any]) -> Item:
    return Mentioned(
        external_id=text(value, "comment_id") or text(value, "post_id"),
        text=text(value, "message"),
        author=text(value, "sender_name")[:200],
        handle=text(value, "sender_id"),
        stated_at=moment(text(value, "created_time")),
    )
