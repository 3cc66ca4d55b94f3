"""Address lists (RFC 5322 3.4) in one pass over the characters, whatever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conversations.channels.wire.contract import Party
from conversations.channels.wire.email.headers import decoded, one_line
from conversations.channels.wire.email.limits import ADDRESS_CHARS, NAME_CHARS, PARTIES

UNKNOWN = "unknown@unknown.invalid"  # RFC 2606: can belong to nobody


class _Reader:
    """One state a character: outside, in a quoted string, in a comment, in angle brackets."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._state: Callable[[str], None] = self._outside
        self._before: Callable[[str], None] = self._outside
        self._depth = 0
        self._escaped = False
        self._clear()

    def _clear(self) -> None:
        self._words: list[str] = []
        self._comment_text: list[str] = []
        self._angle_text: list[str] = []
        self._has_angle = self._has_at = False

    def read(self, value: str) -> list[tuple[str, str]]:
        for char in value:
            if len(self.found) >= PARTIES:
                return self.found
            self._state(char)
        self._end()
        return self.found

    def _outside(self, char: str) -> None:
        if char in '"(<':
            self._open(char)
        elif char in ",;":
            self._end()
        elif char == ":" and not self._has_at:  # a group's name, not a member
            self._clear()
        else:
            self._has_at = self._has_at or char == "@"
            self._words.append(char)

    def _open(self, char: str) -> None:
        self._before = self._state
        if char == '"':
            self._state = self._quoted
        elif char == "(":
            self._depth, self._state = 1, self._comment
        else:
            self._has_angle, self._state = True, self._angle

    def _quoted(self, char: str) -> None:
        if self._escaped or char not in '\\"':
            target = self._angle_text if self._before == self._angle else self._words
            target.append(char)
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        else:
            self._state = self._before

    def _comment(self, char: str) -> None:
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char in "()":
            self._depth += 1 if char == "(" else -1
            self._state = self._comment if self._depth else self._before
        elif self._depth == 1:
            self._comment_text.append(char)

    def _angle(self, char: str) -> None:
        if char == ">":
            self._state = self._outside
        elif char in '"(':
            self._open(char)
        elif char == "<":
            self._angle_text.clear()
        else:
            self._angle_text.append(char)

    def _end(self) -> None:
        words = "".join(self._words).strip()
        address = "".join(self._angle_text) if self._has_angle else words
        name = words if self._has_angle else "".join(self._comment_text)
        if words or self._has_angle:
            self.found.append((name, address))
        self._clear()


def address(text: str) -> str:
    """The address as we compare it: lower case, without route or blanks; "" when it is none."""
    bare = [word for word in one_line(text, ADDRESS_CHARS * 2).lower().split() if "@" in word]
    found = bare[-1].strip("<>.,;:\"'") if bare else ""
    found = found.rpartition(":")[2] if found.startswith("@") else found
    local, _, domain = found.rpartition("@")
    return found if local and domain and len(found) <= ADDRESS_CHARS else ""


def parties(values: Iterable[str]) -> list[Party]:
    """Everybody named in these raw values, once each, at most PARTIES."""
    found: dict[str, Party] = {}
    for value in values:
        for name, text in _Reader().read(decoded(value, quoted=True)):
            handle = address(text)
            if handle and len(found) < PARTIES:
                found.setdefault(handle, Party(handle, one_line(name, NAME_CHARS)))
    return list(found.values())


def without_tag(handle: str) -> str:
    """support+anything@example.org is support@example.org's."""
    local, _, domain = handle.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def tag(handle: str) -> str:
    """The last one: a mailbox's own address may have a tag too."""
    return handle.rpartition("@")[0].rpartition("+")[2]
