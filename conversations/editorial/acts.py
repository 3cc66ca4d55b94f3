"""What the buttons of the plan's pages do: each reads its form and calls one verb."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from conversations.editorial import calendar, learning, life
from conversations.editorial.models import Publication
from crm.errors import Invalid
from crm.values import Actor

Act = Callable[[Publication, QueryDict, Actor, ZoneInfo], str]


def _submit(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    life.submit(row, by=by)
    return _("Submitted: somebody else approves it now.")


def _approve(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    edition = form.get("edition", "")
    life.approve(row, edition=int(edition) if edition.isdecimal() else 0, by=by)
    return _("Approved: it goes out at its time.")


def _send_back(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    life.send_back(row, comment=form.get("comment", ""), by=by)
    return _("Sent back to its author.")


def _move(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    """To another day at the same wall time, or to a date with a time."""
    try:
        if day := form.get("day"):
            to = calendar.moved_to(row, date.fromisoformat(day), zone)
        else:
            typed = datetime.fromisoformat(form.get("publish_at", ""))
            to = calendar.at_local(typed.date(), typed.time(), zone)
    except (ValueError, OverflowError) as error:
        raise Invalid(_("This is no date with a time."), code="invalid") from error
    was_approved = row.approved_at is not None
    life.move(row, to=to, by=by)
    if was_approved:
        return _("Moved: it has to be approved again.")
    return _("Moved.")


def _publish_now(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    life.publish_now(row, by=by)
    return _("It goes out within seconds.")


def _publish_again(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    life.publish_again(row, by=by)
    return _("It is sent once more.")


def _confirm(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    life.confirm(row, external_id=form.get("external_id", ""), by=by)
    return _("Noted: it is out.")


def _cancel(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    life.cancel(row, by=by)
    return _("Cancelled: it will not appear.")


def _compare(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    try:
        value = float(form.get("value", "").replace(",", "."))
    except ValueError:
        value = math.nan
    learning.compare(row, value=value, lesson=form.get("lesson", ""), by=by)
    return _("Compared: somebody else may now decide what follows.")


def _decide(row: Publication, form: QueryDict, by: Actor, zone: ZoneInfo) -> str:
    learning.decide(row, text=form.get("text", ""), by=by)
    return _("The decision is noted.")


ACTS: dict[str, Act] = {
    "submit": _submit,
    "approve": _approve,
    "send-back": _send_back,
    "move": _move,
    "publish-now": _publish_now,
    "publish-again": _publish_again,
    "confirm": _confirm,
    "cancel": _cancel,
    "compare": _compare,
    "decide": _decide,
}
