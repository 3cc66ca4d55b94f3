"""Accounts on networks, what they brought in as raw bytes, and whether each source is alive."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.channels.secrets import EncryptedTextField
from crm.journal.models import Keyed, Recorded
from crm.organisation.models import Unit
from crm.values import uuid7

REOPEN_DAYS = 14


class Channel(Keyed):
    """One account on one network: a mail address, a page, a webhook.

    kind: `email`, `webchat`, `webhook`, ... or any word of another system (imported; such a
    channel has no adapter and no door). token: its unguessable door, null where it has none.
    owned: the company's own account (not a forum it visits).
    options: the kind's own settings, see `docs/channels.md`. credentials: what the provider gave
    us, a JSON object by the names of the kind's fields; see `connecting`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=30)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=200)
    owned = models.BooleanField(_("owned"), default=True)
    address = models.CharField(_("address"), max_length=320, blank=True, default="")
    token = models.CharField(max_length=64, null=True, blank=True, unique=True)
    secret = EncryptedTextField(_("secret"), blank=True, default="")
    inbox_url = EncryptedTextField(
        _("mailbox"),
        blank=True,
        default="",
        help_text=_("imaps://user:password@host:993/INBOX, where mail is fetched from"),
    )
    callback_url = models.URLField(_("callback URL"), max_length=1000, blank=True, default="")
    credentials = EncryptedTextField(blank=True, default="")
    options: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("settings"), default=dict, blank=True
    )
    reopen_days = models.PositiveSmallIntegerField(
        _("days in which a closed conversation goes on"),
        default=REOPEN_DAYS,
        db_default=REOPEN_DAYS,
        help_text=_(
            "Who writes again within these days after the end of their conversation takes it up; "
            "later a new one begins. 0: always a new one."
        ),
    )
    keep_days = models.PositiveIntegerField(
        _("days for which words are kept"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Older messages then lose their words, files and raw bytes, for good; that they were "
            "written, by whom and when stays. Empty: they are kept."
        ),
    )
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                models.F("kind"),
                models.functions.Lower("address"),
                condition=~models.Q(address=""),
                name="one_channel_per_address",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Takes messages in and sends them out."""
        return self.token is not None and self.paused_at is None and self.closed_at is None


class ChannelVersion(Recorded):
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="versions")
    kind = models.CharField(max_length=30)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    owned = models.BooleanField(default=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("channel version")
        verbose_name_plural = _("channel versions")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "occurred_at"], name="one_channel_version_an_instant"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Source(Keyed, Recorded):
    """Something that must be heard from regularly. A live channel is one; so is a feed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=30)
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("unit")
    )
    name = models.CharField(_("name"), max_length=200)
    channel = models.OneToOneField(
        Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="source"
    )

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        return self.name


class Heartbeat(Recorded):
    """`source` was reachable and read at `occurred_at`."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="heartbeats")
    imported = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "occurred_at"], name="one_heartbeat_an_instant"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.occurred_at}"


class ChannelHealth(models.Model):
    """What the last test of a channel's connection found. One row a channel.

    works: null until a test reached the provider. cause: what was wrong; also of a test that did
    not reach anybody, which leaves `works` as it was. expires_at: of the credentials.
    last_out_at: when the network last took something of ours, to the minute.
    """

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="health")
    works = models.BooleanField(_("works"), null=True)
    name = models.CharField(_("known there as"), max_length=200, blank=True, default="")
    cause = models.CharField(_("cause"), max_length=500, blank=True, default="")
    remarks = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    expires_at = models.DateTimeField(_("credentials end"), null=True, blank=True)
    checked_at = models.DateTimeField(_("tested"), null=True, blank=True)
    last_out_at = models.DateTimeField(_("last taken"), null=True, blank=True)

    class Meta:
        verbose_name = _("health of a channel")
        verbose_name_plural = _("health of channels")

    def __str__(self) -> str:
        return f"{self.channel} {self.works}"


class MailboxPosition(models.Model):
    """How far a mailbox was read: moved in the transaction that stores what was read.

    A UID means something only under its UIDVALIDITY (RFC 9051 2.3.1.1); when the server gives
    another one, reading starts anew and what is known already ends as duplicate.
    """

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="+")
    uid_validity = models.BigIntegerField()
    last_uid = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("mailbox position")
        verbose_name_plural = _("mailbox positions")

    def __str__(self) -> str:
        return f"{self.channel} {self.uid_validity}:{self.last_uid}"


class Polling(models.Model):
    """How far an account was read, and when it is read again. One row a channel.

    A line that is held open is the same row: who holds it has the claim, renewed with every write.

    cursor: the adapter's own words, moved in the transaction that stores what was read. due_at:
    null when it is read no more until somebody changes or tests the connection. attempt
    counts the claims: who read under an older one writes nothing. failures: readings that failed
    since the last that did not. cause: of the last failure, "" when the last reading worked.
    """

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, primary_key=True, related_name="polling"
    )
    cursor: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True, db_default=Now(), db_index=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0, db_default=0)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    cause = models.CharField(max_length=500, blank=True, default="", db_default="")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reading of an account")
        verbose_name_plural = _("readings of accounts")

    def __str__(self) -> str:
        return f"{self.channel} {self.read_at}"


class NetworkSession(models.Model):
    """What a network lent us for a while in exchange for the channel's credentials."""

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    tokens = EncryptedTextField(blank=True, default="")
    kept_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("session at a network")
        verbose_name_plural = _("sessions at networks")

    def __str__(self) -> str:
        return f"{self.channel} {self.kept_at}"


class Posted(models.Model):
    """Something of ours that is out on a channel and may come back as if somebody wrote it.

    subject: what it was. Messages need no such row: each carries its external id itself.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=500, db_index=True)
    subject = models.UUIDField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("posted")
        verbose_name_plural = _("posted")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="what_is_out_is_noted_once"
            )
        ]

    def __str__(self) -> str:
        return self.external_id


class EnvelopeState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    IGNORED = "ignored", _("ignored")


class Envelope(models.Model):
    """The bytes as they came: stored before the sender hears 2xx, so a parser's bug loses nothing.

        WAITING ──read──> DONE | IGNORED | FAILED ──replay──> WAITING

    key: the provider's delivery id, else the body's SHA-256: the same delivery is one row.
    body is null when the bytes lie in the file storage under `file` (over 1 MB).
    attempts counts the readers that died with it (see `Claim`); the third ends as FAILED.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(  # found by the unique key
        Channel, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    key = models.CharField(max_length=200)
    body = models.BinaryField(null=True)
    file = models.CharField(max_length=200, blank=True, default="")
    headers: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=EnvelopeState.choices,
        default=EnvelopeState.WAITING,
        db_default=EnvelopeState.WAITING,
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="", db_default="")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("envelope")
        verbose_name_plural = _("envelopes")
        ordering = ["-id"]  # its ids go with the time of receipt
        constraints = [
            models.UniqueConstraint(fields=["channel", "key"], name="a_delivery_is_stored_once"),
            models.CheckConstraint(
                name="envelope_state_is_known",
                condition=models.Q(state__in=EnvelopeState.values),
            ),
        ]
        indexes = [
            models.Index(
                name="envelopes_to_open",
                fields=["received_at"],
                condition=models.Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.key}"


class Claim(models.Model):
    """A batch that a reader has in hand. The rows themselves are locked by its transaction;
    this one is committed before, so that what kills a reader without a trace is known by it."""

    envelopes = ArrayField(models.UUIDField())
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")

    def __str__(self) -> str:
        return f"{len(self.envelopes)}"
