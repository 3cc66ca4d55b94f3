"""The public help centre of a unit: what is published for everybody, and nothing else ever.

No sign-in, no cookie of ours is needed, no script; a feedback is a form.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from django.conf import settings
from django.db import connection
from django.db.models import Case, Q, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from conversations.channels.models import Channel
from conversations.knowledge.markup import as_html, as_plain
from conversations.knowledge.models import (
    Article,
    ArticleQuerySet,
    HelpCentre,
    Visibility,
)
from conversations.knowledge.search import find
from crm.access.doors import address_of, visitor_of
from crm.limits import Limit

PAGE = 20
MOST_PAGES = 100
LONGEST_QUERY = 200
MOST_IN_SITEMAP = 10_000
RELATED = 4
SEARCHES = Limit("help searches from an address", most=60, seconds=60)
ANSWERS = Limit("help feedback from an address", most=30, seconds=600)
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def public(centre: HelpCentre) -> ArticleQuerySet:
    """The one rule of what the world reads."""
    rows = Article.objects.published().filter(visibility=Visibility.PUBLIC)
    return rows.filter(Q(unit=centre.unit_id) | Q(unit=None)).defer("search")


def centre_at(slug: str) -> HelpCentre:
    found = HelpCentre.objects.filter(slug=slug, open=True).select_related("unit").first()
    if found is None:
        raise Http404
    return found


@require_safe
def front(request: HttpRequest, slug: str) -> HttpResponse:
    """What there is, or what was searched; in the reader's language first."""
    centre = centre_at(slug)
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    language, number = _language(request), _number(request.GET.get("page", ""))
    is_busy = bool(query) and not SEARCHES.allows(address_of(request))
    rows, is_all = ([], True) if is_busy else _found(centre, query, language, number)
    found = {
        "query": query,
        "rows": [(row, as_plain(row.text), address(centre, row)) for row in rows[:PAGE]],
        "is_all": is_all,
        "is_busy": is_busy,
        "newer": _link(query, language, number - 1) if number > 1 else "",
        "older": _link(query, language, number + 1) if len(rows) > PAGE else "",
        "language": language,
        "languages": _languages(centre),
    }
    return _page(request, centre, "front", found, status=429 if is_busy else 200)


def _found(
    centre: HelpCentre, query: str, language: str, number: int
) -> tuple[list[Article], bool]:
    rows, start = public(centre), (number - 1) * PAGE
    if language:
        rows = rows.filter(language=language)
    if query:
        found = find(query, rows)
        ids = found.ids[start : start + PAGE + 1]
        by_id = rows.in_bulk(ids)
        return [by_id[pk] for pk in ids if pk in by_id], found.is_all
    mine = Case(When(language=(get_language() or "en")[:2], then=Value(0)), default=Value(1))
    return list(rows.order_by(mine, "title", "pk")[start : start + PAGE + 1]), True


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("language", "")
    return asked if asked.isascii() and asked.isalpha() and len(asked) in (2, 3) else ""


def _languages(centre: HelpCentre) -> list[str]:
    spoken = public(centre).order_by("language").values_list("language", flat=True)
    return list(spoken.distinct()[:20])


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 5
    return min(max(int(text), 1), MOST_PAGES) if is_number else 1


def _link(query: str, language: str, number: int) -> str:
    said = {"q": query, "language": language, "page": str(number) if number > 1 else ""}
    return "?" + urlencode({name: value for name, value in said.items() if value})


@require_safe
def article(request: HttpRequest, slug: str, article_id: uuid.UUID, name: str = "") -> HttpResponse:
    """One article; an old title in its address leads to the new one."""
    centre = centre_at(slug)
    row = public(centre).filter(pk=article_id).first()
    if row is None:
        raise Http404
    if name != name_of(row):
        return redirect(address(centre, row), permanent=False)
    alike = public(centre).filter(tags__overlap=row.tags, language=row.language)
    related = alike.exclude(pk=row.pk).order_by("title")[:RELATED] if row.tags else []
    found = {
        "row": row,
        "html": as_html(row.text),
        "description": as_plain(row.text),
        "related": [(each.title, address(centre, each)) for each in related],
        "thanked": request.GET.get("thanks") == "1",
        "chat": _chat(centre),
        "canonical": f"{settings.BASE_URL}{address(centre, row)}",
        "feedback": reverse("help_feedback", args=[centre.slug, row.pk]),
    }
    return _page(request, centre, "article", found)


def _chat(centre: HelpCentre) -> str:
    open_ones = Channel.objects.filter(unit=centre.unit_id, kind="webchat", closed_at=None)
    channel = open_ones.exclude(token=None).order_by("pk").first()
    return f"/chat/{channel.token}/" if channel else ""


_KEEP = """
INSERT INTO conversations_articlefeedback (article_id, day, visitor, helped)
VALUES (%s, %s, %s, %s)
ON CONFLICT (article_id, day, visitor) DO UPDATE SET helped = excluded.helped
"""


@csrf_exempt  # whoever asks is nobody here: there is no session to ride on
@require_POST
def feedback(request: HttpRequest, slug: str, article_id: uuid.UUID) -> HttpResponse:
    centre = centre_at(slug)
    row = public(centre).filter(pk=article_id).first()
    said = request.POST.get("helped", "")
    if row is None or said not in ("yes", "no"):
        raise Http404
    if not ANSWERS.allows(address_of(request)):
        return _page(request, centre, "busy", {}, status=429)
    today = timezone.localdate()
    visitor = visitor_of(request, today, purpose="help")
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [row.pk, today, visitor, said == "yes"])
    return redirect(f"{address(centre, row)}?thanks=1#feedback")


@require_safe
def sitemap(request: HttpRequest, slug: str) -> HttpResponse:
    centre = centre_at(slug)
    rows = public(centre).order_by("-updated_at")[:MOST_IN_SITEMAP]
    front_page = reverse("help_front", args=[centre.slug])
    places = [
        (front_page, ""),
        *((address(centre, row), row.updated_at.isoformat()) for row in rows),
    ]
    urls = "".join(
        f"<url><loc>{escape(settings.BASE_URL + where)}</loc>"
        + (f"<lastmod>{escape(when)}</lastmod>" if when else "")
        + "</url>"
        for where, when in places
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    body = f'{head}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    return HttpResponse(body, content_type="application/xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The help centres are for everybody, the rest of the house is not."""
    slugs = HelpCentre.objects.filter(open=True).order_by("slug").values_list("slug", flat=True)
    maps = [f"Sitemap: {settings.BASE_URL}{reverse('help_sitemap', args=[slug])}" for slug in slugs]
    lines = ["User-agent: *", "Allow: /help/", "Allow: /static/", "Disallow: /", *maps, ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")


def name_of(row: Article) -> str:
    return slugify(row.title)[:80].strip("-") or "article"


def address(centre: HelpCentre, row: Article) -> str:
    return reverse("help_article", args=[centre.slug, row.pk, name_of(row)])


def _page(
    request: HttpRequest,
    centre: HelpCentre,
    name: str,
    found: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    around = {"centre": centre, "home": reverse("help_front", args=[centre.slug]), **found}
    answer = render(request, f"conversations/help/{name}.html", around, status=status)
    answer["Content-Security-Policy"] = _POLICY
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(answer, ["Accept-Language", "Cookie"])
    return answer


urlpatterns = [
    path("robots.txt", robots, name="robots"),
    path("help/<slug:slug>/", front, name="help_front"),
    path("help/<slug:slug>/sitemap.xml", sitemap, name="help_sitemap"),
    path("help/<slug:slug>/<uuid:article_id>/", article, name="help_article_by_id"),
    path("help/<slug:slug>/<uuid:article_id>/feedback/", feedback, name="help_feedback"),
    path("help/<slug:slug>/<uuid:article_id>/<slug:name>/", article, name="help_article"),
]
