"""Communities across departments, questions that travel through them, ideas born outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models import Conversation, Message
from crm.contacts.models import Identity
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee, User
from crm.values import uuid7

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def employed() -> models.QuerySet[Employee]:
    """Who works here now."""
    return Employee.objects.filter(Q(left_at=None) | Q(left_at__gt=timezone.now()))


class Dimension(models.TextChoices):
    INTERNAL = "internal", _("internal")
    SOCIAL = "social", _("social media")
    PARTNER = "partner", _("partners")


class CommunityQuerySet(models.QuerySet["Community"]):
    def visible_to(self, user: User | AnonymousUser) -> CommunityQuerySet:
        """The one rule of who may see a community and all that is written in it."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        homes = employed().filter(user=user).values_list("department_id", flat=True)
        home = homes.first()
        if home is None:
            return self.none()
        return self.filter(Q(only_for=[]) | Q(only_for__contains=[home]))


class Community(Keyed, Acted):
    """A place where departments answer each other.

    practice: a community of practice. only_for: ids of the departments that may see it, none
    for every department. A department that is renamed keeps its id, and none is ever deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    purpose = models.CharField(_("what it is for"), max_length=1000, blank=True, default="")
    only_for = ArrayField(models.UUIDField(), verbose_name=_("only for"), default=list, blank=True)
    dimension = models.CharField(_("dimension"), max_length=8, choices=Dimension.choices)
    practice = models.BooleanField(_("community of practice"), default=False)

    objects = CommunityQuerySet.as_manager()

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


class Member(Acted):
    """An employee in a community from `occurred_at` to `left_at`; who joins again has a new row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="members")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="+")
    moderates = models.BooleanField(_("moderator"), default=False)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(
                fields=["community", "employee"],
                condition=Q(left_at__isnull=True),
                name="a_member_is_in_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.employee)


class PostQuerySet(models.QuerySet["Post"]):
    def visible_to(self, user: User | AnonymousUser) -> PostQuerySet:
        return self.filter(community__in=Community.objects.visible_to(user))

    def openings(self) -> PostQuerySet:
        """The first post of each thread, which stands for the thread."""
        same = Post.objects.filter(
            community=models.OuterRef("community"), thread=models.OuterRef("thread")
        )
        earlier = Q(occurred_at__lt=models.OuterRef("occurred_at")) | Q(
            occurred_at=models.OuterRef("occurred_at"), pk__lt=models.OuterRef("pk")
        )
        return self.filter(~models.Exists(same.filter(earlier)))


class Post(Keyed, Acted):
    """A post in a thread, by an employee or by somebody outside.

    thread: the thread's key in its community; of a thread begun here, its first post's id.
    title: the thread's, on its first post. conversation: mentioned; shown to whoever may see it.
    withdrawn_at: its words are no longer shown; that it was written stays true.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(
        Community, on_delete=models.CASCADE, related_name="posts", db_index=False
    )
    thread = models.CharField(max_length=200)
    author_employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_identity = models.ForeignKey(
        Identity, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField(_("title"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"), blank=True)
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.CheckConstraint(
                name="a_post_has_one_author",
                condition=Q(author_employee__isnull=False) ^ Q(author_identity__isnull=False),
            )
        ]
        indexes = [
            models.Index(
                name="posts_of_a_thread", fields=["community", "thread", "occurred_at", "id"]
            ),
            models.Index(name="posts_by_time", fields=["occurred_at"]),
        ]

    def __str__(self) -> str:
        return self.title or self.text[:60]


class RoundTrip(Keyed, Acted):
    """A customer's question asked inside (`post`, the thread's first) and answered outside.

    answer: the colleague's post that was returned. reply: the message it became; the trip is
    answered when the provider took that message, and not any more when the delivery failed.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    answer = models.ForeignKey(
        Post, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reply = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
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


class InsightQuerySet(models.QuerySet["Insight"]):
    def visible_to(self, user: User | AnonymousUser) -> InsightQuerySet:
        """Its author, its owner, and who may see the conversation that it was born in."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        theirs = Q(author__user=user) | Q(owner__user=user)
        return self.filter(theirs | Q(conversation__in=Conversation.objects.visible_to(user)))


class Insight(Keyed, Acted):
    """An idea born of a conversation; `owner` decides, and the originator is told.

    why: of the decision. told_at: when the author was told what became of it.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"))
    decided_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=InsightOutcome.choices, blank=True, default="")
    owner = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    why = models.CharField(_("why"), max_length=2000, blank=True, default="")
    told_at = models.DateTimeField(null=True, blank=True)

    objects = InsightQuerySet.as_manager()

    class Meta:
        verbose_name = _("insight")
        verbose_name_plural = _("insights")

    def __str__(self) -> str:
        return self.text[:60]


class TellingKind(models.TextChoices):
    ASKED = "asked", _("a customer's question")
    ANSWERED = "answered", _("a colleague answered")
    GIVEN = "given", _("an idea to decide")
    DECIDED = "decided", _("what became of an idea")


class Telling(models.Model):
    """Something of this room to tell one person by mail, once. `post` or `insight` is the thing.

    due_at: not before the person's hours begin, or their absence ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=TellingKind.choices)
    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="+")
    insight = models.ForeignKey(Insight, null=True, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("thing to tell")
        verbose_name_plural = _("things to tell")
        constraints = [
            models.CheckConstraint(
                name="a_telling_is_of_a_post_or_an_insight",
                condition=Q(post__isnull=False) ^ Q(insight__isnull=False),
            ),
            models.CheckConstraint(
                name="telling_kind_is_known", condition=Q(kind__in=TellingKind.values)
            ),
        ]
        indexes = [
            models.Index(name="tellings_due", fields=["due_at"], condition=Q(sent_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.kind}"
