"""What routing says of its steps: every sentence, once, and how it is read in another language.

A case keeps its reasons as English sentences (what was decided, the same whoever reads it); they
are made from these forms and recognised by them. What no form makes is shown as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

NO_RULE = gettext_noop("no rule fits")
NO_ACTIVE_RULE = gettext_noop("no active rule: left to staff")
FOR_STAFF = gettext_noop("%(rule)s: for staff")
MANY_ASKED = gettext_noop("%(rule)s: %(number)s people were asked")
OFFERED = gettext_noop("%(rule)s: offered to %(name)s")
WAITS = gettext_noop("%(rule)s: waits for somebody (%(obstacles)s)")
NOBODY_LEFT = gettext_noop("%(rule)s: nobody left to ask (%(obstacles)s)")
GIVEN_UP = gettext_noop("no longer asked for after a wait: %(topic)s")
TAKEN_BACK = gettext_noop("taken back from %(name)s: no answer")
TO_ROLE = gettext_noop("left to the role %(role)s")
NOBODY_ADDRESSED = gettext_noop("nobody addressed")  # in place of obstacles

_ALL = (
    *(NO_RULE, NO_ACTIVE_RULE, FOR_STAFF, MANY_ASKED, OFFERED, WAITS, NOBODY_LEFT, GIVEN_UP),
    *(TAKEN_BACK, TO_ROLE),
)
MOST_KEPT, LONGEST = 20, 300


def _pattern(form: str) -> re.Pattern[str]:
    """The names in a form stand where `re.split` puts every second part."""
    parts = re.split(r"%\((\w+)\)s", form)
    told = [f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(told), re.DOTALL)


_PATTERNS = [(_pattern(form), form) for form in _ALL]


def added(reasons: Sequence[str], reason: str) -> list[str]:
    """The reasons of a case with one more, the oldest dropped."""
    return [*reasons, reason[:LONGEST]][-MOST_KEPT:]


def in_words(reason: str) -> str:
    """One reason as the reader says it."""
    for pattern, form in _PATTERNS:
        if found := pattern.fullmatch(reason):
            values = found.groupdict()
            if "obstacles" in values:
                values["obstacles"] = _obstacles(values["obstacles"])
            return _(form) % values
    return reason


def _obstacles(said: str) -> str:
    """`capacity 3, topic 12`, or that nobody is addressed."""
    names = {
        "absent": _("absent"),
        "asked": _("already asked"),
        "capacity": _("have enough open"),
        "hours": _("outside their hours"),
        "language": _("another language"),
        "pace": _("asked often just now"),
        "topic": _("another topic"),
        "week": _("their week is full"),
    }
    if said == NOBODY_ADDRESSED:
        return _(NOBODY_ADDRESSED)
    words = (each.rpartition(" ") for each in said.split(", "))
    return ", ".join(f"{names.get(word, word)} {number}" for word, _space, number in words)
