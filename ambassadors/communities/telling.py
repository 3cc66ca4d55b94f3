"""Telling people by mail what happened in their communities: once, in their hours, in one mail
what waits together. What is told is looked at again when it is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ambassadors.communities.models import Insight, Post, Telling, TellingKind
from ambassadors.routing.telling import reachable_at
from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from crm.organisation.models import Employee, User
from crm.organisation.people import in_language_of

MOST_ROWS = 500  # told by one sweep
LONGEST_QUOTE = 1_500


def tell(
    employee: Employee,
    kind: TellingKind,
    *,
    post: Post | None = None,
    insight: Insight | None = None,
) -> None:
    """Within the caller's transaction; the sweep sends it when the person's hours begin."""
    due = reachable_at(employee, at=timezone.now())
    Telling.objects.create(employee=employee, kind=kind, post=post, insight=insight, due_at=due)


def tell_due() -> None:
    """The sweep. Claimed first: a mail lost is better than one sent twice."""
    waiting: dict[Employee, list[Telling]] = defaultdict(list)
    for telling in _claimed():
        waiting[telling.employee].append(telling)
    for employee, tellings in waiting.items():
        user = employee.user
        if user is not None and user.is_active and employee.left_at is None:
            _send(user, tellings)


def _claimed() -> Sequence[Telling]:
    now = timezone.now()
    with transaction.atomic():
        due = Telling.objects.filter(sent_at=None, due_at__lte=now).order_by("due_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MOST_ROWS])
        Telling.objects.filter(pk__in=ids).update(sent_at=now)
    found = Telling.objects.filter(pk__in=ids).select_related(
        "employee__user", "post__author_employee", "post__community", "insight__owner"
    )
    return list(found.order_by("due_at", "pk"))


def _send(user: User, tellings: Sequence[Telling]) -> None:
    with in_language_of(user):
        told = [words for words in (_words(telling, user) for telling in tellings) if words]
        if not told:
            return
        subject = told[0][0] if len(told) == 1 else _many(len(told))
        parts = [text if len(told) == 1 else f"{title}\n\n{text}" for title, text in told]
        text = "\n\n———\n\n".join(parts)
        send_notice(to=Party(user.email, user.name), subject=subject, text=text)


def _many(count: int) -> str:
    words = ngettext(
        "%(count)s thing from your communities", "%(count)s things from your communities", count
    )
    return words % {"count": count}


def _words(telling: Telling, user: User) -> tuple[str, str] | None:
    """Subject and text; None when it is not the person's to read any more."""
    if telling.post is not None:
        return _of_post(telling.kind, telling.post, user)
    if telling.insight is not None and Insight.objects.visible_to(user).filter(
        pk=telling.insight.pk
    ):
        return _of_insight(telling.kind, telling.insight)
    return None


def _of_post(kind: str, post: Post, user: User) -> tuple[str, str] | None:
    seen = Post.objects.visible_to(user).filter(pk=post.pk, withdrawn_at=None)
    opening = Post.objects.openings().filter(community=post.community_id, thread=post.thread)
    first = opening.first()
    if not seen.exists() or first is None:
        return None
    who = post.author_employee.name if post.author_employee else ""
    if kind == TellingKind.ASKED:
        subject = _("A customer's question: %(title)s") % {"title": post.title}
        opened = _("%(who)s asks in “%(community)s” for a customer:")
    else:
        subject = _("Answered inside: %(title)s") % {"title": first.title}
        opened = _("%(who)s answered in “%(community)s”:")
    said = opened % {"who": who, "community": post.community.name}
    return subject, f"{said}\n\n{_quoted(post.text)}\n\n{_link('thread', first.pk)}"


def _of_insight(kind: str, insight: Insight) -> tuple[str, str]:
    quoted = _quoted(insight.text)
    link = f"{settings.BASE_URL}{reverse('ideas')}"
    if kind == TellingKind.GIVEN:
        said = _("This idea of a customer conversation waits for your decision:")
        return _("An idea for you to decide"), f"{said}\n\n{quoted}\n\n{link}"
    words = {"owner": insight.owner or "", "outcome": insight.get_outcome_display()}
    said = _("%(owner)s decided on your idea: %(outcome)s.") % words
    return _("What became of your idea"), f"{said}\n{insight.why}\n\n{quoted}\n\n{link}"


def _quoted(text: str) -> str:
    short = Truncator(text).chars(LONGEST_QUOTE)
    return "\n".join(f"> {line}" for line in short.splitlines())


def _link(name: str, pk: object) -> str:
    return f"{settings.BASE_URL}{reverse(name, args=[pk])}"
