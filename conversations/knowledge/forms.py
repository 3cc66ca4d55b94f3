"""The form of an article in the staff's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.knowledge import services
from conversations.knowledge.models import Article, ArticleVersion, Visibility
from conversations.knowledge.models.article import LONGEST_TITLE
from crm.organisation.models import Unit

LANGUAGES = [("en", "English"), ("fr", "Français")]
LONGEST_TAGS = services.MOST_TAGS * (services.LONGEST_TAG + 2)


class ArticleForm(forms.Form):
    """tags are typed with commas between them."""

    title = forms.CharField(label=_("Title"), max_length=LONGEST_TITLE)
    text = forms.CharField(
        label=_("Text"),
        max_length=services.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("An empty line begins a paragraph; - a list; ## a heading; **bold**."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    visibility = forms.ChoiceField(
        label=_("Who may read it"),
        choices=Visibility.choices,
        help_text=_("What is for everybody stands in the help centre once it is published."),
    )
    tags = forms.CharField(
        label=_("Tags"), max_length=LONGEST_TAGS, required=False, help_text=_("with commas")
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Unit"), required=False, empty_label=_("Every unit")
    )

    def __init__(self, *args: Any, with_unit: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        spoken = self.initial.get("language")
        if spoken and spoken not in dict(LANGUAGES):
            language.choices = [*LANGUAGES, (spoken, spoken)]
        unit: Any = self.fields["unit"]
        unit.queryset = Unit.objects.order_by("name")
        if not with_unit:
            del self.fields["unit"]

    def clean_tags(self) -> list[str]:
        return [tag for each in self.cleaned_data["tags"].split(",") if (tag := each.strip())]


def said_of(row: Article | ArticleVersion) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in services.CONTENT}
    unit = {"unit": row.unit_id} if isinstance(row, Article) else {}
    return said | {"tags": ", ".join(row.tags)} | unit
