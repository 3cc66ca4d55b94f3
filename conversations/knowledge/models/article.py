"""An article, its versions, who reviewed it, and what colleagues found wrong in it."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models import Conversation
from crm.access.models import Role
from crm.access.services import has_role
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee, Unit, User
from crm.values import uuid7
from crm.words import Folded, Spaced

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

SEARCHED = 50_000  # characters of a text that are searched
LONGEST_TITLE = 200


def _searched() -> models.expressions.CombinedExpression:
    """Both languages at once: which one a text is in is often unknown, stems rarely collide.
    And the words as they stand, for what is typed halfway or has no stem."""
    title, text = Folded("title"), Folded(Left("text", SEARCHED))
    return (
        SearchVector(title, config="english", weight="A")
        + SearchVector(title, config="french", weight="A")
        + SearchVector(Spaced(title), config="simple", weight="A")
        + SearchVector(text, config="english", weight="C")
        + SearchVector(text, config="french", weight="C")
        + SearchVector(Spaced(text), config="simple", weight="D")
    )


class ArticleState(models.TextChoices):
    DRAFT = "draft", _("draft")
    REVIEW = "review", _("in review")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class Visibility(models.TextChoices):
    INTERNAL = "internal", _("for colleagues")
    PUBLIC = "public", _("for everybody")


class VersionOutcome(models.TextChoices):
    WAITING = "waiting", _("waits for a review")
    PUBLISHED = "published", _("published")
    SENT_BACK = "sent_back", _("sent back")
    REPLACED = "replaced", _("replaced before its review")


class FlagOutcome(models.TextChoices):
    OPEN = "", _("open")
    FIXED = "fixed", _("fixed")
    DISMISSED = "dismissed", _("it is right as it is")


def _language() -> models.CharField[str, str]:
    return models.CharField(_("language"), max_length=8, default="en")


def _tags() -> ArrayField[list[str], list[str]]:
    return ArrayField(
        models.CharField(max_length=60), verbose_name=_("tags"), default=list, blank=True
    )


def _visibility() -> models.CharField[str, str]:
    return models.CharField(
        _("visibility"), max_length=8, choices=Visibility.choices, default=Visibility.INTERNAL
    )


def _changed(*columns: str) -> pgtrigger.Q:
    return reduce(
        or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in columns)
    )


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, user: User | AnonymousUser) -> ArticleQuerySet:
        """What is out, everybody who works here; what waits for a review, who may review; a
        draft, who writes it: it may still hold what a customer said of themselves."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        seen = Q(state__in=[ArticleState.PUBLISHED, ArticleState.RETIRED])
        if has_role(user, Role.STAFF, Role.AMBASSADOR):
            seen |= Q(state=ArticleState.REVIEW)
        for mine in ("author", "owner", "edited_by"):
            seen |= Q(**{f"{mine}__user": user})
        return self.filter(seen)

    def published(self) -> ArticleQuerySet:
        return self.filter(state=ArticleState.PUBLISHED)

    def waiting(self) -> ArticleQuerySet:
        """Some version of them waits for a review."""
        return self.filter(waiting__isnull=False).exclude(state=ArticleState.RETIRED)


class Article(Keyed, Acted):
    """A reusable answer. What it says is what its published version says, else the draft.

        DRAFT --submit--> REVIEW --approve, by another--> PUBLISHED --retire--> RETIRED
          ^---send back-----'                               |  ^                  |
                                          propose (version) '--' approve          |
                              REVIEW <---------------- restore -------------------'

    author: who wrote it first, for ever: reuse is credited to them. owner: who keeps it right
    (null: the author). edited_by: who changed the draft last. unit: whose customers it is for
    (null: of every unit). conversation: the exchange it was written from.
    number: the newest version (0: none, as for what was imported). waiting: the one to review.
    review_on: the day from which it is stale; told_on: the `review_on` whose mail was sent.
    comment: why it was sent back.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(_("title"), max_length=LONGEST_TITLE)
    text = models.TextField(_("text"))
    author = models.ForeignKey(
        Employee, on_delete=models.PROTECT, verbose_name=_("author"), related_name="+"
    )
    owner = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("owner"),
        related_name="+",
    )
    edited_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    language = _language()
    tags = _tags()
    visibility = _visibility()
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("unit"),
        related_name="+",
    )
    state = models.CharField(
        _("state"), max_length=9, choices=ArticleState.choices, default=ArticleState.DRAFT
    )
    number = models.PositiveIntegerField(_("version"), default=0)
    waiting = models.PositiveIntegerField(null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    review_on = models.DateField(_("to be reviewed on"), null=True, blank=True)
    told_on = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    search = models.GeneratedField(
        expression=_searched(), output_field=SearchVectorField(), db_persist=True, editable=False
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="article_state_is_known", condition=Q(state__in=ArticleState.values)
            ),
            models.CheckConstraint(
                name="article_visibility_is_known", condition=Q(visibility__in=Visibility.values)
            ),
            models.CheckConstraint(
                name="an_article_that_is_out_has_its_time",
                condition=Q(published_at__isnull=False)
                | ~Q(state__in=[ArticleState.PUBLISHED, ArticleState.RETIRED]),
            ),
            models.CheckConstraint(
                name="what_is_in_review_waits_for_one",
                condition=Q(waiting__isnull=False) | ~Q(state=ArticleState.REVIEW),
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="articles_by_words"),
            models.Index(name="articles_newest_first", fields=["-occurred_at", "-id"]),
            models.Index(
                name="articles_to_review", fields=["waiting"], condition=Q(waiting__isnull=False)
            ),
            models.Index(
                name="articles_going_stale",
                fields=["review_on"],
                condition=Q(state=ArticleState.PUBLISHED),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="who_wrote_it_first_stays",
                operation=pgtrigger.Update,
                condition=_changed("author", "occurred_at"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def carer(self) -> Employee:
        return self.owner or self.author

    def is_out(self) -> bool:
        return self.state == ArticleState.PUBLISHED

    def has_change_waiting(self) -> bool:
        return self.is_out() and self.waiting is not None


class ArticleVersion(Keyed, Acted):
    """What was handed in for review, word for word; never changed afterwards.

    by: who wrote this version. outcome is set once; decided_by: who reviewed it, null where it
    was replaced by a newer one or came with another system's history.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=LONGEST_TITLE)
    text = models.TextField(_("text"))
    language = _language()
    tags = _tags()
    visibility = _visibility()
    outcome = models.CharField(
        max_length=9, choices=VersionOutcome.choices, default=VersionOutcome.WAITING
    )
    decided_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("version of an article")
        verbose_name_plural = _("versions of articles")
        ordering = ["article", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "number"], name="a_version_of_an_article_has_one_number"
            ),
            models.UniqueConstraint(
                fields=["article"],
                condition=Q(outcome=VersionOutcome.WAITING),
                name="one_version_of_an_article_waits",
            ),
            models.CheckConstraint(
                name="version_outcome_is_known", condition=Q(outcome__in=VersionOutcome.values)
            ),
            models.CheckConstraint(
                name="nobody_reviews_their_own_version",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("by")),
            ),
            models.CheckConstraint(
                name="a_decided_version_has_its_time",
                condition=Q(outcome=VersionOutcome.WAITING, decided_at__isnull=True)
                | (~Q(outcome=VersionOutcome.WAITING) & Q(decided_at__isnull=False)),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="versions_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="versions_are_never_edited",
                operation=pgtrigger.Update,
                condition=_changed("article", "number", "by", "title", "text", "language", "tags")
                | _changed("visibility", "occurred_at"),
            ),
            pgtrigger.Protect(
                name="a_version_is_decided_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__outcome=VersionOutcome.WAITING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"


class ArticleReview(Keyed, Acted):
    """`by` has read the article and says that it is right."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="reviews")
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")

    def __str__(self) -> str:
        return str(self.occurred_at)


class ArticleFlag(Acted):
    """Somebody found something wrong, mostly while answering. Open while `outcome` is "".

    told_at: its mail to the owner was sent, or is not to be sent any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="flags")
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(_("what is wrong"), max_length=500)
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    outcome = models.CharField(
        max_length=9, choices=FlagOutcome.choices, default=FlagOutcome.OPEN, blank=True
    )
    closed_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("flag of an article")
        verbose_name_plural = _("flags of articles")
        ordering = ["occurred_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="flag_outcome_is_known", condition=Q(outcome__in=FlagOutcome.values)
            ),
            models.CheckConstraint(
                name="a_closed_flag_has_its_time",
                condition=Q(outcome="", closed_at__isnull=True)
                | (~Q(outcome="") & Q(closed_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["article", "by"],
                condition=Q(outcome=""),
                name="flagged_once_while_open",
            ),
        ]
        indexes = [
            models.Index(name="flags_to_tell", fields=["occurred_at"], condition=Q(told_at=None))
        ]

    def __str__(self) -> str:
        return self.text
