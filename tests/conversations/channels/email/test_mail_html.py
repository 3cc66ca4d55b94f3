from time import process_time

import pytest

from conversations.channels.wire.email.html import Clean, sanitised


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' JaVaScRiPt:alert(1)'>x</a>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><script>alert(1)</script></mtext></math>",
        "<iframe src=//evil.example></iframe>",
        "<form action=//evil.example><input name=p></form>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<base href=//evil.example>",
        "<link rel=stylesheet href=//evil.example>",
        "<style>@import '//evil.example'</style>",
        "<p style=\"background: url('//evil.example/x')\">",
        '<p style="color: u\\72l(//evil.example)">',
        "<td background=//evil.example>",
        "<img srcset='//evil.example/x 2x'>",
        "<object data=//evil.example></object>",
    ],
)
def test_nothing_runs_fetches_or_submits(markup):
    clean = sanitised(markup).html.lower()
    for word in ("evil.example", "script", "alert", "onerror", "<form", "<input", "<svg", "<meta"):
        assert word not in clean


def test_remote_images_are_counted_and_shown_only_when_asked_for():
    markup = '<img src="https://t.example/a.gif"><img src="http://t.example/b.gif">'
    assert sanitised(markup) == Clean("<img><img>", blocked=2)
    shown = sanitised(markup, remote=True)
    assert 'src="https://t.example/a.gif"' in shown.html
    assert 'src="http://t.example/b.gif"' in shown.html
    assert shown.blocked == 0


def test_inline_images_are_shown_from_our_own_address():
    markup = '<img src="cid:logo@1"><img src="cid:other">'
    assert sanitised(markup, images={"logo@1": "/files/1"}).html == '<img src="/files/1"><img>'


def test_a_large_picture_named_again_and_again_is_shown_a_few_times_only():
    picture = "data:image/png;base64," + "A" * 4_000_000
    clean = sanitised('<img src="cid:a">' * 1_000, images={"a": picture})
    assert clean.html.count(picture) == 2


def test_ordinary_looks_and_links_stay():
    markup = '<p style="color: red"><b>Hi</b> <a href="https://x.example">there</a></p>'
    clean = sanitised(markup).html
    assert 'style="color:red"' in clean.replace(": ", ":")
    assert 'href="https://x.example"' in clean
    assert 'rel="noopener noreferrer nofollow"' in clean
    assert 'target="_blank"' in clean


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 50_000,
        "<div></x>" * 50_000,
        "<p>" + "".join(f"<b style='color:{n}'>" for n in range(400)) + "<p>x" * 20_000,
        "x" * 600_000,
    ],
)
def test_html_beyond_the_guard_is_left_to_its_text(markup):
    assert sanitised(markup) == Clean("", too_large=True)


def test_the_worst_html_within_the_guard_takes_a_bounded_time():
    formatting = "".join(f"<b style='color:{n}'>" for n in range(140))
    started = process_time()
    sanitised("<p>" + formatting + "</p>x<p>" * 6_500)
    assert process_time() - started < 4.0
