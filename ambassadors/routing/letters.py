"""The words of what people are told by mail, in the language that is active."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ambassadors.routing.availability import availability_of
from ambassadors.routing.links import address
from ambassadors.routing.models import Offer
from ambassadors.routing.reply_addresses import reply_address
from ambassadors.routing.told import Notice, NoticeKind
from conversations.inbox.models import Conversation, Direction, Message
from crm.organisation.models import User

EXCERPT = 600  # characters of the question in the mail
GLIMPSE = 200  # of each one in a digest
MOST_LISTED = 20
CUT = "-----  reply above this line / répondez au-dessus de cette ligne  -----"


@dataclass(frozen=True, slots=True)
class Letter:
    """reply_address: "" where an answer could not be read."""

    subject: str
    text: str
    reply_address: str = ""


def letter(notices: Sequence[Notice]) -> Letter:
    """One thing is told at length, several in one digest."""
    if len(notices) > 1:
        return _digest(notices)
    notice = notices[0]
    return _LETTERS[NoticeKind(notice.kind)](notice)


def subject_of(offer: Offer) -> str:
    return offer.conversation.subject or _("a question on %s") % offer.conversation.channel.name


def question(offer: Offer) -> str:
    """What the person outside said last."""
    last = (
        Message.objects.filter(conversation=offer.conversation_id, direction=Direction.IN)
        .order_by("-occurred_at", "-pk")
        .first()
    )
    return last.text if last else ""


def page_of(conversation_id: uuid.UUID) -> str:
    """Where the person reads and answers it, signed in."""
    return f"{settings.BASE_URL}{reverse('my_conversation', args=[conversation_id])}"


def _quoted(offer: Offer, size: int) -> Iterator[str]:
    """Nothing for somebody who may no longer see the conversation."""
    user = offer.employee.user
    visible = Conversation.objects.visible_to(user) if user else Conversation.objects.none()
    if not visible.filter(pk=offer.conversation_id).exists():
        return
    text = question(offer)
    cut = text[:size] + ("…" if len(text) > size else "")
    yield from (f"> {line}" for line in cut.splitlines())


def _when(moment: datetime, offer: Offer) -> str:
    """In the person's own time zone, which is named."""
    zone = availability_of(offer.employee).timezone
    local = timezone.localtime(moment, ZoneInfo(zone))
    return f"{date_format(local, 'DATETIME_FORMAT')} ({zone})"


def _offer(notice: Notice) -> Letter:
    offer = notice.offer
    answer_to = reply_address(offer)
    lines = [
        *([CUT, ""] if answer_to else []),
        _("Hello %s,") % offer.employee.name,
        "",
        _("a customer asks something that you may know:"),
        "",
        *_quoted(offer, EXCERPT),
        "",
    ]
    if offer.expires_at:
        until = _when(offer.expires_at, offer)
        lines += [_("The offer stands until %s; then a colleague is asked.") % until, ""]
    if answer_to:
        lines += [
            _("You may simply reply to this mail: what you write goes to the customer."),
            _("Or decide first:"),
            "",
        ]
    lines += list(_choices(offer))
    return Letter(_("For you: %s") % subject_of(offer), "\n".join(lines), answer_to)


def _choices(offer: Offer) -> Iterator[str]:
    yield _("Accept: %s") % address(offer, "accept")
    yield _("Decline: %s") % address(offer, "decline")


def _warning(notice: Notice) -> Letter:
    offer = notice.offer
    answer_to = reply_address(offer)
    lines = [
        *([CUT, ""] if answer_to else []),
        _("Hello %s,") % offer.employee.name,
        "",
        _("you accepted this question, and the customer still waits for your answer:"),
        "",
        *_quoted(offer, EXCERPT),
        "",
    ]
    if offer.answer_due_at:
        until = _when(offer.answer_due_at, offer)
        lines += [_("Without an answer by %s a colleague is asked instead.") % until, ""]
    if answer_to:
        lines += [_("You may simply reply to this mail: what you write goes to the customer.")]
    return Letter(_("Still waiting: %s") % subject_of(offer), "\n".join(lines), answer_to)


def _message(notice: Notice) -> Letter:
    offer = notice.offer
    answer_to = reply_address(offer)
    lines = [
        *([CUT, ""] if answer_to else []),
        _("Hello %s,") % offer.employee.name,
        "",
        _("the customer wrote again:"),
        "",
        *_quoted(offer, EXCERPT),
        "",
    ]
    if answer_to:
        lines += [_("You may simply reply to this mail: what you write goes to the customer.")]
    else:
        lines += [_("Answer on your page: %s") % page_of(offer.conversation_id)]
    return Letter(_("Again: %s") % subject_of(offer), "\n".join(lines), answer_to)


def _taken_back(notice: Notice) -> Letter:
    offer = notice.offer
    lines = [
        _("Hello %s,") % offer.employee.name,
        "",
        _("the customer got no answer in time, so a colleague is asked now."),
        _("There is nothing left for you to do, and other offers go on as usual."),
    ]
    return Letter(_("Taken over: %s") % subject_of(offer), "\n".join(lines))


def _refused(notice: Notice) -> Letter:
    """The person's own words are not repeated: they stand in the mail that they sent."""
    offer = notice.offer
    reasons = {
        "not_yours": _("It came from an address that is not yours here."),
        "nothing_written": _("Nothing was found in it but quoted text."),
        "offer_gone": _("The offer had ended, or a colleague has the conversation now."),
        "no_way_back": _("This channel can't be answered from here."),
        "no_files_here": _("This channel takes no files: send the words alone."),
        "too_many_files": _("More files came along than this channel takes."),
        "file_too_large": _("A file that came along is too large for this channel."),
        "file_type_refused": _("This channel does not take files of such a type."),
    }
    lines = [
        _("Hello %s,") % offer.employee.name,
        "",
        _("your answer by mail did not go to the customer."),
        reasons.get(notice.detail, _("It can't be taken (%s).") % notice.detail),
        "",
        *_quoted(offer, GLIMPSE),
    ]
    return Letter(_("Not sent: %s") % subject_of(offer), "\n".join(lines))


def overflow_letter(user: User, conversation: Conversation, role: str) -> Letter:
    """To the people of a named role: nobody else was left to ask."""
    last = (
        Message.objects.filter(conversation=conversation, direction=Direction.IN)
        .order_by("-occurred_at", "-pk")
        .first()
    )
    subject = conversation.subject or _("a question on %s") % conversation.channel.name
    lines = [
        _("Hello %s,") % user.name,
        "",
        _("nobody was left to ask, so this question comes to you as %s:") % role,
        "",
        *(f"> {line}" for line in (last.text[:EXCERPT] if last else "").splitlines()),
        "",
        _("You may see and answer it now: %s") % page_of(conversation.pk),
    ]
    return Letter(_("Nobody took it: %s") % subject, "\n".join(lines))


_LETTERS = {
    NoticeKind.OFFER: _offer,
    NoticeKind.WARNING: _warning,
    NoticeKind.TAKEN_BACK: _taken_back,
    NoticeKind.REFUSED: _refused,
    NoticeKind.MESSAGE: _message,
}


def _digest(notices: Sequence[Notice]) -> Letter:
    """Everything that came together, e.g. during an absence; each offer with its own links."""
    count = len(notices)
    lines = [_("Hello %s,") % notices[0].employee.name, "", _("this waits for you:"), ""]
    for notice in notices[:MOST_LISTED]:
        lines += [f"* {notice.get_kind_display()}: {subject_of(notice.offer)}"]
        lines += [f"  {line}" for line in _quoted(notice.offer, GLIMPSE)]
        if notice.kind == NoticeKind.OFFER:
            lines += [f"  {line}" for line in _choices(notice.offer)]
        lines.append("")
    if count > MOST_LISTED:
        lines.append(_("And %s more, in your list of offers.") % (count - MOST_LISTED))
    subject = ngettext("%s thing waits for you", "%s things wait for you", count) % count
    return Letter(subject, "\n".join(lines))
