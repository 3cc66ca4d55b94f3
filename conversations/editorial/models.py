"""The editorial plan: what is published, what was expected of it, what was learnt."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

import pgtrigger
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel
from crm.access.services import staffed_units
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee, User
from crm.values import unguessable, uuid7


class PublicationState(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("to be approved")
    APPROVED = "approved", _("approved")
    PUBLISHING = "publishing", _("being published")
    PUBLISHED = "published", _("published")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("unknown")
    CANCELLED = "cancelled", _("cancelled")
    RECORDED = "recorded", _("planned elsewhere")


S = PublicationState
EDITABLE = (S.DRAFT, S.SUBMITTED, S.APPROVED, S.FAILED)
# Once approved, nobody changes these without asking for approval again; once out, nobody at all.
FROZEN = ("text", "channel", "audience", "segment", "topic", "expected_metric", "expected_value")
_OUT = [S.PUBLISHING, S.PUBLISHED, S.UNKNOWN]


def _changed(*names: str) -> pgtrigger.Q:
    """An update that gives any of these columns another value."""
    differ = (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in names)
    return reduce(or_, differ)


class PublicationQuerySet(models.QuerySet["Publication"]):
    def visible_to(self, user: User | AnonymousUser) -> PublicationQuerySet:
        """Those on channels of the units whose staff this person is."""
        units = staffed_units(user)
        return self if units is None else self.filter(channel__unit__in=units)

    def with_names(self) -> PublicationQuerySet:
        return self.select_related("channel__unit", "author", "approved_by", "edited_by")


class Publication(Keyed, Acted):
    """One thing to be published, and the job of publishing it.

        DRAFT --submit--> SUBMITTED --approve--> APPROVED --at due_at--> PUBLISHING --> PUBLISHED
          ^---send back------'  ^------change, move---'  ^                 |
                                                         |--later try------+--> FAILED
                                                         '--again (person)-'--> UNKNOWN
        DRAFT | SUBMITTED | APPROVED | FAILED --cancel--> CANCELLED
        APPROVED | FAILED | UNKNOWN --"it is out" (person)--> PUBLISHED
        RECORDED: came with another system's history and is not published from here

    planned_at: since when the plan holds it as it is, never moved back (docs/adr/0064).
    publish_at: when it should appear. due_at: when the scan takes it (publish_at, the next try,
    or the moment of "publish now"). published_at: when it did appear, by the server's clock.
    The expectation is a metric and a value. edition: counts what approval is asked for.
    submitted_at: null for drafts and for what was imported. edited_by: who wrote its content last.
    claimed_at, attempt: of the worker that publishes it. cause: why it failed, shown.
    external_id: the channel's own id of what was published.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    author = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="+", verbose_name=_("author")
    )
    text = models.TextField(_("text"))
    planned_at = models.DateTimeField(_("planned at"))
    publish_at = models.DateTimeField(_("to be published at"))
    audience = models.CharField(_("audience"), max_length=200, blank=True, default="")
    segment = models.CharField(_("segment"), max_length=200, blank=True, default="")
    topic = models.CharField(_("topic"), max_length=60, blank=True, default="")
    expected_metric = models.CharField(_("metric"), max_length=60, blank=True, default="")
    expected_value = models.FloatField(_("expected value"), null=True, blank=True)
    count_clicks = models.BooleanField(_("count clicks on links"), default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=PublicationState.choices, default=S.RECORDED
    )
    edition = models.PositiveIntegerField(default=1, editable=False)
    edited_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    counted_at = models.DateTimeField(null=True, blank=True)  # when its network was asked last
    cause = models.CharField(_("cause"), max_length=500, blank=True, default="")
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")
    external_id = models.CharField(max_length=500, blank=True, default="")

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = [
            models.CheckConstraint(
                name="publication_state_is_known", condition=Q(state__in=PublicationState.values)
            ),
            models.CheckConstraint(
                name="what_is_published_has_its_time",
                condition=Q(state=S.PUBLISHED, published_at__isnull=False)
                | (~Q(state=S.PUBLISHED) & Q(published_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="an_expectation_is_a_metric_and_a_value",
                condition=Q(expected_metric="", expected_value__isnull=True)
                | (~Q(expected_metric="") & Q(expected_value__isnull=False)),
            ),
            models.CheckConstraint(
                name="what_goes_out_was_approved_by_another",
                condition=Q(submitted_at__isnull=True)  # imported: it is what it was
                | Q(state__in=[S.DRAFT, S.SUBMITTED, S.CANCELLED, S.RECORDED])
                | (
                    Q(approved_by__isnull=False, approved_at__isnull=False)
                    & ~Q(approved_by=models.F("author"))
                ),
            ),
            models.CheckConstraint(
                name="only_what_was_submitted_goes_out",
                condition=Q(submitted_at__isnull=False, due_at__isnull=False)
                | Q(state__in=[S.DRAFT, S.SUBMITTED, S.CANCELLED, S.RECORDED, S.PUBLISHED]),
            ),
            models.CheckConstraint(
                name="who_publishes_has_claimed",
                condition=~Q(state=S.PUBLISHING) | Q(claimed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="publications_due", fields=["due_at"], condition=Q(state=S.APPROVED)),
            models.Index(
                name="publications_claimed", fields=["claimed_at"], condition=Q(state=S.PUBLISHING)
            ),
            models.Index(name="publications_by_day", fields=["publish_at"]),
        ]
        triggers = [
            pgtrigger.Protect(
                name="what_is_out_is_not_rewritten",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=_OUT)
                & _changed(
                    *FROZEN, "author", "planned_at", "publish_at", "approved_by", "approved_at"
                ),
            ),
            pgtrigger.Protect(
                name="what_is_approved_is_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=S.APPROVED, new__state=S.APPROVED)
                & _changed(*FROZEN, "author", "publish_at"),
            ),
            pgtrigger.Protect(
                name="what_is_published_stays_so",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=S.PUBLISHED) & _changed("state", "published_at"),
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_live(self) -> bool:
        """Lives here, and did not come with another system's history."""
        return self.submitted_at is not None or self.state == S.DRAFT

    @property
    def has_expectation(self) -> bool:
        return bool(self.expected_metric) and self.expected_value is not None

    def is_editable(self) -> bool:
        return self.state in EDITABLE

    def is_late(self, *, at: datetime | None = None) -> bool:
        """Its time has come and it is not out."""
        waiting = (S.DRAFT, S.SUBMITTED, S.APPROVED)
        return self.state in waiting and self.publish_at <= (at or timezone.now())


class Reaction(Keyed, Acted):
    """A measured reaction; `compared_by` set: that person compared it with the expectation."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="reactions")
    metric = models.CharField(_("metric"), max_length=60)
    value = models.FloatField(_("value"))
    compared_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lesson = models.TextField(_("what was learnt"), blank=True, default="")

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")

    def __str__(self) -> str:
        return f"{self.metric} {self.value:g}"


class Decision(Keyed, Acted):
    """What was decided from a publication. comparison: the one it follows (live ones only)."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="decisions")
    comparison = models.ForeignKey(
        Reaction, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return self.text[:60]


class Link(models.Model):
    """A short address of ours that stands in a published text and leads to `url`, nowhere else."""

    code = models.CharField(max_length=16, primary_key=True)
    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="links")
    url = models.TextField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("short link")
        verbose_name_plural = _("short links")
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "position"], name="a_link_of_a_publication_is_made_once"
            ),
            models.CheckConstraint(
                name="a_link_leads_to_the_web",
                condition=Q(url__startswith="https://") | Q(url__startswith="http://"),
            ),
        ]

    def __str__(self) -> str:
        return self.url


class ClickKind(models.TextChoices):
    PERSON = "person", _("by people, as far as can be told")
    ROBOT = "robot", _("by programs")


class Clicks(models.Model):
    """How often one visitor followed a link on one day; every program together is one row.

    visitor: a digest that holds for the day only; no address is kept. The first is a click, the
    further ones are repeats.
    """

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="clicks")
    day = models.DateField()
    visitor = models.CharField(max_length=32, blank=True)
    kind = models.CharField(max_length=6, choices=ClickKind.choices)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("clicks")
        verbose_name_plural = _("clicks")
        constraints = [
            models.UniqueConstraint(
                fields=["link", "day", "visitor"], name="a_visitor_of_a_day_is_one_row"
            ),
            models.CheckConstraint(
                name="click_kind_is_known", condition=Q(kind__in=ClickKind.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.link_id} {self.day}"


class Feed(models.Model):
    """A person's secret address of the plan for calendar programs; one at a time.

    token: the secret's SHA-256, so that a copy of the table opens nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return str(self.user)


def new_code() -> str:
    return unguessable()[:12]
