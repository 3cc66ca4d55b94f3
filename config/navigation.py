"""The side bar of the staff's site: only what the person may open."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from ambassadors.governance.reading import waiting_for
from conversations.inbox.pages.tabs import unassigned
from conversations.knowledge.pages import to_review
from conversations.listening.triage import undecided
from crm.access.models import Role
from crm.access.services import has_role
from crm.counting import how_many
from crm.organisation.models import User

MOST_COUNTED = 100


def style(request: HttpRequest) -> str:
    return static("conversations/inbox.css")


def script(request: HttpRequest) -> str:
    return static("conversations/inbox.js")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    groups = [
        _group(
            "",
            [
                _inbox(request),
                _mentions(request),
                _plan(request),
                _articles(request),
                _item(request, "conversations.readyanswer", "quickreply"),
                _page(_("My questions"), "my", "person"),
                _page(_("Communities"), "communities", "forum"),
                _page(_("Ideas"), "ideas", "lightbulb"),
                _page(_("Load"), "load", "stacked_bar_chart") if _reads(request) else None,
                _maturity(request),
                _page(_("Your tokens"), "tokens", "vpn_key"),
            ],
        ),
        _group(
            _("People"),
            [
                _item(request, "crm.contact", "contacts"),
                _item(request, "crm.erasure", "person_remove"),
                _item(request, "crm.employee", "badge"),
                _item(request, "crm.department", "groups"),
                _item(request, "crm.unit", "domain"),
                _item(request, "crm.user", "key"),
                _item(request, "crm.rolegrant", "verified_user"),
                _item(request, "knox.authtoken", "vpn_key"),
                _apps(request),
            ],
        ),
        _group(
            _("Ambassadors"),
            [
                _approvals(request),
                _item(request, "ambassadors.escalation", "notification_important"),
                _item(request, "ambassadors.rule", "alt_route"),
                _item(request, "ambassadors.availability", "event_available"),
                _item(request, "ambassadors.absence", "beach_access"),
                _item(request, "ambassadors.offer", "handshake"),
                _item(request, "ambassadors.reason", "do_not_disturb_on"),
            ],
        ),
        _group(
            _("Channels"),
            [
                _item(request, "conversations.channel", "hub"),
                _item(request, "conversations.envelope", "mark_email_unread"),
                _item(request, "conversations.delivery", "send"),
                _item(request, "conversations.helpcentre", "help_center"),
            ],
        ),
        _group(
            _("Listening"),
            [
                _item(request, "conversations.place", "sensors"),
                _item(request, "conversations.watch", "hearing"),
            ],
        ),
        _group(
            _("Company"),
            [
                _item(request, "conversations.target", "timer"),
                _item(request, "crm.calendar", "calendar_month"),
                _item(request, "ambassadors.policy", "policy"),
                _item(request, "ambassadors.course", "school"),
                _item(request, "ambassadors.training", "workspace_premium"),
                _item(request, "ambassadors.ladder", "stairs"),
                _item(request, "ambassadors.escalationrule", "crisis_alert"),
                _item(request, "ambassadors.namedrole", "shield_person"),
                _item(request, "ambassadors.vouch", "recommend"),
                _item(request, "crm.act", "history"),
            ],
        ),
    ]
    _count([item for group in groups for item in group["items"]])
    return [group for group in groups if group["items"]]


def _group(title: str, items: list[dict[str, Any] | None]) -> dict[str, Any]:
    return {"title": title, "items": [item for item in items if item]}


def _item(request: HttpRequest, model: str, icon: str) -> dict[str, Any] | None:
    app, name = model.split(".")
    registered = _registered(app, name)
    if registered is None or not request.user.has_perm(f"{app}.view_{name}"):
        return None
    link = reverse(f"admin:{app}_{name}_changelist")
    title = str(registered._meta.verbose_name_plural)
    return {
        "title": title[:1].upper() + title[1:],
        "icon": icon,
        "link": link,
        "active": request.path.startswith(link),
    }


def _registered(app: str, name: str) -> type[models.Model] | None:
    model = apps.get_model(app, name)
    return model if admin.site.is_registered(model) else None


def _inbox(request: HttpRequest) -> dict[str, Any] | None:
    item = _item(request, "conversations.conversation", "inbox")
    if item:
        item |= {"title": _("Inbox"), "waiting": unassigned(request.user)}
    return item


def _mentions(request: HttpRequest) -> dict[str, Any] | None:
    item = _item(request, "conversations.mention", "hearing")
    if item:
        item |= {"title": _("Mentions"), "waiting": undecided(request.user)}
    return item


def _plan(request: HttpRequest) -> dict[str, Any] | None:
    item = _item(request, "conversations.publication", "edit_calendar")
    return item and item | {"title": _("Editorial plan")}


def _articles(request: HttpRequest) -> dict[str, Any] | None:
    item = _item(request, "conversations.article", "menu_book")
    if item and isinstance(request.user, User):
        item["waiting"] = to_review(request.user)
    return item


def _approvals(request: HttpRequest) -> dict[str, Any] | None:
    if not isinstance(request.user, User) or not has_role(request.user, Role.STAFF):
        return None
    link = reverse("admin:approvals")
    return {
        "title": _("Approvals"),
        "icon": "fact_check",
        "link": link,
        "active": request.path.startswith(link),
        "waiting": waiting_for(request.user),
    }


def _apps(request: HttpRequest) -> dict[str, Any] | None:
    item = _item(request, "allauth_idp_oidc.client", "apps")
    return item and item | {"title": _("Apps")}


def _count(items: list[dict[str, Any]]) -> None:
    """Turns what waits into badges. In one statement: every page of the admin pays for it."""
    counted = [item for item in items if "waiting" in item]
    numbers = how_many([item.pop("waiting") for item in counted], most=MOST_COUNTED)
    for item, number in zip(counted, numbers, strict=True):
        if number:
            label = str(number) if number < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
            item |= {"badge": label, "badge_variant": "primary"}


def _page(title: str, name: str, icon: str) -> dict[str, Any]:
    """A page outside the admin."""
    return {"title": title, "icon": icon, "link": reverse(name), "active": False}


def _reads(request: HttpRequest) -> bool:
    return has_role(request.user, Role.EXECUTIVE, Role.STAFF)


def _maturity(request: HttpRequest) -> dict[str, Any] | None:
    if not _reads(request):
        return None
    return {
        "title": _("Maturity"),
        "icon": "trending_up",
        "link": settings.EXECUTIVE_HOME,
        "active": False,
    }
