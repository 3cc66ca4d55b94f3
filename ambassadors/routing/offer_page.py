"""The small pages behind the links of an offer's mail. Looking acts on nothing; posting does.

They know no session and no cookie: who holds the unguessable address is the person it was sent
to, and another site can't post to an address that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ambassadors.routing import links, reasons, services
from ambassadors.routing.availability import end_of_day
from ambassadors.routing.letters import question
from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.reply_addresses import reply_address
from conversations.inbox.models import Conversation, Status
from crm.errors import Conflict, Missing, RelaisError
from crm.organisation.models import User
from crm.organisation.people import in_language_of
from crm.values import Actor

MOST_SHOWN = 4_000  # characters of the question
LONGEST_COMMENT = 500

Act = Callable[[HttpRequest, Offer, Actor], None]


def _page(request: HttpRequest, signed: str, *, act: str, perform: Act) -> HttpResponse:
    try:
        offer, user = links.opened(signed)
    except Missing:
        return _show(request, "unknown", status=404)
    with in_language_of(user):
        if not _stands(offer, user):
            return _show(request, _end_of(offer), status=410, offer=offer)
        if request.method != "POST":
            return _ask(request, offer, act=act, signed=signed)
        try:
            perform(request, offer, links.actor_of(signed, user))
        except Conflict:
            offer.refresh_from_db()
            return _show(request, _end_of(offer), status=410, offer=offer)
        except RelaisError as error:
            return _ask(request, offer, act=act, signed=signed, error=str(error))
        return _show(request, f"done_{act}", offer=offer, by_mail=bool(reply_address(offer)))


def _stands(offer: Offer, user: User) -> bool:
    in_time = offer.expires_at is None or offer.expires_at > timezone.now()
    seen = Conversation.objects.visible_to(user).exclude(status=Status.SPAM)
    return (
        offer.state == OfferState.OPEN
        and in_time
        and seen.filter(pk=offer.conversation_id).exists()
    )


def _end_of(offer: Offer) -> str:
    """Why nothing can be done any more, as the page's template knows it."""
    is_open = offer.state == OfferState.OPEN
    if is_open and offer.expires_at is not None and offer.expires_at <= timezone.now():
        return str(OfferState.EXPIRED)
    return str(OfferState.WITHDRAWN) if is_open else offer.state


def _ask(
    request: HttpRequest, offer: Offer, *, act: str, signed: str, error: str = ""
) -> HttpResponse:
    return _show(
        request,
        act,
        status=400 if error else 200,
        offer=offer,
        question=question(offer)[:MOST_SHOWN],
        token=signed,
        error=error,
        reasons=reasons.choices(),
        chosen=request.POST.get("reason", ""),
        comment=request.POST.get("comment", "")[:LONGEST_COMMENT],
        away=request.POST.get("away", ""),
    )


def _show(request: HttpRequest, what: str, *, status: int = 200, **words: Any) -> HttpResponse:
    page = "ambassadors/offer_page.html"
    return render(request, page, {"what": what, **words}, status=status)


def _accept(request: HttpRequest, offer: Offer, by: Actor) -> None:
    services.accept(offer, by=by)


def _decline(request: HttpRequest, offer: Offer, by: Actor) -> None:
    comment = request.POST.get("comment", "").replace("\0", "")[:LONGEST_COMMENT]
    services.decline(
        offer,
        reason=request.POST.get("reason", ""),
        comment=comment,
        absent_until=end_of_day(request.POST.get("away", ""), offer.employee),
        by=by,
    )


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, signed: str) -> HttpResponse:
    """Shows the question; its button takes the conversation."""
    return _page(request, signed, act="accept", perform=_accept)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, signed: str) -> HttpResponse:
    """Asks for a reason; its button declines."""
    return _page(request, signed, act="decline", perform=_decline)


urlpatterns = [
    path("offer/<str:signed>/accept/", accept, name="offer_accept"),
    path("offer/<str:signed>/decline/", decline, name="offer_decline"),
]
