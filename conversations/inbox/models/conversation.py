"""The conversation, and who besides its unit's staff may see it or write into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel
from conversations.channels.wire.drill import KIND as DRILL
from conversations.service_levels.models import Priority
from crm.access.services import staffed_units
from crm.contacts.models import Identity
from crm.journal.models import Keyed, Recorded
from crm.organisation.models import Employee, Unit, User
from crm.values import uuid7
from crm.words import worded

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
    blocked: only the block of its person made it spam; the end of the block undoes it.
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
    priority = models.CharField(
        _("priority"),
        max_length=6,
        choices=Priority.choices,
        default=Priority.NORMAL,
        db_default=Priority.NORMAL.value,
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
    blocked = models.BooleanField(default=False, db_default=False, editable=False)
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
                name="conversation_priority_is_known",
                condition=models.Q(priority__in=Priority.values),
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
            GinIndex(worded("subject"), name="conversations_by_words"),
            models.Index(
                name="conversations_of_the_blocked",
                fields=["identity"],
                condition=models.Q(blocked=True),
            ),
            models.Index(
                name="snoozes_to_end",
                fields=["snoozed_until"],
                condition=models.Q(status="snoozed"),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or str(_("(no subject)"))

    @property
    def is_drill(self) -> bool:
        """Nobody outside asks it: it is there to see whether an escalation rule works."""
        return self.channel.kind == DRILL


class ParticipantRole(models.TextChoices):
    OFFERED = "offered", _("offered")
    ANSWERING = "answering", _("answering")
    ADVISING = "advising", _("advising")
    APPROVING = "approving", _("approving")
    HELPING = "helping", _("invited to answer")


class Participant(models.Model):
    """`user` may see this one conversation, in `role`, while the row stands.

    invited_at, invited_by: a colleague asked them in (advising or helping); told_at: by mail.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="participants"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=9, choices=ParticipantRole.choices)
    invited_by = models.ForeignKey(
        Employee, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    invited_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "user", "role"], name="takes_part_once_in_a_role"
            )
        ]
        indexes = [
            models.Index(
                name="invitations_to_tell",
                fields=["invited_at"],
                condition=models.Q(invited_at__isnull=False, told_at=None),
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
