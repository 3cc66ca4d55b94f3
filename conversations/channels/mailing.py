"""What a mail channel is let in with: tokens in place of a password, keys of a provider of mail.

All of it goes in and never comes out again, but the addresses of the provider's webhooks: they
hold a word, and are told once, when it is made.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from conversations.channels import connecting
from conversations.channels.accounts import credentials_of
from conversations.channels.doors.mail import MAIL_KINDS, is_mailbox_url
from conversations.channels.models import Channel, ChannelHealth
from conversations.channels.wire.email import oauth
from conversations.channels.wire.email.esp import providers
from conversations.channels.wire.email.esp.sending import sends
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.values import Actor

ENDS = "-"
TOKENS = (*oauth.KEYS, "scope")
PROVIDED = "email"  # the kind whose mail a provider may carry


@dataclass(frozen=True, slots=True)
class Webhook:
    """what: tracking, inbound or inbound-mime. url: with its word only when that was just made."""

    what: str
    url: str


def must_be_mail(channel: Channel) -> None:
    """Raises Conflict `no_mail`."""
    if channel.kind not in MAIL_KINDS or channel.token is None or channel.closed_at is not None:
        raise Conflict(_("this is no open channel of mail"), code="no_mail")


def set_mailbox(channel: Channel, *, url: str, by: Actor) -> None:
    """Where mail is fetched from; "" ends it. Raises Invalid `mailbox_unfit`."""
    if url and (len(url) > 1_000 or not is_mailbox_url(url)):
        words = _("a mail channel takes imaps://, imap+tls:// or imap://")
        raise Invalid(words, code="mailbox_unfit")
    channel.inbox_url = url
    with transaction.atomic():
        channel.save(update_fields=["inbox_url"])
        record("channel_changed", channel, by=by, fields=["inbox_url"])


def change_keys(
    channel: Channel, *, given: Mapping[str, str], by: Actor, renew: bool = False
) -> list[Webhook]:
    """given: names of `TOKENS` and of `providers.KEYS`; what is empty stays as it is, a refresh
    token or a provider of `-` ends what belongs to it. renew: another word for the webhooks.

    Returns their addresses, when a word was made. Raises Invalid `unknown_field`,
    `unknown_provider`, `field_unfit`, `address_refused`; Conflict `no_mail`.
    """
    must_be_mail(channel)
    said = {name: value.strip() for name, value in given.items() if value.strip()}
    _judge(channel, said)
    kept = credentials_of(channel)
    before, had = dict(kept), kept.get("esp", "")
    if said.get("refresh_token") == ENDS:
        kept, said = _without(kept, TOKENS), _without(said, TOKENS)
    if said.get("esp", had) != had:  # another one's keys are of no use to it
        kept = _without(kept, (*providers.KEYS, providers.WORD))
    if said.get("esp") == ENDS:
        said = _without(said, providers.KEYS)
    kept |= said
    makes = bool(kept.get("esp")) and (renew or not kept.get(providers.WORD))
    if makes:
        kept[providers.WORD] = secrets.token_hex(20)
    if kept == before:
        return []
    with transaction.atomic():
        connecting.keep(channel, kept)
        ChannelHealth.objects.update_or_create(
            channel=channel, defaults={"works": None, "cause": "", "checked_at": None}
        )
        changed = {name for name in {*kept, *before} if kept.get(name) != before.get(name)}
        record("channel_credentials_changed", channel, by=by, fields=sorted(changed))
    return webhooks(channel, word=kept[providers.WORD]) if makes else []


def _without(keys: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in keys.items() if name not in names}


def _judge(channel: Channel, said: Mapping[str, str]) -> None:
    for name, value in said.items():
        if name not in {*TOKENS, *providers.KEYS}:
            words = _("there is no field %(name)s") % {"name": name[:60]}
            raise Invalid(words, code="unknown_field")
        if len(value) > connecting.LONGEST or not value.isprintable():
            raise Invalid(_("%(name)s can’t be kept so") % {"name": name}, code="field_unfit")
    esp = said.get("esp", "")
    if any(name in said for name in providers.KEYS) and channel.kind != PROVIDED:
        raise Invalid(_("no provider carries this kind of mail"), code="unknown_provider")
    if esp and esp != ENDS and esp not in providers.PROVIDERS:
        raise Invalid(_("there is no such provider of mail"), code="unknown_provider")
    for name in ("token_url", "esp_api_url"):
        if said.get(name) and not _is_address(said[name]):
            words = _("%(name)s is no https address") % {"name": name}
            raise Invalid(words, code="address_refused")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and (parts.port or 1) > 0 and "@" not in parts.netloc
    except ValueError:
        return False
    return named and (parts.scheme == "https" or (settings.LOCAL and parts.scheme == "http"))


def provider_of(channel: Channel) -> providers.Provider | None:
    return providers.of(credentials_of(channel)) if channel.kind == PROVIDED else None


def is_carried(channel: Channel) -> bool:
    """Whether its mail goes out by its provider."""
    return channel.kind == PROVIDED and sends(credentials_of(channel))


def given(channel: Channel) -> list[str]:
    """Names of what is set."""
    names = [name for name in credentials_of(channel) if name != providers.WORD]
    return sorted([*names, *(["mailbox"] if channel.inbox_url else [])])


def webhooks(channel: Channel, *, word: str = "") -> list[Webhook]:
    provider, name = provider_of(channel), credentials_of(channel).get("esp", "")
    if provider is None or channel.token is None:
        return []
    scheme, _sep, host = settings.BASE_URL.partition("://")
    door = f"{providers.USER}:{word}@{host}" if word else host
    return [
        Webhook(
            what,
            f"{scheme}://{door}{reverse('mail_provider', args=[channel.token, name, what])}",
        )
        for what in provider.views
    ]
