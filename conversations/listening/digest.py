"""The week by mail: what is said of us, of our competitors; to who asked for it, each week once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from conversations.listening.models import DigestReader, Mention
from conversations.listening.week import Said, Week, monday_of, week
from crm.access.services import staffed_units
from crm.organisation.models import User
from crm.organisation.people import in_language_of

FROM_HOUR = 7  # of the company's own clock, on Monday; later when nothing ran
EXCERPT = 240


def ask_for(user: User, *, wanted: bool) -> None:
    """The next one is of the week that runs now."""
    if not wanted:
        DigestReader.objects.filter(user=user).delete()
        return
    today = datetime.now(ZoneInfo(settings.TIME_ZONE)).date()
    last = monday_of(today) - timedelta(days=7)
    DigestReader.objects.get_or_create(user=user, defaults={"told_of": last})


def is_asked_for(user: User) -> bool:
    return DigestReader.objects.filter(user=user).exists()


def send_due(*, at: datetime) -> int:
    """Of the week that ended last. Returns how many; a mail lost is better than one sent twice."""
    local = at.astimezone(ZoneInfo(settings.TIME_ZONE))
    if local.weekday() == 0 and local.hour < FROM_HOUR:
        return 0
    monday = monday_of(local.date()) - timedelta(days=7)
    due = DigestReader.objects.filter(Q(told_of=None) | Q(told_of__lt=monday))
    told = 0
    for row in due.filter(user__is_active=True).select_related("user"):
        mine = due.filter(pk=row.pk).update(told_of=monday)
        if mine and staffed_units(row.user) != set():
            with in_language_of(row.user):
                said = week(row.user, monday)
                send_notice(
                    to=Party(row.user.email, row.user.name), subject=subject(said), text=text(said)
                )
            told += 1
    return told


def subject(said: Week) -> str:
    count = said.us.count
    words = ngettext(
        "One mention of us, the week of %(day)s",
        "%(count)s mentions of us, the week of %(day)s",
        count,
    )
    return words % {"count": count, "day": date_format(said.monday)}


def text(said: Week) -> str:
    lines = [
        _("What is said of us: %(said)s") % {"said": _counts(said.us)},
        *(_("Of %(name)s: %(said)s") % {"name": each.name, "said": _counts(each)}
          for each in said.them),
    ]  # fmt: skip
    if said.waiting:
        words = ngettext(
            "%(count)s of the week is not decided yet.",
            "%(count)s of the week are not decided yet.",
            said.waiting,
        )
        lines += ["", words % {"count": said.waiting}]
    lines += ["", _("The most telling:") if said.telling else _("Nothing was heard this week.")]
    for number, row in enumerate(said.telling, 1):
        lines += ["", f"{number}. {row.headline}", *_about(row)]
    if said.edits:
        lines += ["", _("What is listened for changed:")]
        lines += [f"- {each.watch} ({each.by}): {'; '.join(each.changes)}" for each in said.edits]
    return "\n".join([*lines, "", _link()])


def _counts(said: Said) -> str:
    words = _("%(count)s (%(before)s the week before), %(good)s praise, %(bad)s complain")
    return words % {
        "count": said.count,
        "before": said.before,
        "good": said.positive,
        "bad": said.negative,
    }


def _about(row: Mention) -> list[str]:
    facts = [row.author, row.source.name]
    facts += [str(row.get_outcome_display())] if row.outcome else []
    lines = ["   " + " · ".join(each for each in facts if each)]
    if row.rest:
        lines.append(f"   {' '.join(row.rest.split())[:EXCERPT]}")
    return [*lines, f"   {row.url}"] if row.url else lines


def _link() -> str:
    return f"{settings.BASE_URL}{reverse('admin:conversations_mention_changelist')}"
