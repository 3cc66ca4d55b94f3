"""The staff's page of the dry run: the rules on the last conversations, beside what happened."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.routing.dry_run import dry_run
from ambassadors.routing.models import Rule
from ambassadors.routing.questions import conditions
from conversations.inbox.models import Conversation, Status

CHOICES = (20, 50, 100, 200)


def page(request: HttpRequest) -> HttpResponse:
    """?last=: how many. ?with=, ?without=: rules as if they were on, or off."""
    if not request.user.has_perm("ambassadors.view_rule"):
        raise PermissionDenied
    last = _number(request, "last") if _number(request, "last") in CHOICES else CHOICES[1]
    rules = _rules(_number(request, "with"), _number(request, "without"))
    seen = Conversation.objects.visible_to(request.user).exclude(status=Status.SPAM)
    rows = dry_run(
        seen.filter(identity__isnull=False).order_by("-occurred_at")[:last],
        [conditions(rule) for rule in rules],
        at=timezone.now(),
    )
    words = {
        "title": _("Try the rules"),
        "rows": rows,
        "rules": rules,
        "all_rules": Rule.objects.all(),
        "choices": CHOICES,
        "last": last,
        "with": _number(request, "with"),
        "without": _number(request, "without"),
        "differing": sum(row.differs for row in rows),
    }
    return render(
        request, "ambassadors/try_rules.html", {**admin.site.each_context(request), **words}
    )


def _rules(extra: int, without: int) -> list[Rule]:
    rules = Rule.objects.filter(Q(active=True) | Q(pk=extra)).exclude(pk=without)
    return list(rules.prefetch_related("channels", "articles", "departments"))


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
