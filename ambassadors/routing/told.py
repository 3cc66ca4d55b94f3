"""Rows of what people are told by mail, and of what they answered to it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ambassadors.governance.models import NamedRole
from ambassadors.routing.models import Offer
from conversations.channels.models import Envelope
from conversations.inbox.models import Conversation, Message
from crm.journal.models import Recorded
from crm.organisation.models import Employee
from crm.values import uuid7


class NoticeKind(models.TextChoices):
    OFFER = "offer", _("an offer")
    WARNING = "warning", _("accepted, not answered yet")
    TAKEN_BACK = "taken_back", _("taken back")
    REFUSED = "refused", _("an answer by mail that was not taken")
    MESSAGE = "message", _("the customer wrote again")


class Notice(models.Model):
    """Something to tell one person by mail, once. Several that are due together are one mail.

    due_at: not before the person's hours begin, or their absence ends. detail: a stable word.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="+")
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    detail = models.CharField(max_length=60, blank=True, default="")
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.CheckConstraint(
                name="notice_kind_is_known", condition=models.Q(kind__in=NoticeKind.values)
            ),
            models.UniqueConstraint(
                fields=["offer", "kind"],
                condition=~models.Q(kind__in=["refused", "message"]),
                name="a_notice_is_given_once",
            ),
            models.UniqueConstraint(
                fields=["offer"],
                condition=models.Q(kind="message", sent_at__isnull=True),
                name="messages_of_one_moment_are_one_notice",
            ),
        ]
        indexes = [
            models.Index(
                name="notices_due", fields=["due_at"], condition=models.Q(sent_at__isnull=True)
            ),
            models.Index(
                name="notices_of_a_person",
                fields=["employee", "due_at"],
                condition=models.Q(sent_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.kind}"


class MailedAnswer(Recorded):
    """A mail with which somebody answered an offer's mail; the same mail acts once.

    external_id: its Message-ID. message: what went to the customer, null when it was refused.
    """

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=500)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    refusal = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("answer by mail")
        verbose_name_plural = _("answers by mail")
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "external_id"], name="a_mailed_answer_acts_once"
            )
        ]

    def __str__(self) -> str:
        return self.external_id


class Overflow(Recorded):
    """A conversation that nobody was left to ask for went to `role`, once in each wait."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    waiting_since = models.DateTimeField()
    role = models.ForeignKey(NamedRole, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("overflow to a role")
        verbose_name_plural = _("overflows to roles")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "waiting_since"], name="a_wait_overflows_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.conversation} {self.role}"
