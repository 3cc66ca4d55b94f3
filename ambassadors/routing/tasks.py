"""The alarm clocks of this room."""

from __future__ import annotations

import uuid
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from ambassadors.routing import following_up, overflowing, stepping, telling
from ambassadors.routing.models import Offer, OfferState


@shared_task
def route() -> None:
    """Adopts what came in and takes every due case one step."""
    stepping.adopt()
    stepping.route()


@shared_task
def route_due() -> None:
    """The sweep: routes, and tells the offers whose nudge got lost."""
    route()
    untold = Offer.objects.filter(
        state=OfferState.OPEN,
        live=True,
        told_at=None,
        occurred_at__lt=timezone.now() - timedelta(seconds=10),
    )
    for offer_id in untold.values_list("pk", flat=True)[:100]:
        telling.tell(offer_id)


@shared_task
def follow_up_due() -> None:
    """The sweep: what was accepted and not answered, and what nobody is left to ask for."""
    following_up.follow_up(at=timezone.now())
    overflowing.hand_over_due(at=timezone.now())


@shared_task
def tell_due() -> None:
    """The sweep: what waited for somebody's hours, and what no nudge reached."""
    telling.tell_due()


@shared_task
def tell(employee_id: str) -> None:
    telling.send_due(uuid.UUID(employee_id))


@shared_task
def tell_offers(*offer_ids: str) -> None:
    for offer_id in offer_ids:
        telling.tell(uuid.UUID(offer_id))
