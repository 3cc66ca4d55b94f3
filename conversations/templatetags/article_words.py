"""Small words of the templates that show articles."""

from __future__ import annotations

from django import template

from conversations.knowledge.markup import as_plain

register = template.Library()


@register.filter
def beginning(text: str, longest: int = 160) -> str:
    """Of an article, without its marks: `{{ article.text|beginning:240 }}`."""
    return as_plain(text, longest=longest)
