"""The page on which a signed-in person makes, sees and revokes their own tokens."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm.access.doors import actor_of
from crm.access.models import PersonalToken
from crm.access.oauth.grants import apps_of, put_out
from crm.access.personal_tokens import make_token, revoke_token, tokens_of
from crm.access.scopes import Scope
from crm.errors import RelaisError
from crm.organisation.models import User
from crm.values import uuid7

DAYS = (7, 30, 90, 365)


class NewTokenForm(forms.Form):
    """pk: known before the token is made, so that a page sent twice makes one."""

    pk = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("What is it for?"),
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": _("the terminal on my desk")}),
    )
    days = forms.TypedChoiceField(
        label=_("It ends after"),
        coerce=int,
        initial=30,
        choices=[(days, ngettext_lazy("%d day", "%d days", days) % days) for days in DAYS],
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it be used for?"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens_page(request: HttpRequest) -> HttpResponse:
    """The secret is in the answer to the form and nowhere else, so that no redirect follows it."""
    if request.method != "POST":
        return _show(request, form=NewTokenForm(initial={"pk": uuid7()}))
    form = NewTokenForm(request.POST)
    if not form.is_valid():
        return _show(request, form=form, status=400)
    said = form.cleaned_data
    expires_at = timezone.now() + timedelta(days=said.pop("days"))
    try:
        made, secret = make_token(
            cast("User", request.user), expires_at=expires_at, by=actor_of(request), **said
        )
    except RelaisError as error:
        return _show(request, form=form, trouble=str(error), status=409)
    return _show(request, form=NewTokenForm(initial={"pk": uuid7()}), made=made, secret=secret)


@never_cache
@login_required
@require_POST
def revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    said = get_object_or_404(tokens_of(cast("User", request.user)), pk=pk)
    revoke_token(said, by=actor_of(request))
    return redirect("tokens")


@never_cache
@login_required
@require_POST
def put_out_app(request: HttpRequest, client_id: str) -> HttpResponse:
    if not put_out(cast("User", request.user), client_id=client_id, by=actor_of(request)):
        raise Http404
    return redirect("tokens")


def _show(request: HttpRequest, *, status: int = 200, **words: Any) -> HttpResponse:
    user = cast("User", request.user)
    tokens = [_row(said) for said in tokens_of(user).order_by("-pk")]
    apps = [app | {"opens": _named(app["scopes"])} for app in apps_of(user)]
    found = {"tokens": tokens, "apps": apps, **words}
    return render(request, "crm/tokens.html", found, status=status)


def _row(said: PersonalToken) -> dict[str, Any]:
    until = said.token.expiry
    over = until is not None and until <= timezone.now()
    return {"said": said, "opens": _named(said.scopes), "is_over": over}


def _named(scopes: Iterable[str]) -> list[Any]:
    words = dict(Scope.choices)
    return [words.get(scope, scope) for scope in scopes]
