"""What the list of conversations may be narrowed by."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import RegexValidator
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet, MultipleChoiceFilter

from conversations.channels.models import Channel
from conversations.inbox.finding import find
from conversations.inbox.models import Conversation, ConversationQuerySet, Deadline, Status
from conversations.service_levels.models import Priority
from crm.access.filters import KnownFilter, SinceFilter, unit_filter
from crm.asking import LONGEST
from crm.organisation.models import Employee

_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,4})?\Z")


class HandleFilter(CharFilter):
    """The address of the person outside, exact but for case."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(identity__handle=value.casefold()) if value else qs


class AssigneeFilter(KnownFilter):
    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value == "none":
            return qs.filter(assignee=None)
        if value == "me":
            return qs.filter(assignee__user=self.parent.request.user)
        found: QuerySet[Any] = super().filter(qs, value)
        return found


class DueFilter(ChoiceFilter):
    """soon: the greater part of a promised time is over (late ones too). late: all of it."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        rows = getattr(Deadline.objects, value)(timezone.now())
        return qs.filter(Exists(rows.filter(conversation=OuterRef("pk"))))


class WordsFilter(CharFilter):
    """What `find` finds among the rows that the other filters left; the request keeps whether
    that is all (`finds_are_all`)."""

    def filter(self, qs: ConversationQuerySet, value: str) -> ConversationQuerySet:
        if not value:
            return qs
        found = find(value, qs)
        self.parent.request.finds_are_all = found.is_all
        return qs.filter(pk__in=found.ids)


class ConversationFilters(FilterSet):
    """status may be repeated; assignee is an employee's id, `me` or `none`."""

    status = MultipleChoiceFilter(choices=Status.choices)
    channel = KnownFilter(field_name="channel", rows=Channel.objects.all())
    handle = HandleFilter(field_name="identity__handle", max_length=320)
    assignee = AssigneeFilter(
        field_name="assignee", rows=Employee.objects.all(), words=("me", "none")
    )
    unit = unit_filter()
    priority = MultipleChoiceFilter(choices=Priority.choices)
    due = DueFilter(choices=[("soon", "soon"), ("late", "late")])
    language = CharFilter(field_name="language", validators=[RegexValidator(_LANGUAGE)])
    updated_since = SinceFilter("updated_at")
    q = WordsFilter(  # the last: what it looks through is narrowed by the others
        max_length=LONGEST,
        help_text="Words, their beginnings or stems, in messages, subject, name or address of the "
        'person; "a phrase"; -without. The newest 200 finds, within a second.',
    )

    class Meta:
        model = Conversation
        fields: list[str] = []
