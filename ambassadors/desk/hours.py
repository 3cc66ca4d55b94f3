"""When and for what one may be asked, how much, and when one is away."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.contrib import messages
from django.contrib.postgres.forms import SimpleArrayField
from django.core.validators import RegexValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ambassadors.communities.pages import for_employees
from ambassadors.desk.frame import me, page
from ambassadors.routing.availability import absences_of, availability_of, set_availability
from ambassadors.routing.forms import DAYS, AvailabilityForm
from ambassadors.routing.models import Absence, Availability, Topic
from crm.access.doors import actor_of
from crm.errors import Invalid
from crm.organisation.models import Employee

_SET = (
    *("active", "timezone", "hours", "topics", "levels", "languages"),
    *("most_open", "most_weekly", "minutes_weekly"),
)


class MyHoursForm(AvailabilityForm):
    """As the staff's form, with plain fields and without the choice of the person."""

    languages = SimpleArrayField(
        forms.CharField(max_length=8, validators=[RegexValidator(r"^[a-z]{2,3}\Z")]),
        label=gettext_lazy("languages"),
        required=False,
        help_text=gettext_lazy("Codes such as en, fr."),
    )

    class Meta(AvailabilityForm.Meta):
        fields: tuple[str, ...] = tuple(  # type: ignore[assignment]  # one less
            name for name in AvailabilityForm.Meta.fields if name != "employee"
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs.pop("class", None)
            if name in DAYS or name == "known":
                field.widget = forms.TextInput(attrs=field.widget.attrs)
        self.fields["timezone"].widget = forms.TextInput(attrs={"list": "zones"})

    def days(self) -> list[Any]:
        """The bound fields of the week, Monday first."""
        return [self[name] for name in DAYS]


@for_employees
def hours_page(request: HttpRequest) -> HttpResponse:
    employee = me(request)
    row = availability_of(employee)
    form = MyHoursForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        changes = {name: getattr(form.instance, name) for name in _SET}
        set_availability(employee, by=actor_of(request), changes=changes)
        messages.success(request, _("Kept: from now on you are asked accordingly."))
        return redirect("my_hours")
    return _show(request, employee, form, status=400 if form.errors else 200)


def _show(
    request: HttpRequest, employee: Employee, form: MyHoursForm, *, status: int = 200, **words: Any
) -> HttpResponse:
    now = timezone.now()
    return page(
        request,
        "hours",
        status=status,
        form=form,
        is_set=Availability.objects.filter(employee=employee).exists(),
        absences=absences_of(employee, at=now),
        zone=availability_of(employee).timezone,
        zones=sorted(available_timezones()),
        topics=list(Topic.objects.values_list("name", flat=True)),
        today=timezone.localdate(timezone=ZoneInfo(availability_of(employee).timezone)),
        now=now,
        **words,
    )


@for_employees
@require_POST
def add_absence(request: HttpRequest) -> HttpResponse:
    """By days of the person's own clock, the last one included."""
    employee = me(request)
    typed = {name: request.POST.get(name, "") for name in ("first", "last")}
    try:
        span = _span(typed["first"], typed["last"], employee)
    except Invalid as error:
        form = MyHoursForm(instance=availability_of(employee))
        return _show(request, employee, form, status=400, trouble=str(error), typed=typed)
    known = [(each.starts_at, each.ends_at) for each in absences_of(employee, at=timezone.now())]
    spans = [*known, *([] if span in known else [span])]
    set_availability(employee, by=actor_of(request), changes={}, absences=spans)
    messages.success(request, _("Noted: nothing is offered to you then."))
    return redirect("my_hours")


def _span(first: str, last: str, employee: Employee) -> tuple[datetime, datetime]:
    zone = ZoneInfo(availability_of(employee).timezone)
    try:
        begins = datetime.combine(date.fromisoformat(first), time(), tzinfo=zone)
        after = date.fromisoformat(last or first) + timedelta(days=1)
        ends = datetime.combine(after, time(), tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise Invalid(_("a date is expected"), code="invalid") from error
    if ends <= begins:
        raise Invalid(_("It ends before it starts."), code="ends_before_start")
    if ends <= timezone.now():
        raise Invalid(_("It is over already."), code="in_the_past")
    return begins, ends


@for_employees
@require_POST
def end_absence(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Takes it off the list; what is over stays in the records."""
    employee = me(request)
    kept = absences_of(employee, at=timezone.now())
    gone: Absence | None = next((each for each in kept if each.pk == pk), None)
    if gone is None:
        raise Http404
    spans = [(each.starts_at, each.ends_at) for each in kept if each.pk != pk]
    set_availability(employee, by=actor_of(request), changes={}, absences=spans)
    messages.success(request, _("Taken off: you may be asked again."))
    return redirect("my_hours")
