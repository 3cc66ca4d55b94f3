"""How far a channel's words were struck out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel


class Striking(models.Model):
    """One row a channel that keeps words for some days only; see `retention`.

    messages_from, envelopes_from: what is older was struck, null for from the beginning. begun_at:
    when it was last begun there.
    """

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    messages_from = models.DateTimeField(null=True)
    envelopes_from = models.DateTimeField(null=True)
    begun_at = models.DateTimeField()

    class Meta:
        verbose_name = _("striking of old words")
        verbose_name_plural = _("strikings of old words")

    def __str__(self) -> str:
        return f"{self.channel} {self.messages_from}"
