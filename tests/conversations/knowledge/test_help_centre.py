"""The help centre: everybody reads what is published for everybody, and nothing else ever."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from conversations.knowledge import services
from conversations.knowledge.markup import as_html, as_plain
from conversations.knowledge.models import ArticleFeedback, HelpCentre
from conversations.knowledge.search import find
from crm import limits
from crm.access.models import Role
from tests import house
from tests.conversations.knowledge import shelf
from tests.rows import row_counts

HOME = "/help/brand/"
TEXT = "Boots come back within **sixty days**.\n\n- unworn\n- with labels"


class Desk:
    def __init__(self):
        self.brand = house.unit()
        self.centre = HelpCentre.objects.create(unit=self.brand, slug="brand", title="Brand help")
        shop = house.department(self.brand)
        self.sam = house.somebody(shop, Role.STAFF, name="Sam")
        self.rita = shelf.reader(shop)

    def public(self, title="Returns", text=TEXT, **more):
        said = {"visibility": "public", "unit": self.brand, **more}
        return shelf.published(title, text=text, by=self.sam, reviewer=self.rita, **said)


@pytest.fixture
def desk(db):
    return Desk()


def page(path=HOME, **headers):
    return Client(headers=headers).get(path, follow=True)


def test_what_is_for_everybody_is_read_without_a_sign_in(desk):
    row = desk.public(tags=["returns"])
    desk.public("Exchanges", tags=["returns"], unit=None)
    front = page()
    assert front.status_code == 200
    assert "Returns" in front.content.decode()
    where = f"{HOME}{row.pk}/returns/"
    assert where in front.content.decode()
    shown = page(where)
    said = shown.content.decode()
    assert "<strong>sixty days</strong>" in said
    assert "<ul><li>unworn</li><li>with labels</li></ul>" in said
    assert f'<link rel="canonical" href="{settings.BASE_URL}{where}">' in said
    assert "Exchanges" in said
    assert "<script" not in said
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert page(f"{HOME}{row.pk}/an-old-name/").redirect_chain == [(where, 302)]


def test_nothing_else_is_ever_shown(desk):
    """Internal ones, drafts, what waits, what was retired or taken inside again, other units'."""
    other = house.unit("Other")
    hidden = [
        shelf.published("Zebra internal", text=TEXT, by=desk.sam, reviewer=desk.rita),
        services.write_article("Zebra draft", text=TEXT, visibility="public", by=desk.sam.acting),
        shelf.submitted("Zebra waits", text=TEXT, visibility="public", by=desk.sam.acting),
        services.retire(desk.public("Zebra retired"), by=desk.sam.acting),
        desk.public("Zebra elsewhere", unit=other),
        desk.public("Zebra once public"),
    ]
    services.propose(hidden[-1], visibility="internal", by=desk.sam.acting)
    services.approve(hidden[-1], number=2, by=desk.rita.acting)
    changed = desk.public("Lion")
    services.propose(changed, title="Zebra lion", text="Zebra!", by=desk.sam.acting)
    for path in (HOME, f"{HOME}?q=zebra", f"{HOME}?q=zebra&language=en", f"{HOME}sitemap.xml"):
        assert "ebra" not in page(path).content.decode().replace('value="zebra"', "").replace(
            "“zebra”", ""
        ).replace("zebra ·", "").replace("q=zebra", "")
    assert "ebra" not in page(f"{HOME}{changed.pk}/lion/").content.decode()
    for row in hidden:
        assert page(f"{HOME}{row.pk}/").status_code == 404
        assert page(f"{HOME}?q={row.pk}").content.decode().count("ebra") == 0
        answer = Client().post(f"{HOME}{row.pk}/feedback/", {"helped": "yes"})
        assert answer.status_code == 404
    assert not ArticleFeedback.objects.exists()


def test_a_centre_that_is_closed_or_not_there_is_a_404(desk):
    row = desk.public()
    HelpCentre.objects.update(open=False)
    for path in (HOME, f"{HOME}sitemap.xml", f"{HOME}{row.pk}/", "/help/nowhere/"):
        assert page(path).status_code == 404
    assert "Sitemap" not in page("/robots.txt").content.decode()


def test_the_readers_language_comes_first_and_narrows(desk):
    desk.public("A return")
    desk.public("Un retour", text="Soixante jours.", language="fr")
    french = page(**{"accept-language": "fr"}).content.decode()
    assert '<html lang="fr">' in french
    assert french.index("Un retour") < french.index("A return")
    only = page(f"{HOME}?language=fr").content.decode()
    assert "Un retour" in only
    assert "A return" not in only


def test_searching_finds_says_when_it_is_not_all_and_is_throttled(desk, monkeypatch):
    desk.public("Returns")
    assert "Returns" in page(f"{HOME}?q=sixty").content.decode()
    assert "Nothing was found" in page(f"{HOME}?q=zebra").content.decode()
    monkeypatch.setitem(find.__kwdefaults__, "seconds", 0.001)
    assert page(f"{HOME}?q=sixty").status_code == 200
    monkeypatch.setattr(
        "conversations.knowledge.help.SEARCHES", limits.Limit("one search", most=1, seconds=3600)
    )
    page(f"{HOME}?q=sixty")
    assert page(f"{HOME}?q=sixty").status_code == 429
    assert page().status_code == 200


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[<b onmouseover=alert(1)>](https://a.example)",
    '[x](https://a.example/"onmouseover="alert(1))',
    'https://a.example/"><script>alert(1)</script>',
    "**<svg onload=alert(1)>**",
    "`</code><script>alert(1)</script>`",
    "## <iframe src=https://a.example>",
    "- <a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[x](https://a.example\u0000javascript:alert(1))",
    "<!--><script>alert(1)</script>-->",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_becomes_words(text):
    made = str(as_html(text))
    tags = re.findall(r"<\s*/?\s*([a-z0-9]+)([^>]*)>", made)
    assert {name for name, _ in tags} <= {"p", "br", "h2", "ul", "li", "strong", "code", "a"}
    for name, attributes in tags:
        told = html.unescape(attributes)
        assert name == "a" or attributes == ""
        assert re.fullmatch(r'( (href="https?://[^"]*"|rel="[^"]*"))*', told.replace('\\"', "")), (
            made
        )


def test_marks_become_tags_and_nothing_else_does():
    text = (
        "# One\nTwo *three* 2*3*4\nhttps://a.example/b, and `**code**`\n\n1. a\n2. b\n\n"
        "[c](mailto:d@e.example)"
    )
    assert str(as_html(text)).replace(' rel="noopener noreferrer nofollow ugc"', "") == (
        "<h2>One</h2>\n<p>Two <em>three</em> 2*3*4<br>"
        '<a href="https://a.example/b">https://a.example/b</a>, and <code>**code**</code></p>\n'
        '<ol><li>a</li><li>b</li></ol>\n<p><a href="mailto:d@e.example">c</a></p>'
    )
    assert as_plain("## One\n\n**two** [three](https://a.example)") == "One two three"
    assert as_plain("Pack:\n- a *well-known* pole\n- pegs") == "Pack: a well-known pole pegs"


def test_no_text_makes_it_slow():
    for text in ("*" * 50_000, "[" * 50_000, "`" * 50_000, "**a" * 15_000, "[a](" * 12_000,
                 "- \n" * 15_000, "http://" * 7_000, "# " * 20_000):  # fmt: skip
        as_html(text)


def test_feedback_counts_once_a_visitor_and_day_and_may_change(desk):
    row = desk.public()
    where = f"{HOME}{row.pk}/feedback/"
    browser = Client(headers={"user-agent": "a"}, enforce_csrf_checks=True)
    assert browser.post(where, {"helped": "no"}).url.endswith("?thanks=1#feedback")
    browser.post(where, {"helped": "yes"})
    Client(headers={"user-agent": "b"}).post(where, {"helped": "no"})
    assert sorted(ArticleFeedback.objects.values_list("helped", flat=True)) == [False, True]
    assert "127.0.0.1" not in str(list(ArticleFeedback.objects.values()))
    before = row_counts()
    for said in ({}, {"helped": "maybe"}, {"helped": "yes\0"}):
        assert browser.post(where, said).status_code == 404
    assert browser.get(where).status_code == 405
    assert row_counts() == before
    shown = Client()
    shown.force_login(desk.sam.user)
    inside = shown.get(f"/admin/conversations/article/{row.pk}/change/").content.decode()
    assert "1 of 2 who said so" in inside


def test_feedback_is_throttled(desk, monkeypatch):
    row = desk.public()
    monkeypatch.setattr(
        "conversations.knowledge.help.ANSWERS", limits.Limit("two answers", most=2, seconds=3600)
    )
    where = f"{HOME}{row.pk}/feedback/"
    statuses = [
        Client(headers={"user-agent": f"{n}"}).post(where, {"helped": "yes"}).status_code
        for n in range(4)
    ]
    assert statuses == [302, 302, 429, 429]
    assert ArticleFeedback.objects.count() == 2


def test_sitemap_and_robots_name_what_is_public(desk):
    row = desk.public("Returns & <more>")
    answer = page(f"{HOME}sitemap.xml")
    assert answer["Content-Type"] == "application/xml"
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    places = [each.text for each in ElementTree.fromstring(answer.content).iter(f"{space}loc")]  # noqa: S314
    assert places == [
        f"{settings.BASE_URL}{HOME}",
        f"{settings.BASE_URL}{HOME}{row.pk}/returns-more/",
    ]
    robots = page("/robots.txt").content.decode().splitlines()
    assert "Disallow: /" in robots
    assert f"Sitemap: {settings.BASE_URL}{HOME}sitemap.xml" in robots


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=-1", "?page=9999999", "?page=x", "?q=%00", "?language=%00",
              "?language=../..", "?q=" + "x" * 900, "?q=%27%3B--", "?page=²"]
)  # fmt: skip
def test_nonsense_in_the_address_is_no_error(desk, query):
    desk.public()
    assert page(f"{HOME}{query}").status_code == 200


def test_the_staff_of_a_unit_keeps_its_own_centre(desk, client):
    client.force_login(desk.sam.user)
    address = f"/admin/conversations/helpcentre/{desk.centre.pk}/change/"
    said = {"title": "Help", "slug": "brand", "welcome": "Hello", "open": "on"}
    assert client.post(address, said).status_code == 302
    desk.centre.refresh_from_db()
    assert (desk.centre.welcome, desk.centre.unit) == ("Hello", desk.brand)
    bad = client.post(address, said | {"slug": "Not So"})
    assert b"small letters" in bad.content
