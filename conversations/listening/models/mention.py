"""What was heard, once each, and what people decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Source
from conversations.inbox.models import Conversation
from conversations.listening.models.watch import Watch
from crm.access.services import staffed_units
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee, User
from crm.values import uuid7

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

LONGEST_HEADLINE = 140


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
        return self.select_related("source__unit", "promotion").prefetch_related("sightings__watch")


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


class Promotion(Acted):
    """A mention became a conversation, whose clock starts then; once."""

    mention = models.OneToOneField(Mention, on_delete=models.CASCADE, related_name="promotion")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="+", verbose_name=_("conversation")
    )
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")

    def __str__(self) -> str:
        return str(self.conversation)


class DigestReader(models.Model):
    """Who asked for the week by mail. told_of: the Monday of the last week they were told of."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(db_default=Now())
    told_of = models.DateField(null=True)

    class Meta:
        verbose_name = _("reader of the digest")
        verbose_name_plural = _("readers of the digest")

    def __str__(self) -> str:
        return str(self.user)


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
