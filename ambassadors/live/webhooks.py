"""Signed events to a person's own endpoint: rows on their way, tried again, given up at last."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.live.models import HookPost, PostState, Subscription
from ambassadors.live.services import seen
from ambassadors.live.stream import payload
from conversations.channels.causes import told
from conversations.channels.wire import addresses, posting, standard_webhooks
from conversations.channels.wire.contract import SendFailed
from crm.errors import Invalid
from crm.journal.services import record
from crm.organisation.models import User
from crm.values import Actor

logger = logging.getLogger(__name__)

MOST_ENDPOINTS = 5  # of one person
MOST_FAILURES = 20  # in a row, over all events; then the endpoint is switched off
BACKOFF = (5, 30, 120, 600, 3_600, 6 * 3_600, 24 * 3_600)  # seconds; after the last: FAILED
LEASE = timedelta(seconds=90)  # longer than one posting may take
SECONDS = 15.0  # of one sweep
LONGEST_URL = 1_000


def check_url(url: str) -> None:
    """Raises Invalid. A name without an address now may get one: each posting judges again."""
    try:
        addresses.targets(url, loopback=settings.LOCAL, inside=settings.INTERNAL_HOSTS)
    except addresses.NotAllowed as error:
        if not error.unresolved:
            raise Invalid(
                _("events can't be posted there: %(reason)s") % {"reason": told(str(error))},
                code="callback_refused",
            ) from error


def subscribe(user: User, *, url: str, kinds: Sequence[str], by: Actor) -> Subscription:
    """A new endpoint; its secret is in the row, and shown this once. Raises Invalid."""
    check_url(url)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once would both count
        if Subscription.objects.filter(user=user).count() >= MOST_ENDPOINTS:
            raise Invalid(_("there are too many endpoints already"), code="too_many_endpoints")
        made = Subscription.objects.create(
            user=user, url=url, kinds=list(kinds), secret=standard_webhooks.new_secret()
        )
        record("endpoint_added", made, by=by)
    return made


def change(
    subscription: Subscription,
    *,
    by: Actor,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    active: bool | None = None,
) -> Subscription:
    """Changes what is given; switching on forgets the failures. Raises Invalid."""
    if url is not None:
        check_url(url)
        subscription.url = url
    if kinds is not None:
        subscription.kinds = list(kinds)
    if active is not None:
        subscription.active = active
        subscription.failures = 0
        subscription.disabled_at = None
    with transaction.atomic():
        subscription.save()
        record("endpoint_changed", subscription, by=by)
    return subscription


def remove(subscription: Subscription, *, by: Actor) -> None:
    with transaction.atomic():
        record("endpoint_removed", subscription, by=by)
        subscription.delete()


def post_due() -> int:
    """The sweep. Returns how many were tried."""
    end = time.monotonic() + SECONDS
    tried = 0
    while time.monotonic() < end:
        post = _claim(at=timezone.now())
        if post is None:
            break
        _try(post)
        tried += 1
    return tried


def _claim(*, at: datetime) -> HookPost | None:
    """One due row, leased: whoever dies with it in hand loses it to the next sweep."""
    with transaction.atomic():
        row = (
            HookPost.objects.select_for_update(skip_locked=True)
            .filter(state=PostState.QUEUED, due_at__lte=at)
            .order_by("due_at")
            .first()
        )
        if row is None:
            return None
        row.due_at = at + LEASE
        row.attempts += 1
        row.save(update_fields=["due_at", "attempts"])
    return HookPost.objects.select_related("subscription__user", "event").get(pk=row.pk)


def _try(post: HookPost) -> None:
    subscription = post.subscription
    user = subscription.user
    if not (subscription.active and user.is_active and seen(user, [post.event])):
        _end(post, PostState.DROPPED)
        return
    try:
        answer = posting.post(
            subscription.url,
            body=body_of(post),
            headers=standard_webhooks.headers(
                subscription.secret, message_id=name_of(post.pk), body=body_of(post)
            ),
            loopback=settings.LOCAL,
            inside=settings.INTERNAL_HOSTS,
        )
    except SendFailed as error:
        _failed(post, status=None, error=str(error))
        return
    if answer.is_success:
        Subscription.objects.filter(pk=subscription.pk).update(failures=0)
        _end(post, PostState.DONE, status=answer.status)
    else:
        _failed(post, status=answer.status, error=f"HTTP {answer.status}")


def body_of(post: HookPost) -> bytes:
    """The same bytes at every try."""
    return json.dumps(payload(post.event), separators=(",", ":")).encode()


def name_of(post_id: uuid.UUID) -> str:
    """The `webhook-id`, by which the receiver knows a repeat."""
    return f"msg_{post_id.hex}"


def _failed(post: HookPost, *, status: int | None, error: str) -> None:
    post.error = error[:200]
    post.status = status
    if post.attempts > len(BACKOFF):
        _end(post, PostState.FAILED, status=status)
    else:
        post.due_at = timezone.now() + timedelta(seconds=BACKOFF[post.attempts - 1])
        post.save(update_fields=["due_at", "error", "status"])
    mine = Subscription.objects.filter(pk=post.subscription_id, active=True)
    mine.update(failures=F("failures") + 1)
    if mine.filter(failures__gte=MOST_FAILURES).update(active=False, disabled_at=timezone.now()):
        logger.warning("endpoint %s failed too often and is off", post.subscription_id)


def _end(post: HookPost, state: PostState, *, status: int | None = None) -> None:
    post.state = state
    post.status = status
    post.save(update_fields=["state", "status", "error"])
