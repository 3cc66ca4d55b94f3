"""Small words of the inbox's templates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from conversations.channels import causes, mailing
from conversations.channels.models import Channel

register = template.Library()
register.filter("told", causes.told)

_ICONS = {
    "alerts": "notifications",
    "bluesky": "cloud",
    "discord": "stadia_controller",
    "email": "mail",
    "facebook": "thumb_up",
    "forum": "forum",
    "google_reviews": "star",
    "instagram": "photo_camera",
    "internal": "groups",
    "kannel": "sms",
    "linkedin": "work",
    "mastodon": "public",
    "matrix": "grid_3x3",
    "slack": "tag",
    "sms": "sms",
    "telegram": "send",
    "webchat": "chat",
    "webhook": "webhook",
    "whatsapp": "call",
}


@register.filter
def waited(since: datetime | None) -> str:
    """How long ago, short: 5 min, 3 h, 2 d."""
    if since is None:
        return ""
    minutes = max(int((timezone.now() - since).total_seconds() // 60), 0)
    if minutes < 60:
        return _("%(count)s min") % {"count": minutes}
    if minutes < 48 * 60:
        return _("%(count)s h") % {"count": minutes // 60}
    return _("%(count)s d") % {"count": minutes // 1440}


@register.filter
def urgency(since: datetime | None) -> str:
    """The tone of a wait: after four hours warm, after a day hot."""
    if since is None:
        return ""
    hours = (timezone.now() - since).total_seconds() / 3600
    return "hot" if hours >= 24 else "warm" if hours >= 4 else "fresh"


@register.filter
def due_in(at: datetime | None) -> str:
    """How long until then, or how much too late: "due in 2 h", "late by 3 d"."""
    if at is None:
        return ""
    now = timezone.now()
    if at > now:
        return _("due in %s") % waited(now - (at - now))
    return _("late by %s") % waited(at)


@register.filter
def language_name(code: str) -> str:
    """In the reader's language, or the code where it has no name."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


@register.filter
def channel_icon(kind: str) -> str:
    return _ICONS.get(kind, "alternate_email")


@register.filter
def initials(name: str) -> str:
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@register.filter
def hue(name: str) -> int:
    """A colour of one's own, the same on every page."""
    return sum(ord(mark) * (at + 7) for at, mark in enumerate(name[:40])) % 12


@register.simple_tag
def outgoing_folder(channel: Channel | None = None) -> str:
    """Where mails are written instead of sent, "" where they are sent, or this channel sends them
    in a way of its own."""
    address = str(settings.EMAIL_URL)
    own = channel and (channel.options.get("mail_url") or mailing.is_carried(channel))
    if own or not address.startswith("file:"):
        return ""
    path = Path(urlsplit(address).path)
    home = Path(settings.BASE_DIR)
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)
