"""The plan for calendar programs: a secret address for each person, which they make and end."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from conversations.editorial.models import Feed, Publication, PublicationState
from crm.access.doors import address_of
from crm.access.models import Role
from crm.access.services import has_role
from crm.journal.services import record
from crm.limits import Limit
from crm.organisation.models import User
from crm.organisation.people import in_language_of
from crm.values import Actor, unguessable

BACK, AHEAD = timedelta(days=60), timedelta(days=400)
MOST = 2_000
LONG = timedelta(minutes=15)
READS_FROM = Limit("calendar feeds read from an address", most=60, seconds=60)
_CERTAIN = (PublicationState.APPROVED, PublicationState.PUBLISHING, PublicationState.PUBLISHED)


def make(user: User, *, by: Actor) -> str:
    """A new secret address, shown this once; the one before ends."""
    token = unguessable()
    with transaction.atomic():
        Feed.objects.filter(user=user).delete()
        feed = Feed.objects.create(user=user, token=_digest(token), made_at=timezone.now())
        record("plan_feed_made", feed, by=by)
    return f"{settings.BASE_URL}{reverse('plan-feed', args=[token])}"


def revoke(user: User, *, by: Actor) -> None:
    with transaction.atomic():
        feed = Feed.objects.filter(user=user).first()
        if feed is not None:
            record("plan_feed_revoked", feed, by=by)
            feed.delete()


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """What its person may see now; 404 once it is revoked or they are no staff any more."""
    if not READS_FROM.allows(address_of(request)):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    feed = Feed.objects.select_related("user").filter(token=_digest(token)).first()
    if feed is None or not has_role(feed.user, Role.STAFF):
        return HttpResponseNotFound(_("This calendar is not here any more."), "text/plain")
    now = timezone.now()
    Feed.objects.filter(pk=feed.pk).update(read_at=now)
    with in_language_of(feed.user):
        body = calendar_of(feed.user, at=now)
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def calendar_of(user: User, *, at: datetime) -> bytes:
    """RFC 5545; instants in UTC, which no change of clocks moves."""
    calendar = Calendar()
    calendar.add("prodid", "-//Relais//editorial plan//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Editorial plan"))
    calendar.add("refresh-interval;value=duration", "PT15M", encode=False)
    rows = Publication.objects.visible_to(user).with_names()
    rows = rows.exclude(state=PublicationState.CANCELLED)
    near = rows.filter(publish_at__gte=at - BACK, publish_at__lt=at + AHEAD)
    for row in near.order_by("publish_at", "pk")[:MOST]:
        calendar.add_component(_event(row, at))
    return bytes(calendar.to_ical())


def _event(row: Publication, at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{row.pk}@relais")
    event.add("dtstamp", at)
    event.add("sequence", row.edition)
    event.add("dtstart", row.publish_at)
    event.add("dtend", row.publish_at + LONG)
    event.add("summary", f"{row.channel.name}: {str(row)[:60]} ({row.get_state_display()})")
    event.add("description", row.text)
    event.add("categories", [row.channel.name, *([row.topic] if row.topic else [])])
    event.add("status", "CONFIRMED" if row.state in _CERTAIN else "TENTATIVE")
    page = reverse("admin:conversations_publication_change", args=[row.pk])
    event.add("url", f"{settings.BASE_URL}{page}")
    return event


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


urlpatterns = [path("plan/<slug:token>.ics", read, name="plan-feed")]
