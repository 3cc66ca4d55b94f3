"""A review in our words: stars and text, its changes, and the one answer that it may have.

A review is one thread. Its words may change for ever, and Google shows the last ones only: before
anybody answered, that is an edit; afterwards, a new message, which asks for another answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    Ignored,
    Inbound,
    Item,
    Party,
    Receipt,
    Trouble,
)
from conversations.channels.wire.values import digest_of, inside, text
from conversations.channels.wire.watching import instant

REVIEW = "review:"
STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
ANONYMOUS = "Whoever wrote this wants to be anonymous: Google tells no name."
PICTURES = "Pictures or videos belong to this review: they are seen on Google."


def items_of(body: Mapping[str, Any]) -> Iterator[Item]:
    """body: `kind` (review, reply, gone), `id`, `as` (which message of the review its words are
    now, "" for the first), and `review` or `reply` as Google gives them."""
    kind, id_, since = text(body, "kind"), text(body, "id"), text(body, "as")
    if not id_:
        yield Ignored("nothing of a review")
    elif kind == "gone":
        yield from (Deleted(message_id(id_, each)) for each in text(body, "as").split())
        yield Deleted(message_id(id_, ""))
    elif kind == "reply":
        yield from _reply(id_, since, inside(body, "reply"))
    elif kind == "review":
        yield from _review(id_, since, inside(body, "review"))


def message_id(id_: str, since: str) -> str:
    return f"{REVIEW}{id_}@{since}" if since else f"{REVIEW}{id_}"


def reply_id(id_: str, at: str) -> str:
    return f"reply:{id_}@{at}"


def _review(id_: str, since: str, review: Mapping[str, Any]) -> Iterator[Item]:
    """The digest is not of the words: what was written first may have changed before we came."""
    words, known_as = words_of(review), message_id(id_, since)
    begun, changed = since or text(review, "createTime"), text(review, "updateTime")
    yield Inbound(
        external_id=known_as,
        sender=_reviewer(id_, inside(review, "reviewer")),
        text=words,
        body_digest=digest_of(known_as),
        thread=f"{REVIEW}{id_}",
        sent_at=instant(begun),
        references=(message_id(id_, ""),) if since else (),
        notes=tuple(_notes(review)),
    )
    if changed and changed != begun:
        yield Edited(known_as, text=words, body_digest=digest_of(words), at=instant(changed))


def words_of(review: Mapping[str, Any]) -> str:
    stars = STARS.get(text(review, "starRating"), 0)
    shown = f"{'★' * stars}{'☆' * (5 - stars)} ({stars}/5)" if stars else ""
    comment = text(review, "comment").replace("\0", "").strip()
    return "\n\n".join(part for part in (shown, comment) if part)


def _reviewer(id_: str, reviewer: Mapping[str, Any]) -> Party:
    """Google tells a name and nobody's number: two reviews are two people until somebody who
    knows it says otherwise."""
    shown = "" if reviewer.get("isAnonymous") is True else text(reviewer, "displayName")
    return Party(f"{REVIEW}{id_}"[:300], " ".join(shown.replace("\0", "").split())[:200])


def _notes(review: Mapping[str, Any]) -> Iterator[str]:
    if inside(review, "reviewer").get("isAnonymous") is True:
        yield ANONYMOUS
    if review.get("reviewMediaItems"):
        yield PICTURES


def _reply(id_: str, since: str, reply: Mapping[str, Any]) -> Iterator[Item]:
    at = text(reply, "updateTime")
    if not at:
        yield Ignored("an answer without its time")
        return
    yield Echoed(
        external_id=reply_id(id_, at),
        text=text(reply, "comment"),
        thread=f"{REVIEW}{id_}",
        sent_at=instant(at),
        below=message_id(id_, since),
    )
    state = state_of(reply)
    if state == "APPROVED":
        yield Receipt((reply_id(id_, at),), "delivered")
    elif state == "REJECTED":
        cause = f"Google does not show this answer: {_violation(reply)}"
        yield Receipt((reply_id(id_, at),), "failed", cause, trouble=Trouble.PERMANENT)


def state_of(reply: Mapping[str, Any]) -> str:
    return text(reply, "reviewReplyState") or text(reply, "state")


def _violation(reply: Mapping[str, Any]) -> str:
    told = text(reply, "policyViolation") or next(
        (text(inside(reply, "policyViolation"), name) for name in inside(reply, "policyViolation")),
        "",
    )
    return told.replace("_", " ").lower()[:200] or "it breaks a rule of theirs"
