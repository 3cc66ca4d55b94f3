"""Slack: the Events API in, chat.postMessage out (docs.slack.dev).

A message is known by its place and its stamp together. A thread is its first message; a direct
message without a thread belongs to one conversation. Slack repeats a delivery under its event_id
up to three times, and shows us our own messages.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from conversations.channels.wire import calling, signatures
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    File,
    Ignored,
    Inbound,
    Item,
    Outbound,
    Party,
    Remote,
    SendFailed,
    Sent,
    Trouble,
)
from conversations.channels.wire.provider import (
    Ask,
    Card,
    Checked,
    Field,
    NotConnected,
    Reply,
    gettext_noop,
)
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.values import digest_of, each, inside, loaded, moment, text, whole

API = "https://slack.com/api"
NEEDED = frozenset({"chat:write", "files:read", "files:write"})
_SAID = {"", "file_share", "thread_broadcast", "me_message"}
_MARK = re.compile(r"<([^<>|\n]{1,2000})(?:\|([^<>\n]{0,500}))?>")
_PASSING = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
}
_ACCESS = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "no_permission",
    "org_login_required",
    "ekm_access_denied",
}


class Slack:
    idempotent = False
    accepted = 200
    card = Card(
        title="Slack",
        fields=(
            Field(
                "team_id",
                gettext_noop("Workspace"),
                gettext_noop(
                    "The workspace's id, such as T1DC2JH3J: it stands in its web address."
                ),
                secret=False,
                address=True,
            ),
            Field(
                "signing_secret",
                gettext_noop("Signing secret"),
                gettext_noop("Basic Information, App Credentials."),
            ),
            Field(
                "bot_token",
                gettext_noop("Bot token"),
                gettext_noop("OAuth & Permissions, it begins with xoxb-."),
            ),
        ),
        steps=(
            gettext_noop(
                "Make an app at api.slack.com/apps with the scopes chat:write, files:read, "
                "files:write, users:read and channels:history (groups:history, im:history)."
            ),
            gettext_noop(
                "Event Subscriptions: enter the address of the door, and subscribe to "
                "message.channels (message.groups, message.im)."
            ),
            gettext_noop("Install the app and invite it into the channels that are to be heard."),
        ),
        longest=40_000,
        per_minute=60,
    )
    takes = Takes(most=10, largest=20 * 1024 * 1024, together=20 * 1024 * 1024)

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        secret = account.credentials.get("signing_secret", "")
        return signatures.slack(secret, headers, body, now=time.time())

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        if ask.method != "POST" or b"url_verification" not in ask.body:
            return None
        said = loaded(ask.body)
        if said.get("type") != "url_verification":
            return None
        return Reply(200, text(said, "challenge")[:500])

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        return text(loaded(body), "event_id")

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset({text(loaded(body), "team_id")})

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        said = loaded(body)
        if said.get("type") != "event_callback":
            return [Ignored(f"{text(said, 'type')[:60]}: not an event")]
        if text(said, "team_id").lower() != account.address.lower():
            return [Ignored("for another workspace")]
        event = inside(said, "event")
        ours = {text(one, "user_id") for one in each(said, "authorizations") if one.get("is_bot")}
        if text(event, "user") in ours - {""} and not event.get("bot_id"):
            return [_own(event)]  # files that we shared come as written by the bot's user
        return list(_event(event, app=text(said, "api_app_id")))

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        place, _, thread = message.thread.partition(":")
        if not place:
            raise SendFailed("this conversation names no place in Slack", permanent=True)
        if message.files:
            return self._share(account, message, place, thread)
        body: dict[str, Any] = {
            "channel": place,
            "text": html.escape(message.text, quote=False),
            "unfurl_links": False,
        }
        if thread:
            body["thread_ts"] = thread
        answer = self._call(account, "chat.postMessage", body)
        if not answer.data.get("ok"):
            raise _failure(answer)
        return Sent(f"{text(answer.data, 'channel')}:{text(answer.data, 'ts')}")

    def _share(self, account: Account, message: Outbound, place: str, thread: str) -> Sent:
        """All files and the text as one message (docs.slack.dev, files.completeUploadExternal).

        Slack tells no stamp of it: when it shows us the message, its words tell which it is.
        """
        files = [self._upload(account, file) for file in message.files]
        body: dict[str, Any] = {"files": files, "channel_id": place}
        if message.text:
            body["initial_comment"] = html.escape(message.text, quote=False)
        if thread:
            body["thread_ts"] = thread
        answer = self._call(account, "files.completeUploadExternal", body)
        if not answer.data.get("ok"):
            raise _failure(answer)
        return Sent()

    def _upload(self, account: Account, file: File) -> dict[str, str]:
        """Nobody sees it yet: whatever fails here may be tried again."""
        told = calling.call(
            "POST",
            f"{API}/files.getUploadURLExternal",
            headers={"authorization": f"Bearer {account.credentials.get('bot_token', '')}"},
            form={"filename": file.name, "length": str(len(file.data))},
            seen=False,
            transport=self._transport,
        )
        if not told.data.get("ok"):
            raise _failure(told)
        where = text(told.data, "upload_url")
        host = urlsplit(where).hostname or ""
        if not (where.startswith("https://") and host.endswith(".slack.com")):
            raise SendFailed("Slack names no place of its own for the file", permanent=True)
        put = calling.call("POST", where, content=file.data, seen=False, transport=self._transport)
        if not put.is_success:
            raise calling.refusal(put, "Slack did not take the file")
        return {"id": text(told.data, "file_id"), "title": file.name}

    def check(self, account: Account) -> Checked:
        token = f"Bearer {account.credentials.get('bot_token', '')}"
        answer = calling.asked(
            "POST",
            f"{API}/auth.test",
            headers={"authorization": token},
            transport=self._transport,
        )
        if not answer.data.get("ok"):
            cause = text(answer.data, "error") or f"HTTP {answer.status}"
            passing = answer.status >= 429 or cause in _PASSING
            raise NotConnected(f"Slack does not take the bot token: {cause}", passing=passing)
        if text(answer.data, "team_id").lower() != account.address.lower():
            raise NotConnected(
                f"the bot token is of another workspace, {text(answer.data, 'team')}"
            )
        scopes = set(answer.headers.get("x-oauth-scopes", "").replace(" ", "").split(","))
        missing = sorted(NEEDED - scopes) if scopes != {""} else []
        remarks = (f"scopes are missing: {', '.join(missing)}",) if missing else ()
        return Checked(name=text(answer.data, "team"), remarks=remarks)

    def name_of(self, account: Account, handle: str) -> str:
        answer = calling.asked(
            "GET",
            f"{API}/users.info",
            headers={"authorization": f"Bearer {account.credentials.get('bot_token', '')}"},
            query={"user": handle},
            transport=self._transport,
        )
        profile = inside(answer.data, "user", "profile")
        return text(profile, "display_name") or text(profile, "real_name")

    def hook(self, account: Account) -> None:
        """Slack takes the address of a door on its own pages only."""

    def fetch(self, account: Account, remote: Remote) -> File:
        token = account.credentials.get("bot_token", "")
        return calling.fetch_file(
            remote,
            remote.key,
            hosts=("slack.com", ".slack.com"),
            headers={"authorization": f"Bearer {token}"},
            loopback=account.loopback,
        )

    def _call(self, account: Account, method: str, body: Mapping[str, Any]) -> calling.Answer:
        return calling.call(
            "POST",
            f"{API}/{method}",
            headers={"authorization": f"Bearer {account.credentials.get('bot_token', '')}"},
            body=body,
            transport=self._transport,
        )


def _failure(answer: calling.Answer) -> SendFailed:
    """Slack says what is wrong in an answer of 200."""
    error = text(answer.data, "error") or "no reason given"
    trouble = None
    if error in {"ratelimited", "rate_limited"}:
        trouble = Trouble.LIMITED
    elif error in _ACCESS:
        trouble = Trouble.ACCESS
    elif error in _PASSING:
        trouble = Trouble.PASSING
    elif answer.is_success:
        trouble = Trouble.PERMANENT
    return calling.refusal(answer, f"Slack: {error}", trouble=trouble)


# --- reading ---


def _event(event: Mapping[str, Any], *, app: str) -> Iterator[Item]:
    if event.get("type") not in {"message", "app_mention"}:
        yield Ignored(f"{text(event, 'type')[:60]}: of no use here")
        return
    kind = text(event, "subtype")
    if kind == "message_changed":
        yield _edited(event)
    elif kind == "message_deleted":
        yield Deleted(_id(event, text(event, "deleted_ts")), at=moment(text(event, "event_ts")))
    elif kind == "bot_message" or event.get("bot_id"):
        yield _by_bot(event, app)
    elif kind not in _SAID:
        yield Ignored(f"{kind[:60]}: a notice of the place")
    elif not text(event, "user"):
        yield Ignored("written by nobody in particular")
    else:
        yield _inbound(event)


def _inbound(event: Mapping[str, Any]) -> Inbound:
    words, remotes = plain(text(event, "text")), tuple(_remotes(event))
    parent = text(event, "thread_ts")
    return Inbound(
        external_id=_id(event, text(event, "ts")),
        sender=Party(handle=text(event, "user"), name=_name(event)),
        text=words,
        body_digest=_digest(words, remotes),
        thread=_thread(event),
        sent_at=moment(text(event, "ts")),
        references=(_id(event, parent),) if parent and parent != text(event, "ts") else (),
        remotes=remotes,
    )


def _edited(event: Mapping[str, Any]) -> Item:
    """Slack also says so when it unfurls a link: then the words are what they were."""
    now, before = inside(event, "message"), inside(event, "previous_message")
    if text(now, "text") == text(before, "text") or not inside(now, "edited"):
        return Ignored("changed by Slack, not by its author")
    words = plain(text(now, "text"))
    return Edited(
        external_id=_id(event, text(now, "ts")),
        text=words,
        body_digest=_digest(words, tuple(_remotes(now))),
        at=moment(text(inside(now, "edited"), "ts")),
    )


def _by_bot(event: Mapping[str, Any], app: str) -> Item:
    of = text(event, "app_id") or text(inside(event, "bot_profile"), "app_id")
    if not app or of != app:
        return Ignored("written by a bot")
    return _own(event)


def _own(event: Mapping[str, Any]) -> Echoed:
    return Echoed(
        external_id=_id(event, text(event, "ts")),
        text=plain(text(event, "text")),
        thread=_thread(event),
        sent_at=moment(text(event, "ts")),
    )


def plain(words: str) -> str:
    """The text as a person reads it: links and mentions spelled out, entities resolved."""

    def spelled(found: re.Match[str]) -> str:
        target, label = found[1], found[2] or ""
        if target[0] in "@#!":
            sign = "@" if target[0] == "!" else target[0]
            return f"{sign}{label.lstrip('@#') or target[1:].partition('^')[0]}"
        target = target.removeprefix("mailto:")
        return f"{label} ({target})" if label and label != target else target

    return html.unescape(_MARK.sub(spelled, words))


def _remotes(event: Mapping[str, Any]) -> Iterator[Remote]:
    for file in each(event, "files"):
        url = text(file, "url_private_download") or text(file, "url_private")
        if url.startswith("https://"):
            yield Remote(
                name=(text(file, "name") or "file")[:200],
                type=text(file, "mimetype")[:120],
                key=url[:2_000],
                size=whole(file, "size"),
            )


def _name(event: Mapping[str, Any]) -> str:
    profile = inside(event, "user_profile")
    return (text(profile, "display_name") or text(profile, "real_name"))[:200]


def _id(event: Mapping[str, Any], stamp: str) -> str:
    return f"{text(event, 'channel')}:{stamp}"


def _thread(event: Mapping[str, Any]) -> str:
    stamp = text(event, "thread_ts")
    if not stamp and text(event, "channel_type") == "im":
        return text(event, "channel")
    return _id(event, stamp or text(event, "ts"))


def _digest(words: str, remotes: Sequence[Remote]) -> str:
    return digest_of(words, *(f"{one.name} {one.type} {one.size}" for one in remotes))
