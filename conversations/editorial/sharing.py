"""Pages beside the plan: its table out and in, and a person's calendar feed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.editorial import feed, pages, tables
from conversations.editorial.models import Feed, Publication
from crm.access.doors import actor_of
from crm.organisation.models import User


def export(request: HttpRequest) -> HttpResponse:
    """Everything that the filters leave, by planned time."""
    user = _planner(request)
    zone = pages.zone_of(user)
    asked = pages.Asked.of(request.GET, today=timezone.now().astimezone(zone).date())
    rows = pages.narrowed(Publication.objects.visible_to(user).with_names(), asked)
    answer = tables.answer(rows, zone, begins="\ufeff")  # or Excel reads it as something older
    answer["Content-Disposition"] = 'attachment; filename="plan.csv"'
    return answer


def take_in(request: HttpRequest) -> HttpResponse:
    """A table becomes drafts, or nothing does and the mistakes are shown by line."""
    user = _planner(request)
    found: dict[str, Any] = {"title": _("Import a table"), "columns": tables.PLAN}
    found |= {"zone": pages.zone_of(user).key, "needed": tables.NEEDED}
    file = request.FILES.get("table")
    if request.method == "POST" and file is not None:
        try:
            number = tables.take(
                file.read(tables.LARGEST + 1),
                channels=pages.open_channels(user),
                zone=pages.zone_of(user),
                by=actor_of(request),
            )
        except tables.NotTaken as error:
            found |= {"wrong": error.wrong, "error": str(error)}
        else:
            messages.success(request, _("%(number)s drafts were written.") % {"number": number})
            return redirect("admin:conversations_publication_changelist")
    status = 400 if request.method == "POST" else 200
    return _page(request, "import", found, status=status)


def calendar_feed(request: HttpRequest) -> HttpResponse:
    """The person's own secret address: made, shown once, revoked."""
    user = _planner(request)
    found: dict[str, Any] = {"title": _("Calendar feed")}
    if request.method == "POST" and request.POST.get("do") == "make":
        found["address"] = feed.make(user, by=actor_of(request))
    elif request.method == "POST":
        feed.revoke(user, by=actor_of(request))
        messages.success(request, _("The address is revoked."))
    found["feed"] = Feed.objects.filter(user=user).first()
    answer = _page(request, "feed", found)
    answer["Cache-Control"] = "no-store"
    return answer


def _page(
    request: HttpRequest, name: str, found: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    around = {**admin.site.each_context(request), **found}
    return render(request, f"conversations/plan/{name}.html", around, status=status)


def _planner(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    if not request.user.has_perm("conversations.add_publication"):
        raise PermissionDenied
    return request.user
