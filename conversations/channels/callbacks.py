"""Where a channel's answers may be posted to; judged when it is set and again at each sending."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from conversations.channels.causes import told
from conversations.channels.models import Channel
from conversations.channels.wire import addresses
from crm.errors import Invalid

CALLED_BACK = frozenset({"webhook"})
LONGEST = 1_000


def check(channel: Channel, url: str) -> None:
    """Raises Invalid. A name that has no address now may get one: the sending judges again."""
    if channel.kind not in CALLED_BACK:
        raise Invalid(_("this kind of channel calls nobody back"), code="no_callback")
    if not url:
        return
    if len(url) > LONGEST:
        raise Invalid(_("the address is too long"), code="callback_refused")
    try:
        addresses.targets(url, loopback=settings.LOCAL, inside=settings.INTERNAL_HOSTS)
    except addresses.NotAllowed as error:
        if not error.unresolved:
            raise Invalid(
                _("answers can't be posted there: %(reason)s") % {"reason": told(str(error))},
                code="callback_refused",
            ) from error
