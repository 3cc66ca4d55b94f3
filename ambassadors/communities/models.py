"""Communities across departments, questions that travel through them, ideas born outside."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models import Conversation
from crm.contacts.models import Identity
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee
from crm.values import uuid7


class Dimension(models.TextChoices):
    INTERNAL = "internal", _("internal")
    SOCIAL = "social", _("social media")
    PARTNER = "partner", _("partners")


class Community(Keyed, Acted):
    """practice: a community of practice."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    dimension = models.CharField(_("dimension"), max_length=8, choices=Dimension.choices)
    practice = models.BooleanField(_("community of practice"), default=False)

    class Meta:
        verbose_name = _("community")
        verbose_name_plural = _("communities")
        constraints = [
            models.CheckConstraint(
                name="community_dimension_is_known",
                condition=models.Q(dimension__in=Dimension.values),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Post(Keyed, Acted):
    """A post in a thread, by an employee or by somebody outside."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="posts")
    thread = models.CharField(max_length=200)
    author_employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_identity = models.ForeignKey(
        Identity, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField(_("text"), blank=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.CheckConstraint(
                name="a_post_has_one_author",
                condition=models.Q(author_employee__isnull=False)
                ^ models.Q(author_identity__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


class RoundTrip(Keyed, Acted):
    """A customer's question asked inside (`post`, the thread's first) and answered outside."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    partner = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("round trip")
        verbose_name_plural = _("round trips")

    def __str__(self) -> str:
        return str(self.conversation)


class InsightOutcome(models.TextChoices):
    SHIPPED = "shipped", _("shipped")
    REJECTED = "rejected", _("rejected")


class Insight(Keyed, Acted):
    """An idea born of a conversation; `owner` decides, and the originator is told."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"))
    decided_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=InsightOutcome.choices, blank=True, default="")
    owner = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("insight")
        verbose_name_plural = _("insights")

    def __str__(self) -> str:
        return self.text[:60]
