"""The form of a ready answer in the staff's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from conversations.knowledge.forms import LANGUAGES
from conversations.knowledge.models import ReadyAnswer
from conversations.knowledge.ready import FIELDS, LONGEST_TEXT, NAMES

_GAPS = ", ".join(f"{{{{{name}}}}}" for name in NAMES)


class ReadyAnswerForm(forms.ModelForm):  # type: ignore[type-arg]
    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_TEXT,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("These fill themselves: %(gaps)s. Others, as {{order number}}, are asked for.")
        % {"gaps": _GAPS},
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = ReadyAnswer
        fields = FIELDS

    def clean(self) -> dict[str, Any]:
        """Says here what the verb would refuse."""
        said = dict(super().clean() or {})
        mine = self.instance.owner_id or getattr(self, "owner_id", None)
        twin = ReadyAnswer.objects.filter(
            owner=mine, name=said.get("name", ""), language=said.get("language", ""), active=True
        ).exclude(pk=self.instance.pk)
        if said.get("active") and mine and twin.exists():
            raise ValidationError(_("you have one of this name already"))
        return said
