"""Where the company listens, and the job of reading it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Source
from conversations.channels.secrets import EncryptedTextField


class PlaceKind(models.TextChoices):
    FEED = "feed", _("RSS or Atom feed")
    MASTODON = "mastodon", _("Mastodon search")
    BLUESKY = "bluesky", _("Bluesky search")
    MASTODON_LIVE = "mastodon_live", _("Mastodon, as it is said")
    BLUESKY_LIVE = "bluesky_live", _("Bluesky, as it is said")
    HACKERNEWS = "hackernews", _("Hacker News search")


class Health(models.TextChoices):
    NEW = "new", _("not read yet")
    WELL = "well", _("well")
    TROUBLED = "troubled", _("in trouble")
    GONE = "gone", _("gone for good")


class Place(models.Model):
    """A source that is read from here, and the job of reading it.

        NEW ──read──> WELL <──> TROUBLED (tried again, ever later)
          └────────────┴──410──> GONE (until a person has it read again)

    A stream is the same row: whoever follows it holds the claim and renews it with every write.

    takes_all: every item is a mention (the feed is a search already); else those that a watch
    asks for. due_at: when the scan takes it, null when nothing reads it (gone).
    claimed_at, attempt: of the worker that reads it. cursor: how far it was read, in the
    reader's own words; etag and last_modified are the server's.
    failures: in a row. last_*: what the last reading cost. heard_at: when something new came.
    """

    source = models.OneToOneField(
        Source, primary_key=True, on_delete=models.CASCADE, related_name="place"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=PlaceKind.choices)
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
