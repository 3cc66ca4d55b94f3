"""Where articles were used, as read from what was sent."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models import Message
from conversations.knowledge.models.article import Article
from crm.journal.models import Recorded


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
