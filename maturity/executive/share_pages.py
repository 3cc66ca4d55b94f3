"""The links that are out, and the page that such a link shows."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.access.doors import actor_of, address_of
from crm.errors import Invalid, Missing
from crm.limits import Limit
from maturity.appraisals.services import PastReading, remembered_picture, unit_of
from maturity.executive import pdf, shares
from maturity.executive.asking import Asked
from maturity.executive.models import Share
from maturity.executive.page import Page, page
from maturity.executive.views import for_readers, opened

READS_FROM = Limit("shared pages read from an address", most=30, seconds=60)


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def share_list(request: HttpRequest) -> HttpResponse:
    """Executives see the links that are out, make one of the page they came from, and end them."""
    if not shares.may_share(request.user):
        raise PermissionDenied
    found, refused = opened(request), ""
    if request.method == "POST":
        try:
            typed = request.POST.get("days", "")
            days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
            shares.share(found.asked, unit=found.unit_id, days=days, by=actor_of(request))
            return redirect(f"{reverse('maturity-shares')}?{request.GET.urlencode()}")
        except Invalid as error:
            refused = str(error)
    said = {
        "asked": found.asked,
        "name": found.unit.name if found.unit else found.picture.company,
        "links": [(one, shares.address(one)) for one in shares.alive()],
        "refused": refused,
        "days": shares.DAYS,
        "longest": shares.LONGEST,
    }
    return render(request, "maturity/shares.html", said, status=400 if refused else 200)


@for_readers
@require_POST
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    if not shares.may_share(request.user):
        raise PermissionDenied
    shares.revoke(get_object_or_404(Share, pk=pk), by=actor_of(request))
    return redirect("maturity-shares")


@never_cache
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The page without a name, a record, an owner or a form."""

    def drawn(found: Share, shown: Page) -> HttpResponse:
        words = {"page": shown, "asked": asked_of(found, shown), "is_shared": True, "share": found}
        return render(request, "maturity/shared.html", words | {"token": token})

    return outside(request, token, drawn)


@never_cache
@require_safe
def shared_pdf(request: HttpRequest, token: str) -> HttpResponse:
    return outside(request, token, lambda found, shown: pdf.answer(shown, asked_of(found, shown)))


def asked_of(found: Share, shown: Page) -> Asked:
    return Asked(found.as_of, PastReading(found.reading), shown.unit)


def outside(
    request: HttpRequest, token: str, drawn: Callable[[Share, Page], HttpResponse]
) -> HttpResponse:
    """What a link shows while it lives, and the same refusal for everything else."""
    if not READS_FROM.allows(address_of(request)):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    found = shares.opened(token)
    shown = shown_by(found) if found else None
    if found is None or shown is None:
        said = {"ended": _("This link is not here any more. Ask who sent it for another one.")}
        answer = render(request, "maturity/ended.html", said, status=404)
    else:
        answer = drawn(found, shown)
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def shown_by(found: Share) -> Page | None:
    """None where its unit was not there yet on that day."""
    picture = remembered_picture(found.as_of, reading=PastReading(found.reading))
    try:
        unit = unit_of(picture.derived, str(found.unit_id)) if found.unit_id else None
    except Missing:
        return None
    return page(picture, unit=unit)
