"""The links of an offer's mail: signed for one person and one offer, good until the offer ends.

Single use is the offer's own state: the first act ends it, and a link acts on an open offer only.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from ambassadors.routing.models import Offer
from crm.errors import Missing
from crm.organisation.models import User
from crm.values import Actor, Via

SALT = "relais.offer.link"
LONGEST_LIFE = timedelta(days=14)  # of a link to an offer by hand, which stands without an end
LONGEST_TOKEN = 300


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=SALT, sep=".")


def token(offer: Offer) -> str:
    return _signer().sign_object([offer.pk.hex, offer.employee.user_id])


def address(offer: Offer, act: str) -> str:
    """act: `accept` or `decline`."""
    return f"{settings.BASE_URL}/offer/{token(offer)}/{act}/"


def opened(signed: str) -> tuple[Offer, User]:
    """The offer that the link is for, in whatever state, and the person it was sent to.

    Raises Missing for a link that we did not sign, that is too old, or whose person is gone.
    """
    try:
        offer_id, user_id = _signer().unsign_object(signed[:LONGEST_TOKEN], max_age=LONGEST_LIFE)
    except signing.BadSignature as error:
        raise Missing(_("this link is not valid"), code="no_link") from error
    offer = (
        Offer.objects.select_related("conversation__channel", "employee__user")
        .filter(pk=uuid.UUID(offer_id), employee__user=user_id, live=True)
        .first()
    )
    user = offer.employee.user if offer else None
    if offer is None or user is None or not is_reachable(offer):
        raise Missing(_("this link is not valid"), code="no_link")
    return offer, user


def is_reachable(offer: Offer) -> bool:
    """Whether the person asked still works here and may sign in."""
    user = offer.employee.user
    return user is not None and user.is_active and offer.employee.left_at is None


def actor_of(signed: str, user: User) -> Actor:
    """The person's own act (docs/adr/0040); the link stands in for the session."""
    return Actor(user, Via.OWN, session=f"link:{hashlib.sha256(signed.encode()).hexdigest()[:32]}")
