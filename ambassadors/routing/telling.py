"""Telling an ambassador of an offer: by mail, in their language, once."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ambassadors.routing.models import Offer, OfferState
from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from conversations.inbox.models import Direction, Message

EXCERPT = 600  # characters of the question in the mail


def tell(offer_id: uuid.UUID) -> None:
    """Claims the telling first: a mail lost is better than one sent twice for an offer that
    the person sees in their list anyway."""
    claimed = Offer.objects.filter(
        pk=offer_id, state=OfferState.OPEN, live=True, told_at=None
    ).update(told_at=timezone.now())
    if not claimed:
        return
    offer = Offer.objects.select_related("conversation__channel", "employee__user").get(pk=offer_id)
    user = offer.employee.user
    if user is None:
        return
    with translation.override(user.language or settings.LANGUAGE_CODE):
        send_notice(to=Party(user.email, user.name), subject=_subject(offer), text=_text(offer))


def _subject(offer: Offer) -> str:
    subject = offer.conversation.subject or _("a question on %s") % offer.conversation.channel.name
    return _("For you: %s") % subject


def _text(offer: Offer) -> str:
    message = (
        Message.objects.filter(conversation=offer.conversation, direction=Direction.IN)
        .order_by("-occurred_at", "-pk")
        .first()
    )
    lines = [
        _("Hello %s,") % offer.employee.name,
        "",
        _("a customer asks something that you may know:"),
        "",
        *(f"> {line}" for line in (message.text[:EXCERPT] if message else "").splitlines()),
        "",
    ]
    if offer.expires_at:
        until = date_format(timezone.localtime(offer.expires_at), "DATETIME_FORMAT")
        lines += [_("The offer stands until %s (UTC); then a colleague is asked.") % until, ""]
    lines += [_("Accept or decline: %s") % f"{settings.BASE_URL}/api/v1/offers/{offer.pk}/"]
    return "\n".join(lines)
