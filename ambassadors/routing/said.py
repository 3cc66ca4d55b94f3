"""Reasons of routing in the reader's language.

They are kept as one English sentence each (a record of what was decided, the same whoever reads
it); a sentence that is not known here is shown as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Words = Callable[..., str]

_SENTENCES: list[tuple[str, Words]] = [
    (r"no rule fits", lambda: _("no rule fits")),
    (r"no active rule: left to staff", lambda: _("no active rule: left to staff")),
    (r"(.*): for staff", lambda rule: _("%(rule)s: for staff") % {"rule": rule}),
    (
        r"(.*): (\d+) people were asked",
        lambda rule, n: (
            ngettext("%(rule)s: one person was asked", "%(rule)s: %(n)s people were asked", int(n))
            % {"rule": rule, "n": n}
        ),
    ),
    (
        r"(.*): offered to (.*)",
        lambda rule, name: _("%(rule)s: offered to %(name)s") % {"rule": rule, "name": name},
    ),
    (
        r"(.*): waits for somebody \((.*)\)",
        lambda rule, why: (
            _("%(rule)s: waits for somebody (%(why)s)") % {"rule": rule, "why": _obstacles(why)}
        ),
    ),
    (
        r"(.*): nobody left to ask \((.*)\)",
        lambda rule, why: (
            _("%(rule)s: nobody left to ask (%(why)s)") % {"rule": rule, "why": _obstacles(why)}
        ),
    ),
    (
        r"no longer asked for after a wait: (.*)",
        lambda topic: _("no longer asked for after a wait: %(topic)s") % {"topic": topic},
    ),
    (
        r"taken back from (.*): no answer",
        lambda name: _("taken back from %(name)s: no answer") % {"name": name},
    ),
    (r"left to the role (.*)", lambda role: _("left to the role %(role)s") % {"role": role}),
]


def in_words(reason: str) -> str:
    """One reason as the reader says it."""
    for form, words in _SENTENCES:
        if found := re.fullmatch(form, reason, re.DOTALL):
            return words(*found.groups())
    return reason


def _obstacles(said: str) -> str:
    """`capacity 3, topic 12`, or the word for nobody at all."""
    names = {
        "absent": _("absent"),
        "asked": _("already asked"),
        "capacity": _("have enough open"),
        "hours": _("outside their hours"),
        "language": _("another language"),
        "nobody addressed": _("nobody addressed"),
        "pace": _("asked often just now"),
        "topic": _("another topic"),
        "week": _("their week is full"),
    }
    return ", ".join(_named(each, names) for each in said.split(", "))


def _named(obstacle: str, names: dict[str, str]) -> str:
    word, _space, number = obstacle.rpartition(" ")
    if not number.isdigit():
        return names.get(obstacle, obstacle)
    return f"{names.get(word, word)} {number}"
