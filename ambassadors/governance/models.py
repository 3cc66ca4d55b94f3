"""The rules people have acknowledged, what they were trained in, and what must be escalated."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel
from conversations.inbox.models import Conversation, Message
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee, Unit
from crm.values import uuid7


class Policy(Keyed, Acted):
    """One version of one policy, or a later review of it. A policy is known by its name.

    A version is in force from its first row's `occurred_at` on, which may lie ahead: it is read
    before it holds. A row with `reviewed_at` says that it is still right.
    gates_offers: who has not read it is not asked to answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    version = models.CharField(_("version"), max_length=40)
    text = models.TextField(_("text"), blank=True)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    gates_offers = models.BooleanField(_("must be read before answering"), default=False)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.UniqueConstraint(
                fields=["name", "version"],
                condition=models.Q(key__isnull=True, reviewed_at__isnull=True),
                name="a_version_is_published_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Acknowledgement(Keyed, Acted):
    """`employee` read and accepted a version. `session`: the login session it was done in.

    A policy is meant by name and version: imported lines may name one before its text came.
    """

    policy_name = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    session = models.CharField(max_length=200, blank=True, default="")
    policy = models.ForeignKey(
        Policy, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")

    def __str__(self) -> str:
        return f"{self.employee} {self.policy_name} {self.version}"


class Course(models.Model):
    """What people are trained in. required: who has no valid training is not asked to answer.

    valid_months: how long a training holds; null: for ever. key: the id of another system.
    """

    key = models.CharField(max_length=200, null=True, blank=True, unique=True, editable=False)
    occurred_at = models.DateTimeField(db_default=Now(), editable=False)
    name = models.CharField(_("name"), max_length=200, unique=True)
    required = models.BooleanField(_("required before answering"), default=False)
    valid_months = models.PositiveSmallIntegerField(_("months it holds"), null=True, blank=True)

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Training(Keyed, Acted):
    """`employee` followed `course` (its name: imported ones may name any) at `occurred_at`."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    course = models.CharField(_("course"), max_length=200)

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")

    def __str__(self) -> str:
        return self.course


class NamedRole(models.Model):
    """Who answers for something: legal, safety, the press office. Two people or more, since
    nobody approves an answer of their own."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    people: models.ManyToManyField[Employee, models.Model] = models.ManyToManyField(
        Employee, verbose_name=_("people"), related_name="+"
    )

    class Meta:
        verbose_name = _("named role")
        verbose_name_plural = _("named roles")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class EscalationRule(models.Model):
    """What must reach a named role before anybody answers.

    A message hits where unit and channels fit and one of the keywords stands in it as a word, or
    the conversation is about one of the topics; with neither named, every message there hits.
    Only messages that came after `since` are looked at.
    """

    name = models.CharField(_("name"), max_length=200, unique=True)
    active = models.BooleanField(_("active"), default=True)
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        verbose_name=_("unit"),
        related_name="+",
    )
    channels: models.ManyToManyField[Channel, models.Model] = models.ManyToManyField(
        Channel, blank=True, verbose_name=_("channels"), related_name="+"
    )
    keywords = ArrayField(
        models.CharField(max_length=60), verbose_name=_("keywords"), default=list, blank=True
    )
    topics = ArrayField(
        models.CharField(max_length=60), verbose_name=_("topics"), default=list, blank=True
    )
    role = models.ForeignKey(
        NamedRole, on_delete=models.PROTECT, verbose_name=_("named role"), related_name="+"
    )
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("escalation rule")
        verbose_name_plural = _("escalation rules")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Escalation(Keyed, Acted):
    """A conversation hit a rule; `role` must be reached and must approve before an answer.

        (hit) ──taken by somebody of the role──> reached ──answer approved, or let go──> approved

    source, message: the rule and the words that hit it, null for imported ones, which hold
    nothing back. reply: the answer that was approved, null where the role let go without one.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    rule = models.CharField(_("rule"), max_length=200)
    role = models.CharField(_("role"), max_length=200)
    reached_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    drill = models.BooleanField(_("drill"), default=False)
    source = models.ForeignKey(
        EscalationRule, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    reply = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "message"],
                condition=models.Q(source__isnull=False),
                name="a_message_hits_a_rule_once",
            )
        ]
        indexes = [
            models.Index(
                name="open_escalations",
                fields=["conversation"],
                condition=models.Q(source__isnull=False, approved_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.rule


class CorrectionKind(models.TextChoices):
    CORRECTED = "corrected", _("corrected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    LATE_ESCALATION = "late_escalation", _("escalated late")


class Correction(Keyed, Acted):
    """A sent message had to be corrected, withdrawn, or should have been escalated."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=15, choices=CorrectionKind.choices)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        constraints = [
            models.CheckConstraint(
                name="correction_kind_is_known",
                condition=models.Q(kind__in=CorrectionKind.values),
            )
        ]

    def __str__(self) -> str:
        return self.kind
