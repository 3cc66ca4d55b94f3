"""The form of a publication in the staff's pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel
from conversations.editorial import life
from conversations.editorial.calendar import at_local
from conversations.editorial.models import Publication

METRICS = ("clicks", "replies", "likes", "shares", "comments", "registrations")
_LOCAL = "%Y-%m-%dT%H:%M"


class PublicationForm(forms.Form):
    """Times are typed and read in `zone`."""

    channel = forms.ModelChoiceField(Channel.objects.none(), label=_("Channel"))
    publish_at = forms.CharField(
        label=_("To be published at"),
        widget=forms.DateTimeInput(format=_LOCAL, attrs={"type": "datetime-local"}),
    )
    text = forms.CharField(
        label=_("Text"),
        max_length=life.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    audience = forms.CharField(
        label=_("Audience"), max_length=200, required=False, help_text=_("Whom is it for?")
    )
    segment = forms.CharField(label=_("Segment"), max_length=200, required=False)
    topic = forms.CharField(label=_("Topic"), max_length=60, required=False)
    expected_metric = forms.CharField(
        label=_("Expected reaction"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "metrics", "placeholder": _("for example clicks")}),
    )
    expected_value = forms.FloatField(
        label=_("How many"), required=False, widget=forms.NumberInput(attrs={"step": "any"})
    )
    count_clicks = forms.BooleanField(
        label=_("Count clicks"),
        required=False,
        help_text=_("Addresses in the text leave as short links of ours."),
    )

    def __init__(
        self, *args: Any, channels: QuerySet[Channel], zone: ZoneInfo, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        field: Any = self.fields["channel"]
        field.queryset = channels

    def clean_publish_at(self) -> datetime:
        """A wall time of `zone`; Django's own field knows only the zone of the installation."""
        try:
            typed = datetime.fromisoformat(self.cleaned_data["publish_at"])
            return at_local(typed.date(), typed.time(), self.zone)
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(gettext("This is no date with a time.")) from error

    def clean(self) -> dict[str, Any]:
        said = dict(self.cleaned_data)
        if bool(said.get("expected_metric")) != (said.get("expected_value") is not None):
            wrong = gettext("An expectation is a metric and a value: give both, or none.")
            self.add_error("expected_value", wrong)
        return said


def local_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """As the input shows it: a wall time without its zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def said_of(publication: Publication, zone: ZoneInfo) -> dict[str, Any]:
    said = {name: getattr(publication, name) for name in life.CONTENT if name != "channel"}
    shown = local_clock(publication.publish_at, zone).strftime(_LOCAL)
    return said | {"channel": publication.channel_id, "publish_at": shown}
