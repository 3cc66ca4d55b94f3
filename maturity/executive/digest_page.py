"""How often somebody wants to be told by mail."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from crm.organisation.models import User
from maturity.executive.digest import rhythm_of
from maturity.executive.models import MailWish, Rhythm
from maturity.executive.views import for_readers


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def digest_page(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if request.method == "POST":
        wish = request.POST.get("rhythm", "")
        if wish not in Rhythm.values:
            raise BadRequest("no such rhythm")
        MailWish.objects.update_or_create(user=user, defaults={"rhythm": wish})
        return redirect("maturity-digest")
    said = {"rhythms": Rhythm.choices, "now": rhythm_of(user), "mail": user.email}
    return render(request, "maturity/digest.html", said)
