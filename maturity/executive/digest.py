"""What moved since the last time, by mail: weekly for operators, monthly for executives.

Nothing is sent when nothing moved and nothing is at risk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.channels.notices import tell_person
from crm.access.models import Role, RoleGrant
from crm.organisation.models import Unit, User
from crm.organisation.people import in_language_of
from maturity.appraisals.models import Appraisal, Reading, Transition
from maturity.appraisals.versions import today_model
from maturity.executive.models import Digest, MailWish, Rhythm
from maturity.executive.page import because, cause_names
from maturity.executive.wording import language

FRESH = timedelta(days=6)  # a digest of an older Monday is no news
WEEK = timedelta(days=7)
FIRST_WEEK = 7  # the month's first Monday is one of its first seven days
MOST_AT_ONCE = 100
BY_ROLE = ((Role.STAFF, Rhythm.WEEKLY), (Role.EXECUTIVE, Rhythm.MONTHLY))


@dataclass(frozen=True)
class News:
    """What a digest of that Monday tells. opened, closed, losing: criteria of the company."""

    on: date
    since: date
    number: int | None
    changes: Sequence[Transition]
    opened: Sequence[str]
    closed: Sequence[str]
    losing: Sequence[tuple[str, int]]
    at_risk: Sequence[str]  # units' names, "" for the company
    blocking: Sequence[str]

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.opened or self.closed or self.at_risk)


def rhythm_of(user: User, *, wished: str | None = None) -> Rhythm:
    """What they said, else what their role is told: staff every week, executives every month."""
    wish = wished or MailWish.objects.filter(user=user).values_list("rhythm", flat=True).first()
    if wish:
        return Rhythm(wish)
    held = set(RoleGrant.objects.filter(user=user).values_list("role", flat=True))
    return next((rhythm for role, rhythm in BY_ROLE if role in held), Rhythm.NEVER)


def readers() -> Iterator[User]:
    roles = [Role.STAFF, Role.EXECUTIVE]
    grants = RoleGrant.objects.filter(role__in=roles).values("user")
    yield from User.objects.filter(pk__in=grants, is_active=True).order_by("pk")


def send_due(*, today: date | None = None) -> int:
    """Mails of the newest Monday that was kept in its own week; each person once."""
    today = today or timezone.now().date()
    kept = Appraisal.objects.filter(unit=None, live=True, as_of__lte=today)
    newest = kept.filter(as_of__gte=today - FRESH).order_by("-as_of").first()
    if newest is None:
        return 0
    told = Digest.objects.filter(as_of=newest.as_of).values("user")
    left = [user for user in readers() if user.pk not in set(told.values_list("user", flat=True))]
    return sum(send(user, newest) for user in left[:MOST_AT_ONCE])


def send(user: User, appraisal: Appraisal) -> bool:
    """Claimed first: a mail that is lost is better than one that comes twice."""
    rhythm = rhythm_of(user)
    is_turn = rhythm is Rhythm.WEEKLY or (
        rhythm is Rhythm.MONTHLY and appraisal.as_of.day <= FIRST_WEEK
    )
    with transaction.atomic():
        row, is_new = Digest.objects.get_or_create(user=user, as_of=appraisal.as_of)
    if not is_new or not is_turn:
        return False
    news = news_of(appraisal, since=last_turn(rhythm, appraisal.as_of))
    if news.is_empty:
        return False
    with in_language_of(user):
        subject, text = letter(user, news)
    if not tell_person(user, subject=subject, text=text):
        return False
    Digest.objects.filter(pk=row.pk).update(sent_at=timezone.now())
    return True


def last_turn(rhythm: Rhythm, on: date) -> date:
    """The Monday told before this one: a week ago, or the first of the month before."""
    if rhythm is Rhythm.WEEKLY:
        return on - WEEK
    first = (on.replace(day=1) - timedelta(days=1)).replace(day=1)
    return first + timedelta(days=-first.weekday() % 7)


def news_of(appraisal: Appraisal, *, since: date) -> News:
    """Beside the appraisal of that Monday, or of the last one before it."""
    earlier = Appraisal.objects.filter(unit=None, as_of__lte=since)
    before = earlier.order_by("-as_of").first()
    now = {row.criterion: row for row in appraisal.readings.all()}
    then = opened_in(before)
    changes = Transition.objects.filter(at__gt=since, at__lte=appraisal.as_of)
    risky = Appraisal.objects.filter(as_of=appraisal.as_of, at_risk=True).select_related("unit")
    open_now = {name for name, row in now.items() if row.is_open}
    order = [one.id for one in today_model().criteria]
    return News(
        on=appraisal.as_of,
        since=since,
        number=appraisal.number,
        changes=list(changes.select_related("unit").order_by("at", "pk")),
        opened=[name for name in order if name in open_now - then],
        closed=[name for name in order if name in then - open_now],
        losing=[(name, now[name].losses) for name in order if name in now and now[name].losses],
        at_risk=[one.unit.name if one.unit else "" for one in risky],
        blocking=list(appraisal.blocking),
    )


def opened_in(appraisal: Appraisal | None) -> set[str]:
    rows = Reading.objects.filter(appraisal=appraisal, is_open=True)
    return set(rows.values_list("criterion", flat=True)) if appraisal else set()


def letter(user: User, news: News) -> tuple[str, str]:
    """Subject and text in the language that is active."""
    model = today_model()
    stage = model.stage(news.number).name[language()]
    day = date_format(news.on, "DATE_FORMAT")
    subject = _("Social maturity: %(stage)s, %(day)s") % {"stage": stage, "day": day}
    lines = [
        _("Hello %s,") % user.name,
        "",
        _("the company stands at: %s.") % stage,
        "",
        *told(news),
        _("The page: %s") % (settings.BASE_URL + reverse("maturity")),
        _("How often this comes: %s") % (settings.BASE_URL + reverse("maturity-digest")),
    ]
    return subject, "\n".join(lines)


def told(news: News) -> Iterator[str]:
    """Each part with its heading, and an empty line after it; parts with nothing are left out."""
    model = today_model()
    names = cause_names(model)
    losses = model.walk.losses
    company = _("the company")
    parts = [
        (_("Changes of stage"), [change_line(one) for one in news.changes]),
        (_("At risk"), [name or company for name in news.at_risk]),
        (
            _("Weekly losses counted"),
            [f"{names[name]}: {n} / {losses}" for name, n in news.losing] if news.at_risk else [],
        ),
        (_("Gates that opened"), [names[name] for name in news.opened]),
        (_("Gates that closed"), [names[name] for name in news.closed]),
        (_("What is left to the next stage"), [names[name] for name in news.blocking]),
    ]
    for heading, entries in parts:
        if entries:
            yield from (heading, *(f"- {entry}" for entry in entries), "")


def change_line(change: Transition) -> str:
    model = today_model()
    names = cause_names(model)
    causes = [names.get(cause, cause) for cause in change.causes]
    came = Unit.objects.filter(pk__in=change.joined).order_by("name")
    said = {
        "who": change.unit.name if change.unit else _("the company"),
        "before": model.stage(change.came_from).name[language()],
        "after": model.stage(change.to).name[language()],
        "day": date_format(change.at, "SHORT_DATE_FORMAT"),
        "causes": because(causes, [unit.name for unit in came]),
    }
    return _("%(day)s %(who)s: %(before)s → %(after)s (%(causes)s)") % said
