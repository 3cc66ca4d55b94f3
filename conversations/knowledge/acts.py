"""What the buttons of an article's page do: each reads its form and calls one verb."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

from django.http import QueryDict
from django.utils.translation import gettext as _

from conversations.inbox.finding import id_in
from conversations.inbox.models import Conversation
from conversations.knowledge import flags, services
from conversations.knowledge.models import Article, ArticleFlag
from crm.errors import Invalid, Missing
from crm.organisation.people import employee_named
from crm.values import Actor

Act = Callable[[Article, QueryDict, Actor], str]


def _number(form: QueryDict) -> int:
    said = form.get("number", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 0


def _submit(row: Article, form: QueryDict, by: Actor) -> str:
    services.submit(row, by=by)
    return _("Handed in: somebody else reviews it now.")


def _approve(row: Article, form: QueryDict, by: Actor) -> str:
    services.approve(row, number=_number(form), by=by)
    return _("Published.")


def _send_back(row: Article, form: QueryDict, by: Actor) -> str:
    services.send_back(row, number=_number(form), comment=form.get("comment", ""), by=by)
    return _("Sent back to who wrote it.")


def _review(row: Article, form: QueryDict, by: Actor) -> str:
    services.review(row, by=by)
    return _("The review is noted.")


def _retire(row: Article, form: QueryDict, by: Actor) -> str:
    services.retire(row, by=by)
    return _("Retired: it is no longer found or suggested.")


def _restore(row: Article, form: QueryDict, by: Actor) -> str:
    services.restore(row, by=by)
    return _("Handed in again: somebody reviews it now.")


def _flag(row: Article, form: QueryDict, by: Actor) -> str:
    conversation = _seen(form.get("conversation", ""), by)
    flags.flag(row, text=form.get("text", ""), conversation=conversation, by=by)
    return _("Its owner is told.")


def _dismiss(row: Article, form: QueryDict, by: Actor) -> str:
    number = id_in(form.get("flag", ""))
    found = ArticleFlag.objects.filter(pk=number, article=row).first() if number else None
    if found is None:
        raise Missing(_("there is no such flag"))
    flags.dismiss(found, by=by)
    return _("Closed: the article is right as it is.")


def _care(row: Article, form: QueryDict, by: Actor) -> str:
    owner, day = id_in(form.get("owner", "")), form.get("review_on", "")
    try:
        review_on = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise Invalid(_("This is no date."), code="invalid") from error
    services.care(row, owner=employee_named(owner) if owner else None, review_on=review_on, by=by)
    return _("Kept.")


def _seen(text: str, by: Actor) -> Conversation | None:
    """The conversation in which it was noticed; only one that the person may see."""
    number: uuid.UUID | None = id_in(text)
    if number is None or by.user is None:
        return None
    return Conversation.objects.visible_to(by.user).filter(pk=number).first()


ACTS: dict[str, Act] = {
    "submit": _submit,
    "approve": _approve,
    "send-back": _send_back,
    "review": _review,
    "retire": _retire,
    "restore": _restore,
    "flag": _flag,
    "dismiss": _dismiss,
    "care": _care,
}
