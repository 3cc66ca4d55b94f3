"""The way of our messages to the provider, and what it reports of them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel, Envelope
from conversations.inbox.models.conversation import Conversation
from conversations.inbox.models.message import Message


class DeliveryState(models.TextChoices):
    HELD = "held", _("held for approval")
    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("delivered")
    READ = "read", _("read")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("unknown: it may have arrived")
    DROPPED = "dropped", _("dropped, never sent")


class Trouble(models.TextChoices):
    """What stands in a message's way, as far as it tells a person what to do."""

    NONE = "", _("none")
    PERMANENT = "permanent", _("refused for good")
    WINDOW = "window", _("the time in which one may answer is over")
    BLOCKED = "blocked", _("the person takes no messages from us")
    LIMITED = "limited", _("too many for now")
    ACCESS = "access", _("the channel’s credentials are refused")
    UNKNOWN = "unknown", _("nobody said whether it arrived")
    PASSING = "passing", _("it is tried again")


class Delivery(models.Model):
    """The way of one outbound message to the provider.

        HELD ──approved──> QUEUED ──claim, committed──> SENDING ──> SENT ─> DELIVERED ─> READ
          └──given up──> DROPPED
                             ^                             │   └──> FAILED (cause)
                             └──transient, not_before──────┤
                                                           └ lapsed, lost ──> UNKNOWN
        FAILED or UNKNOWN ──retry by a person──> QUEUED

    First in, first out per conversation. `attempt` guards every write of an outcome, so that a
    worker thawed after its lease can't overwrite its successor. parts: the network's ids of a
    message that it takes in several, "" for what has not arrived: that alone is sent again.
    template: `name`, `language` and `blanks` of an approved text that goes in place of the words.
    """

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.CASCADE, related_name="delivery"
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=9, choices=DeliveryState.choices)
    attempt = models.PositiveIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(_("cause"), max_length=500, blank=True, default="")
    trouble = models.CharField(
        _("trouble"),
        max_length=9,
        choices=Trouble.choices,
        blank=True,
        default="",
        db_default="",
    )
    parts = ArrayField(
        models.CharField(max_length=500, blank=True), default=list, db_default=[], blank=True
    )
    template: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.CheckConstraint(
                name="delivery_state_is_known",
                condition=models.Q(state__in=DeliveryState.values),
            ),
            models.CheckConstraint(
                name="delivery_trouble_is_known",
                condition=models.Q(trouble__in=Trouble.values),
            ),
        ]
        indexes = [
            models.Index(
                name="deliveries_due",
                fields=["not_before"],
                condition=models.Q(state__in=["queued", "sending"]),
            ),
            models.Index(name="deliveries_of_a_conversation", fields=["conversation"]),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.message_id}"


class UnmatchedReceipt(models.Model):
    """A receipt that came before (or without) its message; matched when the message is known."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    envelope = models.ForeignKey(Envelope, null=True, on_delete=models.SET_NULL, related_name="+")
    references = ArrayField(models.CharField(max_length=500))
    state = models.CharField(max_length=9, choices=DeliveryState.choices)
    cause = models.CharField(max_length=500, blank=True, default="")
    trouble = models.CharField(
        max_length=9, choices=Trouble.choices, blank=True, default="", db_default=""
    )
    transient = models.BooleanField(default=False)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("unmatched receipt")
        verbose_name_plural = _("unmatched receipts")

    def __str__(self) -> str:
        return f"{self.state} {self.references}"
