"""The errors of the product, one tree:

RelaisError
├── Invalid       the caller's data is wrong                    400
├── Stale         it changed since the caller read it           412
├── Unprocessable understood, but it contradicts itself         422
├── Forbidden     known, but this person may not                403
├── Missing       not there, or not to be seen                  404
├── Conflict      somebody else was first, or the state forbids 409
└── Unavailable   something outside is down; try again          503
"""

from __future__ import annotations


class RelaisError(Exception):
    """`code` is stable and for machines; `str(error)` is for people."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class Invalid(RelaisError):
    code = "invalid"


class Unprocessable(RelaisError):
    code = "unprocessable"


class Forbidden(RelaisError):
    code = "forbidden"


class Missing(RelaisError):
    code = "not_found"


class Conflict(RelaisError):
    code = "conflict"


class Stale(RelaisError):
    code = "changed"


class Unavailable(RelaisError):
    code = "unavailable"
