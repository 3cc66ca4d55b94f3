"""What every channel adapter speaks: our words, raw bytes in, nothing of Django.

An adapter may not import Django, reach the database, or keep state between calls. Whatever it
cannot make sense of is a `Refused` (a failed envelope that stays visible with its reason);
what it understands but nobody needs is an `Ignored`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

from conversations.channels.wire.account import Account


class Refused(ValueError):
    """The bytes are no message of this channel. `str(error)` is shown to staff."""


class Trouble(StrEnum):
    """Why a message is not there, as far as it tells a person what to do.

    window: the network lets us write only for a time after the person did. blocked: they stopped
    it. limited: too many for now. access: our own credentials. passing: it is tried again.
    """

    PERMANENT = "permanent"
    WINDOW = "window"
    BLOCKED = "blocked"
    LIMITED = "limited"
    ACCESS = "access"
    UNKNOWN = "unknown"
    PASSING = "passing"


def _trouble(*, permanent: bool, unknown: bool, wait: float | None) -> Trouble:
    if unknown:
        return Trouble.UNKNOWN
    if permanent:
        return Trouble.PERMANENT
    return Trouble.PASSING if wait is None else Trouble.LIMITED


class SendFailed(Exception):
    """The provider did not take the message.

    permanent: trying again cannot help (a person must look).
    unknown: the provider may have taken it (the connection died after the request left):
    never send again without an idempotency key.
    retry_after: seconds the provider asked us to wait, when it said so.
    trouble: of which sort it is; found from the others where it is not said.
    parts: of a message in parts, what was taken before it failed (`Outbound.parts`).
    """

    def __init__(
        self,
        cause: str,
        *,
        permanent: bool = False,
        unknown: bool = False,
        retry_after: float | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        super().__init__(cause)
        self.parts: tuple[str, ...] = ()
        self.permanent = permanent
        self.unknown = unknown
        self.retry_after = retry_after
        self.trouble = trouble or _trouble(permanent=permanent, unknown=unknown, wait=retry_after)


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on the other side: `handle` is the channel's own address of the person."""

    handle: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment. `type` is what the sender claims (never trusted when serving).

    content_id: what an HTML body calls it (`cid:`), without brackets, "" for most.
    """

    name: str
    type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that the provider keeps for us. key: what the adapter needs to get it.

    name and type: what the sender claims. size: bytes, 0 where nobody said. sha256: hex, "" where
    nobody said; what comes must fit it.
    """

    name: str
    type: str
    key: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message that came in.

    external_id: the provider's id of the message, unique per channel once ingested.
    thread: the provider's conversation key, "" where the channel has one thread per person; the
        id of a mail thread's first mail.
    references: external ids this message may be an answer to, best first (mail threading).
    reply_token: our own signed token found in a recipient address (mail), not yet verified.
    others: further recipients, who may then write into the same conversation (mail's Cc).
    automated: written by a machine (RFC 3834); recorded, never answered or routed.
    body_digest: hex SHA-256 of what the person wrote; the same external id with another
        digest or sender is kept as a second, flagged message.
    notes: what was cleaned or cut while reading, shown to staff.
    remotes: files that are fetched later, see `provider.Provider.fetch`.
    """

    external_id: str
    sender: Party
    text: str
    body_digest: str
    thread: str = ""
    sent_at: datetime | None = None
    subject: str = ""
    html: str = ""
    files: tuple[File, ...] = ()
    references: tuple[str, ...] = ()
    reply_token: str = ""
    others: tuple[Party, ...] = ()
    automated: bool = False
    notes: tuple[str, ...] = ()
    remotes: tuple[Remote, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """The message `external_id` says something else now. at: when its author changed it."""

    external_id: str
    text: str
    body_digest: str
    at: datetime | None = None
    html: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Its author took the message `external_id` back: its words must go here too."""

    external_id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Echoed:
    """The company's own message, shown to us by the network: ours, or written in its own app.

    id: ours, where the network carries it along. to, thread: whom it was written to; without
    `to` it is known by what it stands `below` (an external id), or left from here.
    """

    external_id: str
    text: str
    to: Party | None = None
    id: str = ""
    thread: str = ""
    sent_at: datetime | None = None
    remotes: tuple[Remote, ...] = ()
    below: str = ""


@dataclass(frozen=True, slots=True)
class Opted:
    """The network says whether the person wants messages of ours. What they write themselves
    (STOP) is an Inbound like any other.

    word: what the network calls it. news_only: it is about what nobody asked for.
    """

    sender: Party
    wants: bool
    word: str
    at: datetime | None = None
    news_only: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message of ours: `state` is sent, delivered, read or failed.

    references: external ids of the message meant, best first. transient: a report of a delay,
    which changes no state. bounce_token: our own signed token found in the address that the
    report was sent to (mail), not yet verified; it beats the references. id: our own id of the
    message, where the network carries it along. to, until: it holds for everything that was sent
    to this person until then (a network that reports by time).
    """

    references: tuple[str, ...]
    state: str
    cause: str = ""
    transient: bool = False
    bounce_token: str = ""
    trouble: Trouble | None = None
    id: str = ""
    to: Party | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one of our own people wrote to an address that we signed for them.

    subject: what the address was signed for; it tells who holds the address, not who writes.
    text: what was written, without quotes; "" when nothing else is left. files: what came along,
    without pictures inside the text and signatures.
    """

    subject: UUID
    external_id: str
    sender: Party
    text: str
    automated: bool = False
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood, and of no use to anybody here; `reason` is shown on the envelope."""

    reason: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How a publication of ours is doing, as the provider counts it.

    external_id: the publication's id there, or our own. value: the total so far, not what is new.
    """

    external_id: str
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Something that was said elsewhere, to nobody of ours in particular.

    external_id: the place's own id of it. url: where a person can read it, "" for nowhere.
    title and text: plain text. author: as shown there; handle: the place's own address of them.
    thread: what it is an answer to, or its own id, where the place has threads. reach: how many
    reacted to it so far, as the place counts them; None where it does not say.
    """

    external_id: str
    text: str
    url: str = ""
    title: str = ""
    author: str = ""
    handle: str = ""
    thread: str = ""
    stated_at: datetime | None = None
    reach: int | None = None


Item = (
    Inbound | Edited | Deleted | Echoed | Opted | Receipt | Answer | Counted | Mentioned | Ignored
)


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send.

    id: ours, stable over retries (the idempotency key where a provider has one).
    external_id: the id the message will carry where we choose it (a mail's Message-ID), else "".
    in_reply_to, references: external ids; references oldest first.
    reply_address: where the answer should come to, "" where the channel needs none.
    bounce_address: where reports of failure should come to (a mail's envelope sender).
    automated: written by a rule, not by a person; mail says so (RFC 3834) and asks for no reports.
    parts: where the network takes text and files one by one, the ids of what it has taken at
    earlier tries, "" for what is still to go; see `parts.in_parts`.
    template: (name, language) of an approved text that goes in place of `text`, and what stands in
    its blanks, (blank, words).
    """

    id: str
    external_id: str
    thread: str
    to: Party
    text: str
    subject: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_address: str = ""
    bounce_address: str = ""
    sender_name: str = ""
    files: tuple[File, ...] = ()
    automated: bool = False
    parts: tuple[str, ...] = ()
    template: tuple[str, str] | None = None
    blanks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """One publication, for everybody who reads the account.

    id: ours, stable over retries. external_id: the id it will carry where we choose it, else "".
    """

    id: str
    external_id: str
    text: str
    sender_name: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. `external_id` is its id for the message, "" when it gave none.

    parts: the ids of all its parts, where it went out in several.
    """

    external_id: str = ""
    parts: tuple[str, ...] = ()


class Channel(Protocol):
    """One kind of channel. `idempotent`: sending the same Outbound twice arrives once."""

    idempotent: bool

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether the raw bytes are signed by the provider; never raises; constant time."""
        ...

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        """Raises Refused; any other exception is a bug that fails the one envelope."""
        ...

    def mint_id(self, account: Account, message_id: str) -> str:
        """The external id that the message `message_id` will carry, "" where they choose it."""
        ...

    def send(self, account: Account, message: Outbound) -> Sent:
        """Raises SendFailed; any other exception counts as unknown."""
        ...


@runtime_checkable
class Publisher(Protocol):
    """An adapter that can also publish, which it declares by having these two."""

    def publishes(self, account: Account) -> str:
        """ "" when this account is ready to publish, else what it lacks, for staff to read."""
        ...

    def publish(self, account: Account, post: Post) -> Sent:
        """Raises SendFailed as `send` does; idempotent where the channel is."""
        ...
