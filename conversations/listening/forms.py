"""The forms of places and watches in the staff's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from conversations.listening.models import Place, Watch
from conversations.listening.places import OFTENEST, RAREST, address_of, must_be_new
from conversations.listening.watches import cleaned
from crm.errors import Conflict, Invalid
from crm.language import LANGUAGES
from crm.organisation.models import Unit

if TYPE_CHECKING:  # the classes take a parameter in their stubs only
    _PlaceForm = forms.ModelForm[Place]
    _WatchForm = forms.ModelForm[Watch]
else:
    _PlaceForm = _WatchForm = forms.ModelForm


class WordsField(forms.CharField):
    """Words and phrases, one a line."""

    def __init__(self, **said: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})
        super().__init__(required=False, widget=widget, max_length=20_000, **said)

    def clean(self, value: Any) -> Any:
        try:
            return cleaned(super().clean(value).splitlines())
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class PlaceForm(_PlaceForm):
    name = forms.CharField(
        label=capfirst(_("name")), max_length=200, widget=UnfoldAdminTextInputWidget()
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=capfirst(_("unit")),
        required=False,
        empty_label=_("the whole company"),
        widget=UnfoldAdminSelectWidget(),
    )
    url = forms.CharField(
        label=capfirst(_("address")),
        max_length=2_000,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text=_(
            "The feed itself, or the server that is searched or followed; for one hashtag of "
            "Mastodon as it is said: https://server/tags/name."
        ),
    )
    every = forms.IntegerField(
        label=capfirst(_("read every (minutes)")),
        min_value=OFTENEST,
        max_value=RAREST,
        initial=15,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=_("What is followed as it is said is followed all the time."),
    )
    secret = forms.CharField(
        label=capfirst(_("access token")),
        required=False,
        max_length=1_000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=_("Where one is needed. Not shown again; empty leaves it as it is."),
    )

    class Meta:
        model = Place
        fields = ["kind", "url", "takes_all", "every"]

    def __init__(self, *args: Any, units: QuerySet[Unit], everywhere: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["name"] = self.instance.source.name
            for name in ("unit", "kind"):  # they stay what they are
                self.fields.pop(name, None)
        else:
            narrow(self.fields["unit"], units, everywhere=everywhere)
        self.initial["secret"] = ""

    def clean_url(self) -> str:
        try:
            return address_of(self.cleaned_data["url"])
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        said = dict(super().clean() or self.cleaned_data)
        here = self.instance if self.instance.pk else None
        unit = here.source.unit if here else said.get("unit")
        try:
            must_be_new(said.get("url", ""), unit, besides=here)
        except Conflict as error:
            self.add_error("url", str(error))
        return said

    def said(self) -> dict[str, Any]:
        """As the verbs take it."""
        said = {name: self.cleaned_data[name] for name in self.fields if name in self.cleaned_data}
        if not said.get("secret"):
            said.pop("secret", None)
        return said


class WatchForm(_WatchForm):
    terms = WordsField(
        label=capfirst(_("terms")),
        help_text=_("Words and phrases that mean us, one a line; * at the end takes any ending."),
    )
    exclusions = WordsField(
        label=capfirst(_("exclusions")),
        help_text=_("What holds one of these is not meant, whatever else stands in it."),
    )
    competitors = WordsField(
        label=capfirst(_("competitors")),
        help_text=_("One a line: its name, or “Name: other word, another word”."),
    )
    language = forms.ChoiceField(
        label=capfirst(_("language")), required=False, widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = Watch
        fields = ["name", "unit", "terms", "exclusions", "competitors", "language"]

    def __init__(self, *args: Any, units: QuerySet[Unit], everywhere: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {"en": _("English"), "fr": _("French")}
        language: Any = self.fields["language"]
        language.choices = [("", _("any"))] + [(each, names[each]) for each in LANGUAGES]
        narrow(self.fields["unit"], units, everywhere=everywhere)

    def clean(self) -> dict[str, Any]:
        said = dict(super().clean() or self.cleaned_data)
        if not (said.get("terms") or said.get("competitors")):
            self.add_error("terms", _("say at least one word to listen for"))
        return said


def narrow(field: Any, units: QuerySet[Unit], *, everywhere: bool) -> None:
    """To the units that a person serves; the whole company only for who serves all of it."""
    field.queryset = units
    field.required = not everywhere
    field.empty_label = _("the whole company") if everywhere else "–"
