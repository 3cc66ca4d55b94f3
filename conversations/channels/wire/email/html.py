"""A stranger's HTML made fit for a sandboxed frame: no scripts, no forms, no remote images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nh3

from conversations.channels.wire.email.markup import is_within

# The sanitiser is quadratic in depth and copies open formatting into each new paragraph:
# at these limits its worst case takes about a second and a half.
CHARS = 500_000
TAGS = 15_000
DEPTH = 150
CLEAN_CHARS = 2_000_000
INLINE_CHARS = 12_000_000  # of addresses, which may be whole pictures (`data:`)

TAG_NAMES = (
    "a abbr b blockquote br caption center cite code col colgroup dd del div dl dt em font h1 h2 h3"
    " h4 h5 h6 hr i img ins li ol p pre q s small span strike strong sub sup table tbody td tfoot"
    " th thead tr tt u ul"
)
STYLES = (
    "color background-color font-weight font-style font-size font-family text-align line-height"
    " text-decoration vertical-align padding margin border border-collapse width max-width"
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing", "width", "align", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "align", "valign", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "height", "align", "valign", "bgcolor"},
    "tr": {"align", "valign", "bgcolor"},
    "ol": {"start"},
    "*": {"style", "dir", "lang"},
}
LINKS = ("http://", "https://", "mailto:", "tel:")


@dataclass(frozen=True, slots=True)
class Clean:
    """`html` is "" when nothing of the mail's own can be shown: show the text instead.

    blocked: how many remote images were left out. too_large: or too deep.
    """

    html: str
    blocked: int = 0
    too_large: bool = False


class _Filter:
    """Decides each attribute's value; nh3 calls it for what has passed its own lists."""

    def __init__(self, images: Mapping[str, str], *, remote: bool) -> None:
        self.blocked = 0
        self.inlined = 0
        self._images = images
        self._remote = remote

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        if tag == "img" and attribute == "src":
            return self._image(value.strip())
        if attribute == "href":
            return value if value.strip().lower().startswith(LINKS) else None
        if attribute == "style":  # what an allowed property may still fetch
            return None if "url" in value.lower() or "\\" in value else value
        return value

    def _image(self, source: str) -> str | None:
        if source.lower().startswith("cid:"):
            return self._inline(self._images.get(source[4:].strip("<>"), ""))
        if source.lower().startswith(("https://", "http://")) and self._remote:
            return source
        self.blocked += 1
        return None

    def _inline(self, image: str) -> str | None:
        """None also when one large picture, named again and again, would fill the memory."""
        if not image or self.inlined + len(image) > INLINE_CHARS:
            return None
        self.inlined += len(image)
        return image


def sanitised(
    markup: str, *, images: Mapping[str, str] | None = None, remote: bool = False
) -> Clean:
    """The mail's HTML without whatever runs, fetches or submits.

    images: our own address of each inline image by its content id. remote: the reader asked for
    the images on other servers, which tell the sender that the mail was opened.
    """
    if len(markup) > CHARS or not is_within(markup, tags_at_most=TAGS, depth_at_most=DEPTH):
        return Clean("", too_large=True)
    keep = _Filter(images or {}, remote=remote)
    html = nh3.clean(
        markup,
        tags=set(TAG_NAMES.split()),
        attributes=ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        filter_style_properties=set(STYLES.split()),
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
    )
    too_large = len(html) - keep.inlined > CLEAN_CHARS
    return Clean("" if too_large else html, keep.blocked, too_large=too_large)
