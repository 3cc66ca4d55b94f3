"""What is said of the company elsewhere: where it listens, for what, and what was heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Source
from conversations.channels.secrets import EncryptedTextField
from crm.access.services import staffed_units
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee, Unit, User
from crm.values import uuid7

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django_stubs_ext import StrOrPromise

LONGEST_HEADLINE = 140


class PlaceKind(models.TextChoices):
    FEED = "feed", _("RSS or Atom feed")


class Health(models.TextChoices):
    NEW = "new", _("not read yet")
    WELL = "well", _("well")
    TROUBLED = "troubled", _("in trouble")
    GONE = "gone", _("gone for good")


class Place(models.Model):
    """A source that is read from here, and the job of reading it.

        NEW ──read──> WELL <──> TROUBLED (tried again, ever later)
          └────────────┴──410──> GONE (until a person has it read again)

    takes_all: every item is a mention (the feed is a search already); else those that a watch
    asks for. due_at: when the scan takes it, null when nothing reads it (gone).
    claimed_at, attempt: of the worker that reads it. cursor: how far it was read, in the
    reader's own words; etag and last_modified are the server's.
    failures: in a row. last_*: what the last reading cost. heard_at: when something new came.
    """

    source = models.OneToOneField(
        Source, primary_key=True, on_delete=models.CASCADE, related_name="place"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=PlaceKind.choices)
    url = models.CharField(_("address"), max_length=2000)
    secret = EncryptedTextField(_("secret"), blank=True, default="")
    takes_all = models.BooleanField(_("everything there is a mention"), default=False)
    every = models.PositiveIntegerField(_("read every (minutes)"), default=15)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveBigIntegerField(default=0)
    etag = models.CharField(max_length=500, blank=True, default="")
    last_modified = models.CharField(max_length=100, blank=True, default="")
    cursor: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict, blank=True
    )
    health = models.CharField(_("health"), max_length=8, choices=Health.choices, default=Health.NEW)
    cause = models.CharField(_("cause"), max_length=500, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    heard_at = models.DateTimeField(_("something new at"), null=True, blank=True)
    last_bytes = models.PositiveBigIntegerField(default=0)
    last_seconds = models.FloatField(default=0.0)
    last_redirects = models.PositiveSmallIntegerField(default=0)
    last_items = models.PositiveIntegerField(default=0)
    last_new = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [
            models.CheckConstraint(
                name="place_kind_is_known", condition=Q(kind__in=PlaceKind.values)
            ),
            models.CheckConstraint(
                name="place_health_is_known", condition=Q(health__in=Health.values)
            ),
            models.CheckConstraint(name="a_place_is_left_alone_between", condition=Q(every__gte=1)),
        ]
        indexes = [
            models.Index(
                name="places_due",
                fields=["due_at"],
                condition=Q(due_at__isnull=False, paused_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.url


def _words(label: StrOrPromise, longest: int = 200) -> ArrayField[list[str], list[str]]:
    return ArrayField(
        models.CharField(max_length=longest), verbose_name=label, default=list, blank=True
    )


class WatchQuerySet(models.QuerySet["Watch"]):
    def visible_to(self, user: User | AnonymousUser) -> WatchQuerySet:
        """Those of the units whose staff this person is, and those of the whole company."""
        units = staffed_units(user)
        if units is None:
            return self
        return self.filter(Q(unit__in=units) | Q(unit=None)) if units else self.none()


class Watch(models.Model):
    """What to listen for. A unit's watch hears the unit's sources and those of everybody.

    terms: words and phrases that mean us. competitors: those that mean one of them, by name.
    exclusions: what stands in it makes it no mention. language: "" for any.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("unit")
    )
    terms = _words(_("terms"))
    exclusions = _words(_("exclusions"))
    competitors = _words(_("competitors"))
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="a_watch_listens_for_something",
                condition=~Q(terms=[]) | ~Q(competitors=[]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class WatchEdit(Acted):
    """What a watch listened for from `occurred_at` on: the first is its beginning."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="edits")
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    terms = _words(_("terms"))
    exclusions = _words(_("exclusions"))
    competitors = _words(_("competitors"))
    language = models.CharField(max_length=8, blank=True, default="")
    ended = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("edit of a watch")
        verbose_name_plural = _("edits of watches")
        indexes = [models.Index(name="edits_of_a_watch", fields=["watch", "occurred_at"])]
        triggers = [
            pgtrigger.Protect(
                name="edits_of_watches_stay", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return self.name


class TriageOutcome(models.TextChoices):
    IGNORE = "ignore", _("ignore")
    WATCH = "watch", _("watch")
    ENGAGE = "engage", _("engage")


class Sentiment(models.TextChoices):
    UNKNOWN = "", _("unknown")
    POSITIVE = "positive", _("positive")
    NEGATIVE = "negative", _("negative")
    MIXED = "mixed", _("mixed")


class MentionQuerySet(models.QuerySet["Mention"]):
    def visible_to(self, user: User | AnonymousUser) -> MentionQuerySet:
        """For staff: of their units' sources, or heard by a watch of theirs; what a source of
        everybody brought is everybody's unless only other units' watches heard it."""
        units = staffed_units(user)
        if units is None:
            return self
        if not units:
            return self.none()
        heard = Sighting.objects.filter(mention=models.OuterRef("pk"))
        theirs = heard.filter(Q(watch__unit__in=units) | Q(watch__unit=None))
        return self.filter(
            Q(source__unit__in=units)
            | models.Exists(theirs.filter(Q(watch__unit__in=units)))
            | (Q(source__unit=None) & (models.Exists(theirs) | ~models.Exists(heard)))
        )

    def waiting(self) -> MentionQuerySet:
        """Nobody has said what is to be done."""
        return self.filter(outcome="")

    def with_names(self) -> MentionQuerySet:
        return self.select_related("source__unit").prefetch_related("sightings__watch")


class Mention(Keyed, Acted):
    """One thing said elsewhere, once, however many places and watches heard it.

    occurred_at: when it was heard here (clocks count from then); stated_at: their own date, shown.
    canonical: the address without what only tracks its reader. fingerprint: of that address and
    the headline, or of author and words where there is no address; "" for imported ones.
    language, sentiment: "" is unknown, and said so. outcome: the latest triage's, "" for none.
    handle: the place's own address of the author. thread: what it is part of there.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"), blank=True)
    author = models.CharField(_("author"), max_length=320, blank=True, default="")
    handle = models.CharField(max_length=320, blank=True, default="")
    url = models.CharField(_("address"), max_length=2000, blank=True, default="")
    canonical = models.CharField(max_length=2000, blank=True, default="", editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, default="", editable=False)
    external_id = models.CharField(max_length=2000, blank=True, default="", editable=False)
    thread = models.CharField(max_length=500, blank=True, default="", editable=False)
    stated_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    sentiment = models.CharField(
        _("sentiment"), max_length=8, choices=Sentiment.choices, blank=True, default=""
    )
    reach = models.PositiveIntegerField(_("reactions"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=6, choices=TriageOutcome.choices, blank=True, default=""
    )
    triaged_at = models.DateTimeField(null=True, blank=True)

    objects = MentionQuerySet.as_manager()

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=~Q(fingerprint=""), name="a_mention_is_kept_once"
            ),
            models.CheckConstraint(
                name="mention_outcome_is_known",
                condition=Q(outcome__in=["", *TriageOutcome.values]),
            ),
            models.CheckConstraint(
                name="mention_sentiment_is_known", condition=Q(sentiment__in=Sentiment.values)
            ),
        ]
        indexes = [
            models.Index(
                name="mentions_waiting", fields=["occurred_at", "id"], condition=Q(outcome="")
            ),
            models.Index(name="mentions_by_time", fields=["-occurred_at", "-id"]),
        ]
        triggers = [
            pgtrigger.Protect(
                name="what_was_heard_stays_as_it_was",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__occurred_at__df=pgtrigger.F("new__occurred_at"))
                | pgtrigger.Q(old__source__df=pgtrigger.F("new__source")),
            ),
            pgtrigger.Protect(name="what_was_heard_is_not_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.headline or self.url or str(self.pk)

    @property
    def headline(self) -> str:
        """The first line, cut where it is long."""
        line = self.text.strip().partition("\n")[0]
        return line if len(line) <= LONGEST_HEADLINE else f"{line[: LONGEST_HEADLINE - 1]}…"

    @property
    def rest(self) -> str:
        """What follows the headline, or all of it where that was cut."""
        first, _, rest = self.text.strip().partition("\n")
        return rest.strip() if len(first) <= LONGEST_HEADLINE else self.text.strip()


class Finding(models.Model):
    """An item of a source that is known here, and the mention it is: read again, it adds nothing.

    item: SHA-256 of the place's own id of it. seen_at: when it was first found there.
    """

    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="+", db_index=False
    )  # found by the unique key
    item = models.CharField(max_length=64)
    mention = models.ForeignKey(Mention, on_delete=models.CASCADE, related_name="findings")
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "item"], name="an_item_of_a_source_is_found_once"
            )
        ]

    def __str__(self) -> str:
        return self.item


class Sighting(models.Model):
    """A watch asked for what a mention says. competitor: whom it is about, "" for us."""

    mention = models.ForeignKey(
        Mention, on_delete=models.CASCADE, related_name="sightings", db_index=False
    )
    watch = models.ForeignKey(Watch, on_delete=models.PROTECT, related_name="sightings")
    competitor = models.CharField(_("competitor"), max_length=200, blank=True, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        constraints = [
            models.UniqueConstraint(
                fields=["mention", "watch", "competitor"], name="a_watch_sees_a_mention_once"
            )
        ]

    def __str__(self) -> str:
        return self.competitor or str(self.watch)


class Triage(Keyed, Acted):
    """What a person decided about a mention; further ones change the mind, none is forgotten.

    batch: the same for all that one act decided together, null for one at a time.
    """

    mention = models.ForeignKey(Mention, on_delete=models.CASCADE, related_name="triages")
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=6, choices=TriageOutcome.choices)
    batch = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("triage")
        verbose_name_plural = _("triages")
        constraints = [
            models.CheckConstraint(
                name="triage_outcome_is_known", condition=Q(outcome__in=TriageOutcome.values)
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="what_was_triaged_stays", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return self.outcome
