"""Conversations and their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel, Envelope
from crm.access.services import staffed_units
from crm.contacts.models import Identity
from crm.journal.models import Acted, Keyed, Recorded
from crm.organisation.models import Employee, Unit, User
from crm.values import uuid7

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Status(models.TextChoices):
    """open: the company owes an answer or has not decided. waiting: the customer's turn."""

    OPEN = "open", _("open")
    WAITING = "waiting", _("waiting for the customer")
    SNOOZED = "snoozed", _("snoozed")
    CLOSED = "closed", _("closed")
    SPAM = "spam", _("spam")


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: User | AnonymousUser) -> ConversationQuerySet:
        """The one rule of who may see a conversation: list, detail, count, search, export."""
        units = staffed_units(user)
        if units is None:
            return self
        if not isinstance(user, User):
            return self.none()
        mine = models.Q(assignee__user=user) | models.Exists(
            Participant.objects.filter(conversation=models.OuterRef("pk"), user=user)
        )
        return self.filter(mine | models.Q(unit__in=units)) if units else self.filter(mine)


class Conversation(Keyed, Recorded):
    """What one person and the company say to each other on one channel about one thing.

        OPEN ──answer──> WAITING ──customer writes──> OPEN
          │ └─snooze─> SNOOZED ─(due, or customer writes)─> OPEN
          └─close─> CLOSED ─(customer writes within the reopening time)─> OPEN
          └─spam─> SPAM (what follows is kept, nobody is told)

    identity: the person outside; null only for imported outbound-only exchanges.
    thread: the channel's own conversation key, "" where it has one thread a person.
    waiting_since: the oldest message of theirs that has no answer yet.
    live: a live verb touched it; only such rows are ever due for routing or telling.
    version: counts writes by people, for the check on save.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, verbose_name=_("channel"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, verbose_name=_("unit"))
    identity = models.ForeignKey(
        Identity,
        null=True,
        on_delete=models.PROTECT,
        verbose_name=_("from"),
        related_name="+",
        db_index=False,  # conversations_of_a_person begins with it
    )
    thread = models.CharField(max_length=500, default="", blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True, default="")
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.OPEN
    )
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    topics = ArrayField(
        models.CharField(max_length=60), verbose_name=_("topics"), default=list, blank=True
    )
    assignee = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        verbose_name=_("assignee"),
        related_name="+",
    )
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    last_message_at = models.DateTimeField(_("last message"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), db_default=Now())
    live = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("inbox")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "identity", "thread"],
                condition=~models.Q(status="closed") & models.Q(live=True),
                name="one_open_conversation_per_thread",
            ),
            models.CheckConstraint(
                name="conversation_status_is_known",
                condition=models.Q(status__in=Status.values),
            ),
            models.CheckConstraint(
                name="a_snoozed_conversation_has_an_end",
                condition=~models.Q(status="snoozed") | models.Q(snoozed_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="conversations_newest_first", fields=["-updated_at", "-id"]),
            models.Index(name="inbox_of_a_status", fields=["status", "-last_message_at"]),
            models.Index(name="conversations_of_a_person", fields=["identity", "thread"]),
            models.Index(
                name="snoozes_to_end",
                fields=["snoozed_until"],
                condition=models.Q(status="snoozed"),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or str(_("(no subject)"))


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
    digest: SHA-256 of what was said, for that comparison.
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


class DeliveryState(models.TextChoices):
    HELD = "held", _("held for approval")
    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("delivered")
    READ = "read", _("read")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("unknown: it may have arrived")


class Delivery(models.Model):
    """The way of one outbound message to the provider.

        HELD ──approved──> QUEUED ──claim, committed──> SENDING ──> SENT ─> DELIVERED ─> READ
                             ^                             │   └──> FAILED (cause)
                             └──transient, not_before──────┤
                                                           └ lapsed, lost ──> UNKNOWN
        FAILED or UNKNOWN ──retry by a person──> QUEUED

    First in, first out per conversation. `attempt` guards every write of an outcome, so that a
    worker thawed after its lease can't overwrite its successor.
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
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.CheckConstraint(
                name="delivery_state_is_known",
                condition=models.Q(state__in=DeliveryState.values),
            )
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
    transient = models.BooleanField(default=False)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("unmatched receipt")
        verbose_name_plural = _("unmatched receipts")

    def __str__(self) -> str:
        return f"{self.state} {self.references}"


class ParticipantRole(models.TextChoices):
    OFFERED = "offered", _("offered")
    ANSWERING = "answering", _("answering")
    ADVISING = "advising", _("advising")
    APPROVING = "approving", _("approving")


class Participant(models.Model):
    """`user` may see this one conversation, in `role`, while the row stands."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="participants"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=9, choices=ParticipantRole.choices)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "user", "role"], name="takes_part_once_in_a_role"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class Correspondent(models.Model):
    """An address outside that may write into the conversation: the customer, and their Cc."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="correspondents"
    )
    identity = models.ForeignKey(Identity, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("correspondent")
        verbose_name_plural = _("correspondents")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "identity"], name="corresponds_once")
        ]

    def __str__(self) -> str:
        return str(self.identity)


class NeedsAnswer(Keyed, Acted):
    """A decision whether the conversation needs an answer; the first before the deadline holds.

    by is null when a classifier decided.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    value = models.BooleanField(_("needs an answer"))
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("decision on the need of an answer")
        verbose_name_plural = _("decisions on the need of an answer")
        indexes = [
            models.Index(name="needs_of_a_conversation", fields=["conversation", "occurred_at"])
        ]

    def __str__(self) -> str:
        return str(self.value)


class Closing(Keyed, Acted):
    """One closing of a conversation; `by` is null when nobody in particular closed it."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("closing")
        verbose_name_plural = _("closings")
        indexes = [
            models.Index(name="closings_of_a_conversation", fields=["conversation", "occurred_at"])
        ]

    def __str__(self) -> str:
        return str(self.occurred_at)
