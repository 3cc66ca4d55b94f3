"""What is said in a conversation, with its files."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel, Envelope
from conversations.channels.secrets import EncryptedTextField
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
    edited_at, deleted_at: its author changed it, or took it back (then no word of it is left).
    `digest` stays that of what was said first, by which a repeat is known.
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
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
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


class FileState(models.TextChoices):
    HERE = "here", _("here")
    COMING = "coming", _("being fetched")
    LOST = "lost", _("could not be fetched")


class Attachment(models.Model):
    """A file of a message. Always served as a download, never as the type it claims.

    content_id: what an HTML mail calls it inside its text (`cid:`).
    state: what a network keeps for us is COMING until it was fetched, or LOST with its cause.
    remote: what the adapter needs to fetch it, gone once it is here. due_at: the next try.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=120)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, blank=True)
    content_id = models.CharField(max_length=200, blank=True, default="")
    file = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        _("state"),
        max_length=6,
        choices=FileState.choices,
        default=FileState.HERE,
        db_default=FileState.HERE.value,
    )
    remote = EncryptedTextField(blank=True, default="", db_default="")
    cause = models.CharField(_("cause"), max_length=300, blank=True, default="", db_default="")
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.CheckConstraint(
                name="file_state_is_known", condition=models.Q(state__in=FileState.values)
            )
        ]
        indexes = [
            models.Index(
                name="files_to_fetch", fields=["due_at"], condition=models.Q(state="coming")
            )
        ]

    def __str__(self) -> str:
        return self.name


class ChangeKind(models.TextChoices):
    SAID = "said", _("as it was said first")
    EDITED = "edited", _("edited")
    DELETED = "deleted", _("taken back")


class MessageChange(models.Model):
    """What an author did to a message after it was said, kept as it came.

    message: null while the message it is about has not come (networks keep no order); it is
    applied when that does. text, html: the words of this wording, "" once the message was taken
    back; with the first edit what was said first becomes a row as well. said_at: by the
    network's clock, by which the newest wins however they arrive.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=500)
    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="changes"
    )
    envelope = models.ForeignKey(Envelope, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=7, choices=ChangeKind.choices)
    text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    digest = models.CharField(max_length=64, blank=True, default="")
    said_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("change of a message")
        verbose_name_plural = _("changes of messages")
        ordering = ["said_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id", "kind", "digest", "said_at"],
                name="a_change_is_kept_once",
            ),
            models.CheckConstraint(
                name="change_kind_is_known", condition=models.Q(kind__in=ChangeKind.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
