"""Messages of Messenger and Instagram, which come in one form: every event of every entry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    File,
    Ignored,
    Inbound,
    Item,
    Party,
    Receipt,
    Remote,
)
from conversations.channels.wire.meta.graph import Product
from conversations.channels.wire.values import digest_of, each, inside, loaded, moment, text

_TYPES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg"}
_SHARED = {"share", "fallback", "template", "ig_reel", "reel", "post", "ig_post"}


class Messenger(Product, ABC):
    """A page or a professional account: its talks, and what is said below what it published."""

    subscribed = ""  # the fields of its hook

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset(text(entry, "id") for entry in each(loaded(body), "entry")) - {""}

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        items: list[Item] = []
        for entry in each(loaded(body), "entry"):
            if text(entry, "id") != account.address:
                items.append(Ignored("for another account"))
                continue
            items += items_of(entry, account.address)
            for change in each(entry, "changes"):
                items += self.changed(entry, change, account.address)
        return items or [Ignored("nothing in it")]

    @abstractmethod
    def changed(
        self, entry: Mapping[str, Any], change: Mapping[str, Any], account: str
    ) -> Iterator[Item]:
        """What was said below what the account published."""

    def hook(self, account: Account) -> None:
        """The app takes the door on Meta's own pages; here the account is subscribed to the app."""
        query = {"subscribed_fields": self.subscribed}
        self._told(account, "POST", f"{account.address}/subscribed_apps", query)

    def fetch(self, account: Account, remote: Remote) -> File:
        return calling.fetch_file(remote, remote.key, hosts=(), loopback=account.loopback)


def items_of(entry: Mapping[str, Any], account: str) -> Iterator[Item]:
    """Standby: another app leads this talk for now; what is said in it is recorded all the same."""
    for name in ("messaging", "standby"):
        for event in each(entry, name):
            yield _event(event, account)


def _event(event: Mapping[str, Any], account: str) -> Item:
    if said := inside(event, "message"):
        return _message(event, said, account)
    if edit := inside(event, "message_edit"):
        return Edited(
            external_id=text(edit, "mid"),
            text=text(edit, "text"),
            body_digest=_digest(text(edit, "text"), ()),
            at=_at(event),
        )
    if chosen := inside(event, "postback"):
        return _postback(event, chosen)
    return _report(event)


def _report(event: Mapping[str, Any]) -> Item:
    """What became of ours: by ids, or by a time up to which it holds."""
    person = Party(text(inside(event, "sender"), "id"))
    if got := inside(event, "delivery"):
        mids = got.get("mids")
        ids = tuple(mid for mid in mids if isinstance(mid, str)) if isinstance(mids, list) else ()
        if ids:
            return Receipt(references=ids, state="delivered")
        until = moment(text(got, "watermark"), milliseconds=True)
        return Receipt((), "delivered", to=person, until=until)
    if read := inside(event, "read"):
        if text(read, "mid"):
            return Receipt((text(read, "mid"),), "read")
        until = moment(text(read, "watermark"), milliseconds=True)
        return Receipt((), "read", to=person, until=until)
    kind = ", ".join(sorted(set(event) - {"sender", "recipient", "timestamp"}))
    return Ignored(f"{kind[:60] or 'an event'}: of no use here")


def _message(event: Mapping[str, Any], said: Mapping[str, Any], account: str) -> Item:
    mid = text(said, "mid")
    if not mid:
        return Ignored("a message without an id")
    if said.get("is_deleted"):
        return Deleted(mid, at=_at(event))
    remotes = tuple(_remotes(said))
    words = _words(said)
    if said.get("is_echo") or text(inside(event, "sender"), "id") == account:
        return Echoed(
            external_id=mid,
            text=text(said, "text"),
            to=Party(text(inside(event, "recipient"), "id")),
            id=text(said, "metadata"),
            sent_at=_at(event),
            remotes=remotes,
        )
    answered = text(inside(said, "reply_to"), "mid")
    return Inbound(
        external_id=mid,
        sender=Party(text(inside(event, "sender"), "id")),
        text=words,
        body_digest=_digest(words, remotes),
        sent_at=_at(event),
        references=(answered,) if answered else (),
        remotes=remotes,
        notes=tuple(_notes(said)),
    )


def _postback(event: Mapping[str, Any], chosen: Mapping[str, Any]) -> Item:
    """A button that was pressed: its title is what the person said."""
    person, words = text(inside(event, "sender"), "id"), text(chosen, "title")
    if not (person and words):
        return Ignored("a button without a title")
    stamp = text(event, "timestamp")
    return Inbound(
        external_id=text(chosen, "mid") or f"postback {person} {stamp}",
        sender=Party(person),
        text=words,
        body_digest=_digest(words, ()),
        sent_at=_at(event),
    )


def _words(said: Mapping[str, Any]) -> str:
    """The text, and the addresses of what was shared instead of sent."""
    lines = [text(said, "text")]
    for part in each(said, "attachments"):
        payload = inside(part, "payload")
        if text(part, "type") == "location":
            spot = inside(payload, "coordinates")
            lines.append(f"{spot.get('lat')}, {spot.get('long')}")
        elif text(part, "type") in _SHARED:
            named = [text(part, "title") or text(payload, "title")]
            lines += [*named, text(payload, "url") or text(part, "url")]
    return "\n".join(line for line in lines if line)


def _notes(said: Mapping[str, Any]) -> Iterator[str]:
    if said.get("is_unsupported"):
        yield "the network does not pass on what this was"
    if inside(said, "reply_to", "story"):
        yield "an answer to a story of ours"
    if any(text(part, "type") == "story_mention" for part in each(said, "attachments")):
        yield "a story that mentions us"


def _remotes(said: Mapping[str, Any]) -> Iterator[Remote]:
    """Their addresses end soon: they are fetched at once."""
    for part in each(said, "attachments"):
        kind, url = text(part, "type"), text(inside(part, "payload"), "url")
        if kind in _SHARED or kind == "location" or not url.startswith("https://"):
            continue
        type_ = _TYPES.get(kind, "application/octet-stream")
        suffix = {"image": "jpg", "video": "mp4", "audio": "mp3"}.get(kind, "bin")
        yield Remote(name=f"{kind or 'file'}.{suffix}"[:200], type=type_, key=url[:2_000])


def _at(event: Mapping[str, Any]) -> Any:
    """Milliseconds; referrals were seen with seconds."""
    stamp = text(event, "timestamp")
    return moment(stamp, milliseconds=len(stamp) > 11)


def _digest(words: str, remotes: Sequence[Remote]) -> str:
    """Files by kind: their addresses are other ones each time they are told."""
    return digest_of(words, *(one.name for one in remotes))
