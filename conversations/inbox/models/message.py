"""What is said in a conversation, with its files."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel, Envelope
from conversations.inbox.models.conversation import Conversation
from crm.contacts.models import Identity
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee
from crm.values import uuid7
from crm.words import worded_by_week

ERASED = "erased:"  # begins the digest of an answer whose words were erased


class Direction(models.TextChoices):
    IN = "in", _("in")
    OUT = "out", _("out")


class MessageKind(models.TextChoices):
    REPLY = "reply", _("message")
    NOTE = "note", _("internal note")


class Message(Keyed, Acted):
    """One message, in or out, or a note that stays inside.

    occurred_at: received (in), written (out, note). sent_at: the provider accepted it (out);
    measures count an outbound message from then, and no longer when its delivery failed.
    stated_at: the sender's own date, shown only.
    external_id + variant: the provider's id; `variant` tells apart messages that came under one
    id with another sender or body ("" for the first).
    digest: SHA-256 of what was said, for that comparison; of an erased answer `ERASED` and a
    digest by which the same words of ours count as the same.
    articles: knowledge articles the author says were used (uses are counted from the text).
    approval_required, approved_by: filled by gates, or by import.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The hot table: the indexes below already begin with these three columns.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    envelope = models.ForeignKey(
        Envelope, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    external_id = models.CharField(max_length=500, blank=True, default="")
    variant = models.CharField(max_length=16, blank=True, default="")
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    kind = models.CharField(
        _("kind"), max_length=5, choices=MessageKind.choices, default=MessageKind.REPLY
    )
    author_identity = models.ForeignKey(
        Identity, null=True, on_delete=models.PROTECT, related_name="+"
    )
    author_employee = models.ForeignKey(
        Employee, null=True, on_delete=models.PROTECT, related_name="+"
    )
    automated = models.BooleanField(_("automated"), default=False)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True, default="")
    subject = models.CharField(max_length=1000, blank=True, default="")  # RFC 5322: 998
    digest = models.CharField(max_length=64, blank=True, default="")
    stated_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    notes = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    articles = ArrayField(models.UUIDField(), default=list, blank=True)
    approval_required = models.BooleanField(null=True, blank=True)
    approved_by = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id", "variant"],
                condition=~models.Q(external_id=""),
                name="a_message_is_stored_once",
            ),
            models.CheckConstraint(
                name="message_has_one_author_at_most",
                condition=models.Q(author_identity__isnull=True)
                | models.Q(author_employee__isnull=True),
            ),
            models.CheckConstraint(
                name="message_direction_is_known",
                condition=models.Q(direction__in=Direction.values),
            ),
            models.CheckConstraint(
                name="message_kind_is_known", condition=models.Q(kind__in=MessageKind.values)
            ),
        ]
        indexes = [
            models.Index(
                name="messages_of_a_conversation", fields=["conversation", "occurred_at", "id"]
            ),
            models.Index(
                name="messages_of_an_envelope",
                fields=["envelope"],
                condition=models.Q(envelope__isnull=False),
            ),
            models.Index(
                name="messages_by_sending",
                fields=["sent_at"],
                condition=models.Q(sent_at__isnull=False),
            ),
            GinIndex(worded_by_week("text", "occurred_at"), name="messages_by_words"),
            models.Index(name="messages_by_time", fields=["occurred_at"]),
            BrinIndex(name="messages_recorded", fields=["recorded_at"], autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.id}"


class Attachment(models.Model):
    """A file of a message. Always served as a download, never as the type it claims.

    content_id: what an HTML mail calls it inside its text (`cid:`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=120)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=200, blank=True, default="")
    file = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.name
