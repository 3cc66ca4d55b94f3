"""The HTML of a mail, shown so that it can do no harm: cleaned, in a locked frame."""

from __future__ import annotations

import base64
import re
import uuid

import nh3
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation, Message

LARGEST_HTML = 500_000  # characters
LARGEST_INLINE = 3_000_000  # bytes of pictures that came within the mail
_INLINE_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_CID = re.compile(r'src="cid:([^"\s<>]{1,200})"')
_TAGS = {
    *("a", "abbr", "b", "big", "blockquote", "br", "caption", "center", "code", "col", "colgroup"),
    *("dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i"),
    *("img", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul"),
}
_ATTRIBUTES = {
    "*": {"align", "bgcolor", "color", "dir", "height", "style", "title", "valign", "width"},
    "a": {"href"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "table": {"border", "cellpadding", "cellspacing"},
    "font": {"face", "size"},
}
_FRAME = """<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<base target="_blank"><style>body{{margin:12px;font:14px/1.5 system-ui,sans-serif;color:#1a2426;
background:#fff;overflow-wrap:anywhere}}img{{max-width:100%;height:auto}}table{{max-width:100%}}
</style>{body}"""


def frame(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """The HTML of a mail, cleaned, for a sandboxed frame. Remote images only when asked for."""
    visible = Conversation.objects.visible_to(request.user)
    message = Message.objects.filter(pk=message_id, conversation__in=visible).first()
    if message is None or not message.html:
        raise Http404
    response = HttpResponse(_FRAME.format(body=_clean(message)))
    sources = "data: https: http:" if request.GET.get("images") else "data:"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


def _clean(message: Message) -> str:
    if len(message.html) > LARGEST_HTML:
        return str(_("This mail is too large to be shown as it was designed. Read its text."))
    inlined = _CID.sub(lambda found: f'src="{_inline(message, found[1])}"', message.html)
    return nh3.clean(
        inlined,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
        attribute_filter=_without_data,
    )


def _without_data(tag: str, name: str, value: str) -> str | None:
    """`data:` only as a picture; a link must lead somewhere one can see."""
    if value.lstrip().lower().startswith("data:"):
        return value if tag == "img" and name == "src" else None
    return value


def _inline(message: Message, content_id: str) -> str:
    """A picture that came with the mail itself, as a data URI; "" when it is none."""
    found = message.attachments.filter(
        content_id=content_id, type__in=_INLINE_TYPES, size__lte=LARGEST_INLINE
    ).first()
    if found is None or not default_storage.exists(found.file):
        return ""
    with default_storage.open(found.file) as file:
        return f"data:{found.type};base64,{base64.b64encode(file.read()).decode()}"
