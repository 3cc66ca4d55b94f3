"""Who is asked to answer: rules, people's availability, and one row per attempt."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ambassadors.governance.models import NamedRole
from conversations.channels.models import Channel
from conversations.inbox.models import Conversation
from conversations.knowledge.models import Article
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Department, Employee, Unit
from crm.values import uuid7


class Topic(models.Model):
    """Something people ask about, known by keywords; what ambassadors say they know."""

    name = models.SlugField(_("name"), max_length=60, unique=True)
    keywords = ArrayField(
        models.CharField(max_length=60), verbose_name=_("keywords"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Target(models.TextChoices):
    AMBASSADORS = "ambassadors", _("ambassadors")
    STAFF = "staff", _("staff, at once")


def _words(label: Any, longest: int, **more: Any) -> ArrayField[list[str], list[str]]:
    return ArrayField(
        models.CharField(max_length=longest), verbose_name=label, default=list, blank=True, **more
    )


class Rule(models.Model):
    """The first active rule whose conditions hold says who is asked. Empty means any.

    Conditions, each with a list: one of it is enough; all conditions must hold. topics: those
    found by their keywords. keywords: words of the subject or the first message. articles: one is
    suggested for the question.
    Asked: who knows every required topic and, as long as nobody waits too long, every preferred
    one: after each relax_minutes of waiting the last preferred one still asked for is given up,
    at the end the topic of the question too. departments: the people asked, empty for all.
    offer_minutes: how long one offer stands. most_offers, patience_minutes: then staff takes over.
    minutes: what one conversation is expected to take.
    """

    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveIntegerField(_("order"), default=100)
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
    languages = _words(_("languages"), 8, help_text=_("Codes such as en, fr."))
    topics = _words(_("topics"), 60)
    keywords = _words(_("words in the question"), 60)
    articles: models.ManyToManyField[Article, models.Model] = models.ManyToManyField(
        Article, blank=True, verbose_name=_("suggested articles"), related_name="+"
    )
    relationships = _words(_("relationships"), 12)
    organizations = _words(_("organisations of the sender"), 200)
    priorities = _words(_("priorities"), 6)
    target = models.CharField(
        _("goes to"), max_length=11, choices=Target.choices, default=Target.AMBASSADORS
    )
    required_topics = _words(_("topics people must know"), 60)
    preferred_topics = _words(_("topics people should know"), 60)
    departments: models.ManyToManyField[Department, models.Model] = models.ManyToManyField(
        Department, blank=True, verbose_name=_("departments"), related_name="+"
    )
    relax_minutes = models.PositiveIntegerField(
        _("minutes of waiting that give up a topic"), default=60, validators=[MinValueValidator(1)]
    )
    offer_minutes = models.PositiveIntegerField(_("minutes an offer stands"), default=60)
    most_offers = models.PositiveSmallIntegerField(_("offers before staff takes over"), default=5)
    overflow_role = models.ForeignKey(
        NamedRole,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        verbose_name=_("role told when nobody is left to ask"),
        related_name="+",
        help_text=_("Its people may then see and answer it, besides the staff."),
    )
    answer_minutes = models.PositiveIntegerField(
        _("minutes from accepting to a warning"),
        default=240,
        help_text=_("0: whoever accepts keeps the conversation."),
    )
    grace_minutes = models.PositiveIntegerField(
        _("minutes from the warning to taking back"), default=60
    )
    patience_minutes = models.PositiveIntegerField(
        _("minutes of waiting before staff takes over"), default=480
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes a conversation is expected to take"), default=10
    )

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="rule_target_is_known", condition=models.Q(target__in=Target.values)
            ),
            models.CheckConstraint(
                name="a_rule_relaxes_after_a_wait", condition=models.Q(relax_minutes__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Availability(models.Model):
    """When and for what an ambassador may be asked.

    hours: [{"day": 0..6 (Monday 0), "from": "09:00", "to": "17:30"}, ...] in `timezone`; an
    empty list means at any hour. topics: none means any. levels: {topic: 1..3}, of a topic
    without one 2. most_open: conversations at a time. most_weekly, minutes_weekly: of what was
    accepted since Monday midnight in `timezone`.
    """

    employee = models.OneToOneField(
        Employee, on_delete=models.CASCADE, related_name="+", verbose_name=_("employee")
    )
    active = models.BooleanField(_("takes offers"), default=True)
    topics = ArrayField(
        models.CharField(max_length=60), verbose_name=_("topics"), default=list, blank=True
    )
    levels: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(
        _("how well"), default=dict, blank=True
    )
    languages = ArrayField(
        models.CharField(max_length=8), verbose_name=_("languages"), default=list, blank=True
    )
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    hours: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        _("hours"), default=list, blank=True
    )
    most_open = models.PositiveSmallIntegerField(_("conversations at a time"), default=3)
    most_weekly = models.PositiveSmallIntegerField(_("conversations a week"), default=10)
    minutes_weekly = models.PositiveIntegerField(_("minutes a week"), null=True, blank=True)

    class Meta:
        verbose_name = _("availability")
        verbose_name_plural = _("availabilities")

    def __str__(self) -> str:
        return str(self.employee)


class Absence(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            models.CheckConstraint(
                name="an_absence_ends_after_it_starts",
                condition=models.Q(ends_at__gt=models.F("starts_at")),
            )
        ]
        indexes = [models.Index(name="absences_of_a_person", fields=["employee", "ends_at"])]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d} - {self.ends_at:%Y-%m-%d}"


class CaseState(models.TextChoices):
    SEEKING = "seeking", _("looking for somebody")
    OFFERED = "offered", _("offered")
    PLACED = "placed", _("placed")
    OVERFLOWED = "overflowed", _("left to staff")


class RoutingCase(models.Model):
    """Where routing stands with one conversation.

        SEEKING ──offer──> OFFERED ──accepted──> PLACED
           ^                  │ declined, expired
           └──────────────────┘ nobody left: OVERFLOWED (staff)

    due_at: when the sweep must look again; null when nothing is to be done.
    relaxed: how many wishes of the rule were given up so far.
    reasons: why it was routed so, newest last, in words for people.
    """

    conversation = models.OneToOneField(
        Conversation, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=CaseState.choices)
    rule = models.ForeignKey(Rule, null=True, on_delete=models.SET_NULL, related_name="+")
    due_at = models.DateTimeField(null=True, blank=True)
    relaxed = models.PositiveSmallIntegerField(default=0)
    reasons = ArrayField(models.CharField(max_length=300), default=list, blank=True)

    class Meta:
        verbose_name = _("routing")
        verbose_name_plural = _("routings")
        constraints = [
            models.CheckConstraint(
                name="case_state_is_known", condition=models.Q(state__in=CaseState.values)
            )
        ]
        indexes = [
            models.Index(
                name="cases_due", fields=["due_at"], condition=models.Q(due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.state


class OfferState(models.TextChoices):
    OPEN = "open", _("open")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    EXPIRED = "expired", _("expired")
    WITHDRAWN = "withdrawn", _("withdrawn")
    TAKEN_BACK = "taken_back", _("taken back")


class DeclineReason(models.TextChoices):
    NO_TIME = "no_time", _("no time")
    NOT_MY_TOPIC = "not_my_topic", _("not my topic")
    ABSENT = "absent", _("absent")
    OTHER = "other", _("other")


class OfferOrigin(models.TextChoices):
    RULE = "rule", _("by rule")
    MANUAL = "manual", _("by hand")


class Offer(Keyed, Acted):
    """One attempt to place one conversation with one person; kept for ever.

    score and parts: why this person, e.g. {"topic": 2.0, "language": 1.0, "fairness": 0.4}.
    load: conversations the person had open at that moment. minutes: what it was expected to take.
    `via`: the door of the decision.

        OPEN ──> ACCEPTED ──never answered, warned──> TAKEN_BACK
          └──> DECLINED | EXPIRED | WITHDRAWN

    answer_due_at: when a warning, or after it the taking back, is due; null once answered.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=6, choices=OfferOrigin.choices, default=OfferOrigin.RULE)
    state = models.CharField(
        _("state"), max_length=10, choices=OfferState.choices, default=OfferState.OPEN
    )
    score = models.FloatField(_("score"), default=0)
    parts: models.JSONField[dict[str, float], dict[str, float]] = models.JSONField(
        _("parts of the score"), default=dict, blank=True
    )
    load = models.PositiveSmallIntegerField(_("load at that time"), default=0)
    minutes = models.PositiveSmallIntegerField(_("minutes expected"), default=10)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined at"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    answer_due_at = models.DateTimeField(_("answer due at"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")
    live = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["-occurred_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state="open", live=True),
                name="one_open_offer_per_conversation",
            ),
            models.CheckConstraint(
                name="offer_state_is_known", condition=models.Q(state__in=OfferState.values)
            ),
        ]
        indexes = [
            models.Index(name="offers_of_a_person", fields=["employee", "state"]),
            models.Index(name="offers_of_a_conversation", fields=["conversation"]),
            BrinIndex(name="offers_recorded", fields=["recorded_at"], autosummarize=True),
            models.Index(
                name="offers_to_tell",
                fields=["occurred_at"],
                condition=models.Q(state="open", live=True, told_at__isnull=True),
            ),
            models.Index(
                name="answers_due",
                fields=["answer_due_at"],
                condition=models.Q(answer_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.state}"
