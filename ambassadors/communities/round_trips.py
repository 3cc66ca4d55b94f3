"""A customer's question goes inside, is answered by a colleague, and goes back.

ask_inside ──> asked ──a colleague posts──> return_answer ──> returned ──sent──> answered
                                                 ^              │
                                                 └──not sent────┘
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.communities.models import (
    Community,
    Dimension,
    Member,
    Post,
    RoundTrip,
    TellingKind,
)
from ambassadors.communities.services import start_thread, write_post
from ambassadors.communities.telling import tell
from conversations.channels.wire.email.quotes import fold
from conversations.inbox import services as inbox
from conversations.inbox.masking import of_conversation
from conversations.inbox.models import (
    Conversation,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
)
from crm.contacts.models import Relationship
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.values import Actor

LONGEST_DRAFT = 4_000
MOST_TOLD = 200  # members told of one question
NOT_SENT = (DeliveryState.FAILED, DeliveryState.DROPPED)


def question_of(conversation: Conversation) -> str:
    """What the customer wrote last, personal data left out; a draft to read before posting."""
    asked = conversation.messages.filter(
        direction=Direction.IN, kind=MessageKind.REPLY, automated=False
    )
    last = asked.order_by("-occurred_at", "-pk").first()
    if last is None:
        return ""
    said = fold(last.text).fresh if last.subject else last.text
    return of_conversation(said[:LONGEST_DRAFT], conversation).strip()


def title_of(conversation: Conversation) -> str:
    return of_conversation(conversation.subject, conversation)[:200].strip()


def ask_inside(
    conversation: Conversation,
    *,
    community: Community,
    title: str,
    text: str,
    by: Actor,
    at: datetime | None = None,
) -> RoundTrip:
    """Posts the question; the door asked whether the person may see both. Members are told."""
    at = at or timezone.now()
    with transaction.atomic():
        post = start_thread(
            community, title=title, text=text, by=by, conversation=conversation, at=at
        )
        trip = RoundTrip.objects.create(
            conversation=conversation,
            post=post,
            partner=_is_with_partner(conversation, community),
            via=by.via,
            occurred_at=at,
        )
        record("asked_inside", conversation, by=by, at=at, post=str(post.pk))
        for employee in _told_of(post):
            tell(employee, TellingKind.ASKED, post=post)
    return trip


def _is_with_partner(conversation: Conversation, community: Community) -> bool:
    asker = conversation.identity.contact if conversation.identity else None
    is_partner = asker is not None and asker.relationship == Relationship.PARTNER
    return is_partner or community.dimension == Dimension.PARTNER


def _told_of(post: Post) -> QuerySet[Employee]:
    members = Member.objects.filter(community=post.community, left_at=None)
    others = Employee.objects.filter(pk__in=members.values("employee"))
    if post.author_employee_id is not None:
        others = others.exclude(pk=post.author_employee_id)
    return others.filter(user__is_active=True)[:MOST_TOLD]


def answer_inside(
    opening: Post,
    *,
    text: str,
    by: Actor,
    conversation: Conversation | None = None,
    at: datetime | None = None,
) -> Post:
    """A post in the thread; where a customer's question waits there, who asked it is told."""
    with transaction.atomic():
        post = write_post(opening, text=text, by=by, conversation=conversation, at=at)
        asked = RoundTrip.objects.filter(post=opening, reply=None, answered_at=None)
        asker = opening.author_employee
        if asker and asker.pk != post.author_employee_id and asked.exists():
            tell(asker, TellingKind.ANSWERED, post=post)
    return post


def return_answer(
    trip: RoundTrip,
    *,
    answer_id: uuid.UUID,
    text: str,
    by: Actor,
    expected_version: int | None = None,
    at: datetime | None = None,
) -> Message:
    """Answers the customer with what a colleague said inside; every gate of a reply applies.

    Raises Conflict `returned` for what is on its way already, Invalid for a post that is no
    answer of this thread, and whatever a reply raises.
    """
    at = at or timezone.now()
    with transaction.atomic():
        trip, answer = _open(trip, answer_id)
        seen = "" if expected_version is None else str(expected_version)
        message = inbox.reply(trip.conversation, text=text, by=by, seen=seen)
        _keep(trip, answer, message, by=by, at=at)
    return message


def credit(
    trip: RoundTrip, *, answer_id: uuid.UUID, by: Actor, at: datetime | None = None
) -> Message:
    """Keeps who helped with what the person has told the customer already, in the composer.

    Raises Conflict `no_reply` where they wrote nothing since the colleague's post.
    """
    at = at or timezone.now()
    with transaction.atomic():
        trip, answer = _open(trip, answer_id)
        message = written_since(answer, trip, by=by)
        if message is None:
            raise Conflict(_("you have not answered the customer since"), code="no_reply")
        _keep(trip, answer, message, by=by, at=at)
    return message


def written_since(answer: Post, trip: RoundTrip, *, by: Actor) -> Message | None:
    """The person's own newest reply in the conversation after that post."""
    said = Message.objects.filter(
        conversation=trip.conversation_id,
        direction=Direction.OUT,
        kind=MessageKind.REPLY,
        automated=False,
        author_employee__user__isnull=False,
        author_employee__user=by.user,
        occurred_at__gt=answer.occurred_at,
    )
    sent = said.exclude(delivery__state__in=NOT_SENT)
    return sent.order_by("-occurred_at", "-pk").first()


def _open(trip: RoundTrip, answer_id: uuid.UUID) -> tuple[RoundTrip, Post]:
    """The trip, locked, and the post of its thread that is returned."""
    trip = RoundTrip.objects.select_for_update().get(pk=trip.pk)
    if is_on_its_way(trip):
        raise Conflict(_("the answer was returned already"), code="returned")
    answer = answers(trip).filter(pk=answer_id).first()
    if answer is None:
        raise Invalid(_("this post is no answer to the question"), code="no_answer")
    return trip, answer


def _keep(trip: RoundTrip, answer: Post, message: Message, *, by: Actor, at: datetime) -> None:
    trip.answer, trip.reply, trip.answered_at = answer, message, None
    trip.save(update_fields=["answer", "reply", "answered_at"])
    record("answer_returned", trip, by=by, at=at, post=str(answer.pk), message=str(message.pk))


def answers(trip: RoundTrip) -> QuerySet[Post]:
    """Colleagues' posts in the thread that may be returned."""
    thread = Post.objects.filter(community=trip.post.community_id, thread=trip.post.thread)
    said = thread.filter(author_employee__isnull=False, withdrawn_at=None).exclude(pk=trip.post_id)
    return said.select_related("author_employee__department").order_by("occurred_at", "pk")


def is_on_its_way(trip: RoundTrip) -> bool:
    """Answered, or with a reply that did not fail."""
    if trip.reply is None:
        return trip.answered_at is not None
    delivery = getattr(trip.reply, "delivery", None)
    return delivery is None or delivery.state not in NOT_SENT


def note_answers() -> int:
    """Dates the trips whose reply the provider took, and undoes it where sending failed later."""
    failed = Q(reply__delivery__state=DeliveryState.FAILED)
    sent = RoundTrip.objects.filter(answered_at=None, reply__sent_at__isnull=False)
    accepted = Message.objects.filter(pk=OuterRef("reply")).values("sent_at")[:1]
    dated = RoundTrip.objects.filter(pk__in=sent.exclude(failed).values("pk")).update(
        answered_at=Subquery(accepted)
    )
    undone = RoundTrip.objects.filter(failed, answered_at__isnull=False).values("pk")
    return dated + RoundTrip.objects.filter(pk__in=undone).update(answered_at=None)
