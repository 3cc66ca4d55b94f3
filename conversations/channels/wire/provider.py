"""What an adapter declares and does beside reading and sending, for a network that is connected.

One that has all of `Provider` is connected by its fields, tested and watched by the same code. How
messages come in is a part of its own: a `Door` that the network posts to, or an account that is
`Polled`, or `Held` open. Its module, its line in the registry, its payloads and its docs are all it
needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Counted, File, Inbound, Remote
from conversations.channels.wire.reading.line import Call


def gettext_noop(text: str) -> str:
    """Marks a text for translation, which happens where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in when a channel is connected. label, help: English, marked for
    translation with `gettext_noop`. address: it becomes the channel's address; prefix: what people
    write before it that is no part of it."""

    name: str
    label: str
    help: str
    secret: bool = True
    required: bool = True
    address: bool = False
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What a kind of channel says of itself. steps: what to do at the provider, one a line.

    longest: characters of a message, 0 for no limit. window: for how long after the person wrote
    we may answer, None for always. per_minute: how many messages a minute it takes from us.
    public: how the keys of threads begin that everybody reads; there is no window there.
    replaces: one answer is shown at a time, and a later one takes its place.
    """

    title: str
    fields: tuple[Field, ...]
    steps: tuple[str, ...] = ()
    longest: int = 0
    window: timedelta | None = None
    per_minute: int = 0
    public: str = ""
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One request at a provider's door. headers: names in lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What the door answers. secret things never stand in `body` but what the provider sent."""

    status: int
    body: str = ""
    type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Checked:
    """The provider knows us. name: what the account is called there. remarks: what is not as it
    should be, though it works. expires_at: when the credentials end, where it says so."""

    name: str
    remarks: tuple[str, ...] = ()
    expires_at: datetime | None = None


class NotConnected(Exception):
    """What is wrong with the credentials or the set-up, for a person to read.

    passing: the provider was not reached; nothing is known of the credentials.
    """

    def __init__(self, cause: str, *, passing: bool = False) -> None:
        super().__init__(cause)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a reading brought. body: the bytes that `parse` takes. key: the network's
    own id of it, the same at each reading; another one for each change of the same message."""

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What an account had to tell since a cursor. found: oldest first. more: it is read again at
    once. remark: what could not be read of it, though the rest could."""

    found: Sequence[Found]
    cursor: Mapping[str, str]
    more: bool = False
    remark: str = ""


class NotRead(Exception):
    """An account could not be read, and why, for a person to read.

    access: the network no longer takes our credentials. retry_after: seconds it asked us to wait.
    final: it wants no further try until a person has changed something.
    """

    def __init__(
        self,
        cause: str,
        *,
        access: bool = False,
        retry_after: float | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(cause)
        self.access = access
        self.retry_after = retry_after
        self.final = final


class Over(Exception):
    """A line ended as lines do, and what it said is kept or said again.

    cursor: where the next one begins. wait: seconds until it is opened.
    """

    def __init__(self, cause: str, *, cursor: Mapping[str, str], wait: float = 0.0) -> None:
        super().__init__(cause)
        self.cursor = cursor
        self.wait = wait


@runtime_checkable
class Provider(Protocol):
    """An adapter of a network that is connected with credentials, whichever way it is heard."""

    card: Card

    def check(self, account: Account) -> Checked:
        """Asks the provider whether it knows us, and changes nothing. Raises NotConnected."""
        ...

    def fetch(self, account: Account, remote: Remote) -> File:
        """Raises NotFetched."""
        ...


@runtime_checkable
class Door(Provider, Protocol):
    """A network that posts to our door and is called by us."""

    accepted: int  # the status that the provider wants to hear: 200, or 204 for an empty answer

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        """The provider's own handshake, None for anything else. A POST was verified before."""
        ...

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        """The provider's id of the delivery, the same for each repeat; "" for none."""
        ...

    def recipients(self, body: bytes) -> frozenset[str]:
        """The addresses of the accounts that the delivery is for, where one door serves several;
        empty where it serves one."""
        ...

    def hook(self, account: Account) -> None:
        """Tells the provider where our door is, where that can be told. Raises NotConnected."""
        ...


@runtime_checkable
class Unhooks(Protocol):
    """A network that can be told to post to our door no more."""

    def unhook(self, account: Account) -> None:
        """Raises NotConnected."""
        ...


@runtime_checkable
class ByQuery(Door, Protocol):
    """A network whose deliveries are GET requests: their query is the body."""

    by_query: bool


@runtime_checkable
class Weighed(Protocol):
    """A network where a text's length, and how long it may be, depend on what and where."""

    def weigh(self, thread: str, text: str) -> tuple[int, int]:
        """How long the text counts there, and the most that is taken."""
        ...


@runtime_checkable
class Segmented(Protocol):
    """A network that cuts a text into pieces, whose length depends on its letters."""

    most_segments: int

    def segments(self, text: str) -> int: ...


@runtime_checkable
class Polled(Provider, Protocol):
    """An account that is read again and again. Nobody posts for it: `verify` is always False."""

    every: timedelta  # from one reading to the next

    def read(self, account: Account, cursor: Mapping[str, str]) -> Reading:
        """What is new since the cursor that the last reading left. The first one holds only
        `from`, the moment of connecting (ISO 8601): what was said before is not brought.

        The same cursor may be given twice, and a reading be thrown away. Raises NotRead.
        """
        ...


@runtime_checkable
class Rings(Polled, Protocol):
    """An account that is read, whose network also tells at once that there is something to read."""

    def bell(self, account: Account) -> Call:
        """Where that is heard. Raises NotRead."""
        ...

    def rings(self, frame: str) -> bool:
        """Whether it says so; never raises."""
        ...


class OpenLine(Protocol):
    """What a network says to an account, for as long as it lasts."""

    def hear(self, *, seconds: float) -> Reading | None:
        """What came within so long, None for nothing. Raises NotRead, and Over at its end."""
        ...

    def kept(self, cursor: Mapping[str, str]) -> None:
        """All up to this cursor is stored: only now may the network be told that it arrived."""
        ...

    def close(self) -> None:
        """So that another can go on where it was left."""
        ...


@runtime_checkable
class Held(Provider, Protocol):
    """An account whose network speaks on a line that we hold open. Nobody posts for it: `verify`
    is always False."""

    def hold(self, account: Account, cursor: Mapping[str, str]) -> OpenLine:
        """A line from where it was left. The first cursor holds only `from`, as `Polled` has it.

        Raises NotRead, Over.
        """
        ...


@runtime_checkable
class Names(Protocol):
    """A network that delivers ids and tells names only on asking."""

    def name_of(self, account: Account, handle: str) -> str:
        """What the person is called there, "" where it does not say. Raises NotConnected."""
        ...


@runtime_checkable
class Finder(Protocol):
    """A network on which what was said to nobody of ours is found by its address, to answer it."""

    def find(self, account: Account, address: str) -> Inbound | None:
        """As if it had been said to us; None where it is not found, or not for everybody.

        Raises NotRead.
        """
        ...


@runtime_checkable
class Counts(Protocol):
    """A network that says, when it is asked, how publications of ours are doing."""

    most_counted: int  # publications in one question

    def counts(self, account: Account, external_ids: Sequence[str]) -> Sequence[Counted]:
        """Totals so far, of what is still there. Raises NotRead."""
        ...


class NotFetched(Exception):
    """A file did not come. permanent: it never will."""

    def __init__(self, cause: str, *, permanent: bool = False) -> None:
        super().__init__(cause)
        self.permanent = permanent
