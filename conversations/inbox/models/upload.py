"""Files that wait for the answer they go along with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models.conversation import Conversation
from crm.values import uuid7


class Upload(models.Model):
    """A file that `by` handed in for an answer in `conversation`; gone with it, or after a day."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", verbose_name=_("conversation")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=120)
    size = models.PositiveBigIntegerField(_("size"))
    file = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")

    def __str__(self) -> str:
        return self.name
