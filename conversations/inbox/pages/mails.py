"""The HTML of a mail, shown so that it can do no harm: cleaned, in a locked frame."""

from __future__ import annotations

import base64
import re
import uuid

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from conversations.channels.wire.email.html import CHARS, sanitised
from conversations.inbox.models import Conversation, Message

MOST_INLINE = 50  # pictures
LARGEST_INLINE = 3_000_000  # bytes of pictures that came within the mail
_INLINE_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_CID = re.compile(r"""src=["']?cid:([^"'\s<>]{1,200})""", re.IGNORECASE)
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
    remote = bool(request.GET.get("images"))
    response = HttpResponse(_FRAME.format(body=_clean(message, remote=remote)))
    sources = "data: https: http:" if remote else "data:"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


def _clean(message: Message, *, remote: bool) -> str:
    named = list(dict.fromkeys(_CID.findall(message.html[:CHARS])))
    images = {name: _inline(message, name) for name in named[:MOST_INLINE]}
    clean = sanitised(message.html, images=images, remote=remote)
    if clean.too_large:
        return str(_("This mail is too large to be shown as it was designed. Read its text."))
    return clean.html.strip() or str(_("Nothing of its design can be shown. Read its text."))


def _inline(message: Message, content_id: str) -> str:
    """A picture that came with the mail itself, as a data URI; "" when it is none."""
    found = message.attachments.filter(
        content_id=content_id, type__in=_INLINE_TYPES, size__lte=LARGEST_INLINE
    ).first()
    if found is None or not default_storage.exists(found.file):
        return ""
    with default_storage.open(found.file) as file:
        return f"data:{found.type};base64,{base64.b64encode(file.read()).decode()}"
