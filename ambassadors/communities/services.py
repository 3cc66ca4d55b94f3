"""What people do in communities: open one, join, start a thread, answer, withdraw.

Doors hand in only what the person may see (`visible_to`); a verb checks who may do it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.communities.models import Community, Dimension, Member, Post, employed
from conversations.inbox.models import Conversation
from crm.access.models import Role
from crm.access.services import has_role
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Department, Employee
from crm.values import Actor, uuid7

LONGEST_TEXT = 20_000
LONGEST_TITLE = 200
CHANGED = ("name", "purpose", "practice", "only_for")


def author_of(by: Actor) -> Employee:
    """Who writes; Forbidden for somebody who does not work here (any more)."""
    found = employed().filter(user=by.user).first() if by.user else None
    if found is None:
        raise Forbidden(_("only an employee may write here"), code="no_employee")
    return found


def clean(text: str, *, longest: int = LONGEST_TEXT) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid(_("the text is empty"), code="empty")
    if len(text) > longest:
        raise Invalid(_("the text is too long"), code="too_long")
    if "\0" in text:
        raise Invalid(_("the text holds a character that can't be kept"), code="bad_character")
    return text


def open_community(
    name: str,
    *,
    dimension: str,
    by: Actor,
    practice: bool = False,
    purpose: str = "",
    only_for: Collection[uuid.UUID] = (),
    at: datetime | None = None,
) -> Community:
    """Opened by the staff, who moderates it first. Invalid when its opener could not see it."""
    at = at or timezone.now()
    opener = author_of(by)
    if by.user is None or not has_role(by.user, Role.STAFF):
        raise Forbidden(_("the staff opens communities"), code="staff_only")
    if dimension not in Dimension.values:
        raise Invalid(_("there is no such dimension"), code="unknown_dimension")
    with transaction.atomic():
        community = Community.objects.create(
            name=clean(name, longest=200),
            purpose=purpose.strip(),
            dimension=dimension,
            practice=practice,
            only_for=_departments(only_for, seen_by=opener),
            via=by.via,
            occurred_at=at,
        )
        record("community_opened", community, by=by, at=at)
        Member.objects.create(
            community=community, employee=opener, moderates=True, via=by.via, occurred_at=at
        )
    return community


def change_community(community: Community, *, changes: dict[str, Any], by: Actor) -> Community:
    """By a moderator or the staff; what is not named stays. Its dimension stays for good."""
    with transaction.atomic():
        community = Community.objects.select_for_update().get(pk=community.pk)
        must_moderate(community, by)
        if "name" in changes:
            community.name = clean(changes["name"], longest=200)
        if "only_for" in changes:
            community.only_for = _departments(changes["only_for"], seen_by=author_of(by))
        community.purpose = changes.get("purpose", community.purpose).strip()
        community.practice = changes.get("practice", community.practice)
        community.save(update_fields=CHANGED)
        record("community_changed", community, by=by, fields=sorted(changes))
    return community


def _departments(ids: Collection[uuid.UUID], *, seen_by: Employee) -> list[uuid.UUID]:
    chosen = set(ids)
    if Department.objects.filter(pk__in=chosen).count() < len(chosen):
        raise Invalid(_("there is no such department"), code="unknown_department")
    if chosen and seen_by.department_id not in chosen:
        raise Invalid(_("you would shut yourself out"), code="shuts_you_out")
    return sorted(chosen)


def moderates(community: Community, by: Actor) -> bool:
    """A moderator, or the staff."""
    if by.user is None:
        return False
    theirs = community.members.filter(employee__user=by.user, moderates=True, left_at=None)
    return has_role(by.user, Role.STAFF) or theirs.exists()


def must_moderate(community: Community, by: Actor) -> None:
    if not moderates(community, by):
        raise Forbidden(_("only its moderators may do this"), code="moderators_only")


def join(community: Community, *, by: Actor, at: datetime | None = None) -> Member:
    """Joining again while in it changes nothing."""
    at = at or timezone.now()
    employee = author_of(by)
    with transaction.atomic():
        member, is_new = Member.objects.get_or_create(
            community=community,
            employee=employee,
            left_at=None,
            defaults={"via": by.via, "occurred_at": at},
        )
        if is_new:
            record("community_joined", community, by=by, at=at)
    return member


def leave(community: Community, *, by: Actor, at: datetime | None = None) -> None:
    """The row of the time one was in it stays. Leaving from outside changes nothing."""
    at = at or timezone.now()
    mine = Member.objects.filter(community=community, employee=author_of(by), left_at=None)
    with transaction.atomic():
        if mine.update(left_at=at):
            record("community_left", community, by=by, at=at)


def set_moderator(
    community: Community, *, employee: Employee, moderator: bool, by: Actor
) -> Member:
    """A member becomes a moderator, or is one no more. Raises Conflict for the last one."""
    with transaction.atomic():
        list(Member.objects.select_for_update().filter(community=community, left_at=None))
        must_moderate(community, by)
        member = Member.objects.filter(community=community, employee=employee, left_at=None).first()
        if member is None:
            raise Invalid(_("this person is no member"), code="no_member")
        others = community.members.filter(moderates=True, left_at=None).exclude(pk=member.pk)
        if not moderator and not others.exists():
            raise Conflict(_("somebody must moderate"), code="last_moderator")
        member.moderates = moderator
        member.save(update_fields=["moderates"])
        record("moderator_set", community, by=by, employee=str(employee.pk), value=moderator)
    return member


def start_thread(
    community: Community,
    *,
    title: str,
    text: str,
    by: Actor,
    conversation: Conversation | None = None,
    at: datetime | None = None,
) -> Post:
    """The first post of a new thread; who writes is a member from then on.

    conversation: one the author may see (the door asked), mentioned.
    """
    post = _new_post(community, text, by=by, conversation=conversation, at=at)
    post.title = clean(title, longest=LONGEST_TITLE)
    post.thread = str(post.pk)
    return _write(post, "thread_started", by=by)


def write_post(
    opening: Post,
    *,
    text: str,
    by: Actor,
    conversation: Conversation | None = None,
    at: datetime | None = None,
) -> Post:
    """One more post in the thread that `opening` began."""
    post = _new_post(opening.community, text, by=by, conversation=conversation, at=at)
    post.thread = opening.thread
    return _write(post, "post_written", by=by)


def _new_post(
    community: Community,
    text: str,
    *,
    by: Actor,
    conversation: Conversation | None,
    at: datetime | None,
) -> Post:
    return Post(
        id=uuid7(),
        community=community,
        author_employee=author_of(by),
        text=clean(text),
        conversation=conversation,
        via=by.via,
        occurred_at=at or timezone.now(),
    )


def _write(post: Post, verb: str, *, by: Actor) -> Post:
    with transaction.atomic():
        post.save(force_insert=True)
        join(post.community, by=by, at=post.occurred_at)
        record(verb, post, by=by, at=post.occurred_at, community=str(post.community_id))
    return post


def withdraw_post(post: Post, *, by: Actor, at: datetime | None = None) -> Post:
    """By its author or a moderator: the words go out of sight, the row stays."""
    at = at or timezone.now()
    author = post.author_employee
    is_author = author is not None and by.user is not None and author.user_id == by.user.pk
    if not is_author:
        must_moderate(post.community, by)
    with transaction.atomic():
        if Post.objects.filter(pk=post.pk, withdrawn_at=None).update(withdrawn_at=at):
            record("post_withdrawn", post, by=by, at=at)
    post.refresh_from_db(fields=["withdrawn_at"])
    return post
