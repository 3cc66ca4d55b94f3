"""Forms of the staff's pages: hours as a line a day, levels beside the topics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from ambassadors.routing.models import Availability, Rule
from ambassadors.routing.scoring import BEST, UNSAID
from conversations.service_levels.models import Priority
from crm.contacts.models import Relationship
from crm.organisation.calendars import periods_of

DAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
}
_TOPIC = re.compile(r"\s*([^:,]{1,60}?)\s*(?::\s*([1-3]))?\s*")
LAST = "23:59"  # hours end on the day they begin


def _day_field(name: str) -> forms.CharField:
    """A line of text; `hours.js` makes fields of time of it, in these words."""
    words = {
        "data-hours": name,
        "data-from": _("from"),
        "data-to": _("to"),
        "data-add": _("Add a period"),
        "data-remove": _("Remove"),
        "data-copy": _("As on Monday, Tuesday to Friday"),
        "data-none": _("no hours on this day"),
    }
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "09:00-12:30, 14:00-18:00"} | words)
    return forms.CharField(label=DAYS[name], required=False, widget=widget)


class AvailabilityForm(forms.ModelForm):  # type: ignore[type-arg]  # no subscript at run time
    """Hours and levels are typed as people write them; the row keeps them as data."""

    known = forms.CharField(
        label=_("topics and how well"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "parcels: 3, returns: 1"}),
        help_text=_("1: a little, 2: well, 3: best. Without a number: 2. Empty: any topic."),
    )

    monday = _day_field("monday")
    tuesday = _day_field("tuesday")
    wednesday = _day_field("wednesday")
    thursday = _day_field("thursday")
    friday = _day_field("friday")
    saturday = _day_field("saturday")
    sunday = _day_field("sunday")

    class Meta:
        model = Availability
        fields = (
            "employee",
            "active",
            "languages",
            "most_open",
            "most_weekly",
            "minutes_weekly",
            "timezone",
        )

    class Media:
        js = ("ambassadors/hours.js",)
        css: ClassVar[dict[str, Sequence[str]]] = {"all": ("ambassadors/hours.css",)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        for number, name in enumerate(DAYS):
            self.fields[name].initial = _written(row.hours, number)
        shown = (f"{topic}: {row.levels.get(topic, UNSAID)}" for topic in row.topics)
        self.fields["known"].initial = ", ".join(shown)

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"]
        if name not in available_timezones():
            raise ValidationError(_("There is no such time zone; one is called Europe/Paris."))
        return name

    def clean_known(self) -> dict[str, int]:
        known = {}
        for part in filter(str.strip, self.cleaned_data["known"].split(",")):
            found = _TOPIC.fullmatch(part)
            if found is None:
                raise ValidationError(_("A topic is written like parcels: 3."))
            known[found[1]] = int(found[2] or UNSAID)
        return known

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        hours: list[dict[str, Any]] = []
        for number, name in enumerate(DAYS):
            try:
                hours += _read(number, cleaned.get(name, ""))
            except ValidationError as error:
                self.add_error(name, error)
        self.instance.hours = hours
        known = cleaned.get("known") or {}
        self.instance.topics = list(known)
        self.instance.levels = {topic: min(level, BEST) for topic, level in known.items()}
        return cleaned


def _written(hours: Iterable[dict[str, Any]], day: int) -> str:
    return ", ".join(f"{each['from']}-{each['to']}" for each in hours if each["day"] == day)


def _read(day: int, text: str) -> list[dict[str, Any]]:
    return [
        {"day": day, "from": _clock(start), "to": _clock(end)} for start, end in periods_of(text)
    ]


def _clock(since_midnight: timedelta) -> str:
    minutes = int(since_midnight.total_seconds() // 60)
    return LAST if minutes == 24 * 60 else f"{minutes // 60:02}:{minutes % 60:02}"


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    relationships = forms.MultipleChoiceField(
        label=_("Relationships"),
        required=False,
        choices=Relationship.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    priorities = forms.MultipleChoiceField(
        label=_("Priorities"),
        required=False,
        choices=Priority.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Rule
        fields = ("relationships", "priorities")
