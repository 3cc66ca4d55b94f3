"""The sign-in page and the way on from there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.access.doors import address_of
from crm.access.models import Role
from crm.access.services import has_role
from crm.limits import Limit
from crm.organisation.models import User
from crm.organisation.people import employee_or_none

PER_PERSON = Limit("sign-in of a person", most=8, seconds=900)  # from one address
PER_ADDRESS = Limit("sign-in from an address", most=60, seconds=900)


class SignInForm(AuthenticationForm):
    """Wrong passwords are counted by address and by person; too many close the door a while."""

    error_messages = {
        "invalid_login": _("This e-mail and password don’t belong together."),
        "inactive": _("This account is closed."),
        "too_many": _("Too many tries. Wait a quarter of an hour, or ask an administrator."),
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autofocus": True, "autocomplete": "username", "maxlength": 254}
        )
        self.fields["username"].label = _("E-mail")

    def clean(self) -> dict[str, Any]:
        address = address_of(self.request) if self.request else ""
        person = f"{address} {str(self.cleaned_data.get('username', '')).casefold()}"
        if PER_PERSON.is_reached(person) or PER_ADDRESS.is_reached(address):
            raise forms.ValidationError(self.error_messages["too_many"], code="too_many")
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            PER_PERSON.allows(person)
            PER_ADDRESS.allows(address)
            raise
        PER_PERSON.forget(person)
        return cleaned


class SignIn(views.LoginView):
    """Shown to strangers, and to a person whom the page they wanted does not know."""

    template_name = "crm/sign_in.html"
    authentication_form = SignInForm

    def get_default_redirect_url(self) -> str:
        return reverse("home")

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        user = form.get_user()
        undecided = settings.LANGUAGE_COOKIE_NAME not in self.request.COOKIES
        if isinstance(user, User) and user.language and undecided:
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax")
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if form.has_error("__all__", "too_many"):
            response.status_code = 429
        return response


class SignOut(views.LogoutView):
    next_page = "login"


@login_required
def home(request: HttpRequest) -> HttpResponseBase:
    """Leads each person to their own place; who has none is told where to answer instead."""
    user = request.user
    if user.is_staff:
        return redirect("admin:index")
    if has_role(user, Role.EXECUTIVE):
        return redirect(settings.EXECUTIVE_HOME)
    if isinstance(user, User) and employee_or_none(user) is not None:
        return redirect(settings.EMPLOYEE_HOME)
    return render(request, "crm/home.html")
