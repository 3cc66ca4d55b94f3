"""What the company has learnt to answer, and where it was used again."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models import Conversation, Message
from crm.journal.models import Acted, Keyed, Recorded
from crm.organisation.models import Employee
from crm.values import uuid7
from crm.words import Folded

SEARCHED = 50_000  # characters of a text that are searched


def _searched() -> models.expressions.CombinedExpression:
    """Both languages at once: which one a text is in is often unknown, stems rarely collide."""
    title, text = Folded("title"), Folded(Left("text", SEARCHED))
    return (
        SearchVector(title, config="english", weight="A")
        + SearchVector(title, config="french", weight="A")
        + SearchVector(text, config="english", weight="C")
        + SearchVector(text, config="french", weight="C")
    )


class ArticleState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class Article(Keyed, Acted):
    """A reusable answer. `conversation`: the exchange it was written from, if any."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    author = models.ForeignKey(
        Employee, on_delete=models.PROTECT, verbose_name=_("author"), related_name="+"
    )
    language = models.CharField(_("language"), max_length=8, default="en")
    tags = ArrayField(
        models.CharField(max_length=60), verbose_name=_("tags"), default=list, blank=True
    )
    state = models.CharField(
        _("state"), max_length=9, choices=ArticleState.choices, default=ArticleState.PUBLISHED
    )
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    search = models.GeneratedField(
        expression=_searched(), output_field=SearchVectorField(), db_persist=True, editable=False
    )

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="article_state_is_known", condition=models.Q(state__in=ArticleState.values)
            )
        ]
        indexes = [GinIndex(fields=["search"], name="articles_by_words")]

    def __str__(self) -> str:
        return self.title


class ArticleReview(Keyed, Acted):
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="reviews")
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")

    def __str__(self) -> str:
        return str(self.occurred_at)


class ArticleUse(Recorded):
    """`article` was used in `message`: found in the text that was sent, or imported as such.

    position: the order in which the message lists its articles.
    """

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="uses")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("use")
        verbose_name_plural = _("uses")
        constraints = [
            models.UniqueConstraint(fields=["message", "article"], name="used_once_in_a_message")
        ]

    def __str__(self) -> str:
        return str(self.article)


class UseCheck(models.Model):
    """The sent text of `message` was searched for articles; the sweep takes what has no row."""

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    checked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("use check")
        verbose_name_plural = _("use checks")

    def __str__(self) -> str:
        return str(self.message_id)
