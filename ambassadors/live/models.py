"""What is told to people's programs as it happens, and the endpoints that they want it sent to."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.secrets import EncryptedTextField
from conversations.inbox.models import Conversation
from crm.values import uuid7

# 7301554001 is the advisory lock under which events are numbered: any number nobody else takes.
# The first event of a transaction numbers those that come after it there: whoever looks sees as
# unnumbered only what their own transaction wrote. To UPDATE each by itself takes twice as long.
_NUMBER = """
IF (SELECT number FROM ambassadors_event WHERE id = NEW.id) IS NULL THEN
  PERFORM pg_advisory_xact_lock(7301554001);
  UPDATE ambassadors_event known SET number = given.number
  FROM (
    SELECT id, nextval(pg_get_serial_sequence('ambassadors_event', 'id')) AS number
    FROM (
      SELECT id FROM ambassadors_event WHERE id >= NEW.id AND number IS NULL ORDER BY id
    ) AS own
  ) AS given
  WHERE known.id = given.id;
END IF;
RETURN NULL;
"""


class EventKind(models.TextChoices):
    OFFER_MADE = "offer.made", _("an offer was made")
    OFFER_ENDED = "offer.ended", _("an offer was withdrawn, ran out or was taken back")
    MESSAGE_RECEIVED = "message.received", _("a message came into a conversation of yours")
    APPROVAL_WANTED = "approval.wanted", _("an answer waits for your approval")


# Told to whoever may see the conversation at the moment of sending; the rest is the person's own.
NEEDS_SIGHT = frozenset(
    {EventKind.OFFER_MADE, EventKind.MESSAGE_RECEIVED, EventKind.APPROVAL_WANTED}
)


class Event(models.Model):
    """One thing told to one person. Added and pruned, never changed; it holds ids, no words.

    number: in the order of commits, given at the very end of the transaction: who has seen
    number n will never find a smaller one later. subject: the offer, message or approval meant.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    subject = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now())
    number = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.CheckConstraint(
                name="event_kind_is_known", condition=models.Q(kind__in=EventKind.values)
            ),
            models.UniqueConstraint(fields=["number"], name="an_event_number_is_given_once"),
        ]
        indexes = [
            models.Index(name="events_of_a_person", fields=["user", "number"]),
            models.Index(name="events_by_age", fields=["at"]),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="events_are_numbered_as_they_commit",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=_NUMBER,
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Subscription(models.Model):
    """A person's own endpoint that events are posted to.

    kinds: which events, empty for all. failures: in a row; too many switch it off.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=1000)
    secret = EncryptedTextField()
    kinds = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("webhook of a person")
        verbose_name_plural = _("webhooks of people")
        indexes = [models.Index(name="subscriptions_of_a_person", fields=["user", "active"])]

    def __str__(self) -> str:
        return self.url


class PostState(models.TextChoices):
    QUEUED = "queued", _("queued")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    DROPPED = "dropped", _("not sent: no longer to be seen, or switched off")


class HookPost(models.Model):
    """One event on its way to one endpoint.

    QUEUED ──2xx──> DONE
      │ └─later, less and less often─┐
      └──too often──> FAILED   DROPPED (nobody's to see any more)
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="posts")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=PostState.choices, default=PostState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("posted event")
        verbose_name_plural = _("posted events")
        constraints = [
            models.CheckConstraint(
                name="post_state_is_known", condition=models.Q(state__in=PostState.values)
            ),
            models.UniqueConstraint(
                fields=["subscription", "event"], name="an_event_is_posted_once"
            ),
        ]
        indexes = [
            models.Index(name="posts_due", fields=["due_at"], condition=models.Q(state="queued"))
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.state}"
