"""The communities as pages, for anybody who works here and may sign in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ambassadors.communities import reading, services
from ambassadors.communities.load import reads_load
from ambassadors.communities.models import Community, Dimension, Post, RoundTrip, employed
from ambassadors.communities.round_trips import answer_inside, is_on_its_way
from conversations.inbox.models import Conversation, Status
from conversations.inbox.services import may_answer
from crm.access.doors import actor_of
from crm.access.models import Role
from crm.access.services import has_role
from crm.errors import Conflict, Forbidden, RelaisError
from crm.organisation.models import Department, User
from crm.pages import QuickPaginator

A_PAGE = 25
MOST_POSTS = 500
MOST_CARRIED = 10
REFUSED = {Conflict: 409, Forbidden: 403}

View = TypeVar("View", bound=Callable[..., HttpResponse])


def for_employees(view: View) -> View:
    """Strangers sign in first; who does not work here is refused."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path())
        if not user.is_superuser and not employed().filter(user=user).exists():
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast("View", never_cache(guarded))


def page(request: HttpRequest, template: str, *, status: int = 200, **words: Any) -> HttpResponse:
    """A page with the way to the others around it."""
    here = template if template in {"ideas", "load"} else "communities"
    return render(
        request,
        f"ambassadors/communities/{template}.html",
        {**around(request, here), **words},
        status=status,
    )


def around(request: HttpRequest, here: str) -> dict[str, Any]:
    """What the frame of a page for everybody who works here needs."""
    return {
        "here": here,
        "in_inbox": request.user.has_perm("conversations.view_conversation"),
        "reads_load": reads_load(request.user),
        "reads_maturity": has_role(request.user, Role.STAFF, Role.EXECUTIVE),
    }


def status_of(error: RelaisError) -> int:
    return next((code for kind, code in REFUSED.items() if isinstance(error, kind)), 400)


def user_of(request: HttpRequest) -> User:
    return cast("User", request.user)


def paged(request: HttpRequest, found: Any) -> Page[Any]:
    return QuickPaginator(found, A_PAGE).get_page(request.GET.get("page"))


@for_employees
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Communities, what is new in them, and what one carries oneself."""
    words = request.GET.get("q", "").replace("\0", "")[:200].strip()
    communities = reading.communities(request.user)
    threads = reading.threads(request.user, words=words).order_by("-last_at", "-pk")
    return page(
        request,
        "index",
        communities=communities.order_by("-joined", "name"),
        threads=paged(request, threads),
        words=words,
        carried=[] if words else _carried(request),
        may_open=has_role(request.user, Role.STAFF),
    )


def _carried(request: HttpRequest) -> list[Conversation]:
    """Conversations that wait for this person's answer: each may be asked inside."""
    visible = Conversation.objects.visible_to(request.user)
    mine = visible.filter(assignee__user=request.user.pk, status=Status.OPEN)
    return list(mine.select_related("channel").order_by("waiting_since")[:MOST_CARRIED])


@for_employees
@require_safe
def community(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    found = _community(request, pk)
    threads = reading.threads(request.user).filter(community=found)
    members = found.members.filter(left_at=None).select_related("employee__department")
    return page(
        request,
        "community",
        community=found,
        threads=paged(request, threads.order_by("-last_at", "-pk")),
        members=members.order_by("-moderates", "employee__sort_name"),
        moderates=services.moderates(found, actor_of(request)),
        only_for=Department.objects.filter(pk__in=found.only_for),
    )


def _community(request: HttpRequest, pk: uuid.UUID) -> Any:
    found = reading.communities(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@for_employees
def edit(request: HttpRequest, pk: uuid.UUID | None = None) -> HttpResponse:
    """Opens a community, or changes one."""
    found = _community(request, pk) if pk else None
    by = actor_of(request)
    if not (services.moderates(found, by) if found else has_role(request.user, Role.STAFF)):
        raise PermissionDenied
    said = _typed(request) if request.method == "POST" else _standing(found)
    error = ""
    if request.method == "POST":
        try:
            saved = _save(found, said, request)
        except RelaisError as refused:
            error = str(refused)
        else:
            messages.success(request, _("Kept"))
            return redirect("community", saved.pk)
    return page(
        request,
        "edit",
        status=400 if error else 200,
        community=found,
        said=said,
        error=error,
        dimensions=Dimension.choices,
        departments=Department.objects.select_related("unit"),
    )


def _typed(request: HttpRequest) -> dict[str, Any]:
    form = request.POST
    return {
        "name": form.get("name", ""),
        "purpose": form.get("purpose", "").replace("\0", "")[:1000],
        "dimension": form.get("dimension", ""),
        "practice": form.get("practice") == "on",
        "only_for": uuids(form.getlist("only_for")),
    }


def _standing(found: Community | None) -> dict[str, Any]:
    if found is None:
        return {"dimension": Dimension.INTERNAL, "only_for": []}
    names = ("name", "purpose", "dimension", "practice", "only_for")
    return {name: getattr(found, name) for name in names}


def _save(found: Community | None, said: dict[str, Any], request: HttpRequest) -> Community:
    by = actor_of(request)
    if found is None:
        return services.open_community(said["name"], by=by, **_but(said, "name"))
    return services.change_community(found, changes=_but(said, "dimension"), by=by)


def _but(said: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key != name}


def uuids(texts: list[str]) -> list[uuid.UUID]:
    found = []
    for text in texts[:500]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


@for_employees
@require_POST
def membership(request: HttpRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    found = _community(request, pk)
    verbs = {"join": services.join, "leave": services.leave}
    if act not in verbs:
        raise Http404
    try:
        verbs[act](found, by=actor_of(request))
    except RelaisError as error:
        messages.error(request, str(error))
    return redirect("community", pk)


@for_employees
def start(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A new thread."""
    found = _community(request, pk)
    said = {"title": request.POST.get("title", ""), "text": request.POST.get("text", "")}
    error = ""
    if request.method == "POST":
        try:
            opening = services.start_thread(
                found, title=said["title"], text=said["text"], by=actor_of(request)
            )
        except RelaisError as refused:
            error = str(refused)
        else:
            return redirect("thread", opening.pk)
    status = 400 if error else 200
    return page(request, "start", status=status, community=found, said=said, error=error)


@for_employees
def thread(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The thread with its posts; a POST answers in it."""
    opening = reading.threads(request.user).filter(pk=pk).first()
    if opening is None:
        raise Http404
    text, error = request.POST.get("text", ""), ""
    if request.method == "POST":
        try:
            post = answer_inside(opening, text=text, by=actor_of(request))
        except RelaisError as refused:
            error = str(refused)
        else:
            return redirect(f"{reverse('thread', args=[pk])}#p-{post.pk}")
    return page(
        request,
        "thread",
        status=400 if error else 200,
        opening=opening,
        posts=_shown(request, opening),
        trips=_trips(request, opening),
        text=text,
        error=error,
    )


def _shown(request: HttpRequest, opening: Post) -> list[dict[str, Any]]:
    """The newest posts, oldest first, with what this reader may do with each."""
    posts = list(reading.posts(opening).reverse()[:MOST_POSTS])[::-1]
    seen = reading.seen_conversations(posts, request.user)
    moderates = services.moderates(opening.community, actor_of(request))
    rows = []
    for post in posts:
        author = post.author_employee
        is_mine = author is not None and author.user_id == request.user.pk
        rows.append(
            {
                "post": post,
                "is_visible": post.conversation_id in seen,
                "may_withdraw": post.withdrawn_at is None and (is_mine or moderates),
            }
        )
    return rows


def _trips(request: HttpRequest, opening: Post) -> list[dict[str, Any]]:
    """What customers asked here, and whether this reader may take an answer back to them."""
    found = reading.trips().filter(post=opening).select_related("conversation__assignee")
    visible = Conversation.objects.visible_to(request.user)
    seen = set(visible.filter(pk__in=found.values("conversation")).values_list("pk", flat=True))
    return [
        {
            "trip": trip,
            "is_on_its_way": is_on_its_way(trip),
            "may_return": trip.conversation_id in seen and _may_return(request, trip),
        }
        for trip in found.order_by("occurred_at")
    ]


def _may_return(request: HttpRequest, trip: RoundTrip) -> bool:
    return not is_on_its_way(trip) and may_answer(trip.conversation, user_of(request))


@for_employees
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    post = Post.objects.visible_to(request.user).filter(pk=pk).first()
    if post is None:
        raise Http404
    try:
        services.withdraw_post(post, by=actor_of(request))
    except RelaisError as error:
        messages.error(request, str(error))
    first = Post.objects.openings().filter(community=post.community_id, thread=post.thread)
    opening = first.first()
    return redirect("thread", opening.pk) if opening else redirect("communities")


urlpatterns = [
    path("communities/", index, name="communities"),
    path("communities/new/", edit, name="new_community"),
    path("communities/<uuid:pk>/", community, name="community"),
    path("communities/<uuid:pk>/edit/", edit, name="edit_community"),
    path("communities/<uuid:pk>/start/", start, name="start_thread"),
    path("communities/<uuid:pk>/<slug:act>/", membership, name="membership"),
    path("threads/<uuid:pk>/", thread, name="thread"),
    path("posts/<uuid:pk>/withdraw/", withdraw, name="withdraw_post"),
]
