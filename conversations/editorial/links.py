"""Short links: our own redirect, so that clicks can be counted without anybody's script.

A code leads to the one address that was approved with the text, and to no other: nothing of the
request decides where it goes.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conversations.editorial.models import ClickKind, Clicks, Link, Publication, new_code
from crm.access.doors import address_of, visitor_of
from crm.limits import Limit

MOST_LINKS = 20
_URL = re.compile(r"https?://[^\s<>\"'\x00-\x1f]+")
_TRAILING = ".,;:!?)]}»”’…"
# What says of itself that it is a program; what lies about it can't be told apart.
_ROBOT = re.compile(
    r"bot|crawl|spider|slurp|preview|fetch|scan|monitor|curl|wget|python|java/|go-http|httpx"
    r"|libwww|headless|facebookexternalhit|whatsapp|telegram|slack|discord|embedly|lighthouse"
    r"|proofpoint|mimecast|barracuda",
    re.IGNORECASE,
)
FOLLOWS_FROM = Limit("short links followed from an address", most=120, seconds=60)


def addresses(text: str) -> list[str]:
    """The web addresses in a text, without the punctuation behind them, each once."""
    found = (match[0].rstrip(_TRAILING) for match in _URL.finditer(text))
    return list(dict.fromkeys(found))[:MOST_LINKS]


def with_short_links(publication: Publication) -> str:
    """The text as it leaves; the same on every try, because a link is made once."""
    if not publication.count_clicks:
        return publication.text
    urls = addresses(publication.text)
    made = [
        Link(code=new_code(), publication=publication, url=url, position=number)
        for number, url in enumerate(urls)
    ]
    Link.objects.bulk_create(made, ignore_conflicts=True)
    short = {link.url: address(link) for link in publication.links.all()}

    def replaced(match: re.Match[str]) -> str:
        url = match[0].rstrip(_TRAILING)
        return short.get(url, url) + match[0][len(url) :]

    return _URL.sub(replaced, publication.text)


def address(link: Link) -> str:
    return f"{settings.BASE_URL}{reverse('short-link', args=[link.code])}"


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Counts and leads on. An unknown code leads nowhere."""
    link = Link.objects.filter(code=code).first()
    if link is None:
        return HttpResponseNotFound(_("This link leads nowhere."), content_type="text/plain")
    if FOLLOWS_FROM.allows(address_of(request)):
        _count(link, request, at=timezone.now())
    answer = HttpResponse(status=302)
    answer["Location"] = link.url
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def is_robot(request: HttpRequest) -> bool:
    """Whoever only asks for the head, prefetches, or names itself a program."""
    agent = request.headers.get("User-Agent", "")
    purpose = request.headers.get("Sec-Purpose", "") or request.headers.get("Purpose", "")
    return (
        request.method == "HEAD" or not agent or "prefetch" in purpose or bool(_ROBOT.search(agent))
    )


_COUNT = """
INSERT INTO conversations_clicks (link_id, day, visitor, kind, times) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (link_id, day, visitor) DO UPDATE SET times = conversations_clicks.times + 1
"""


def _count(link: Link, request: HttpRequest, *, at: datetime) -> None:
    day = at.date()
    robot = is_robot(request)
    visitor = "" if robot else visitor_of(request, day, purpose="clicks")
    kind = ClickKind.ROBOT if robot else ClickKind.PERSON
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [link.pk, day, visitor, kind])


def clicks_of(publication: Publication) -> dict[str, int]:
    """people: visitors of a day, once each; repeats: their further clicks; robots."""
    rows = Clicks.objects.filter(link__publication=publication).values_list("kind", "times")
    people = [times for kind, times in rows if kind == ClickKind.PERSON]
    robots = sum(times for kind, times in rows if kind == ClickKind.ROBOT)
    return {"people": len(people), "repeats": sum(people) - len(people), "robots": robots}


urlpatterns = [path("l/<slug:code>/", follow, name="short-link")]
