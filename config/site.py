"""The staff's site: the admin, entered by our own sign-in page, with the inbox as its front."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite


class Site(UnfoldAdminSite):
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(wanted)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return redirect("login") if request.method == "GET" else super().logout(request)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse | HttpResponse:
        """The inbox is where staff works: it is the first page."""
        if request.user.has_perm("conversations.view_conversation"):
            return redirect("admin:conversations_conversation_changelist")
        return super().index(request, extra_context)
