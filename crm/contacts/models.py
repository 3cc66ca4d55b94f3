"""The people outside. Nothing above this floor stores a contact's id, only the identity's."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.journal.models import Acted, Keyed, Recorded
from crm.organisation.models import Unit
from crm.values import uuid7
from crm.words import worded


class Relationship(models.TextChoices):
    CUSTOMER = "customer", _("customer")
    PROSPECT = "prospect", _("prospect")
    PARTNER = "partner", _("partner")
    COMPETITOR = "competitor", _("competitor")
    OTHER = "other", _("other")


class Contact(Keyed, Recorded):
    """A person who talks with the company. `occurred_at`: first known of."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    relationship = models.CharField(
        _("relationship"),
        max_length=12,
        choices=Relationship.choices,
        default=Relationship.CUSTOMER,
    )
    organization = models.CharField(_("organisation"), max_length=200, blank=True)
    blocked_at = models.DateTimeField(_("blocked at"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    units: models.ManyToManyField[Unit, models.Model] = models.ManyToManyField(
        Unit, through="ContactUnit", related_name="+"
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.CheckConstraint(
                name="contact_relationship_is_known",
                condition=models.Q(relationship__in=Relationship.values),
            )
        ]
        indexes = [
            GinIndex(worded("name"), name="contacts_by_words"),
            models.Index(
                name="blocked_contacts",
                fields=["blocked_at"],
                condition=models.Q(blocked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(_("erased") if self.erased_at else _("unknown"))


class Identity(models.Model):
    """One address of a contact: a mail address, an account on a network.

    kind: the network (`email`, `mastodon`, ...). scope: where the handle is valid when the
    network gives every account its own ids ("" where it is valid everywhere).
    handle: case folded; `shown` keeps it as it was written.
    shared: another contact has the same address (other systems allow that): kept as imported,
    never found by what comes in.
    recorded_at: since when it is known; readings of the past "as known" look at it.
    erased: the handle is a digest. alias: that digest, where somebody else has the handle still.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(_("network"), max_length=30)
    scope = models.CharField(max_length=100, blank=True, default="")
    handle = models.CharField(_("address"), max_length=320)
    shown = models.CharField(max_length=320, blank=True, default="")
    shared = models.BooleanField(default=False, editable=False)
    alias = models.CharField(max_length=80, blank=True, default="", db_default="", editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope", "handle"],
                condition=models.Q(shared=False),
                name="one_contact_answers_to_an_address",
            ),
            models.UniqueConstraint(
                fields=["contact", "kind", "scope", "handle"],
                name="a_contact_has_an_address_once",
            ),
        ]
        indexes = [
            models.Index(fields=["handle"], name="identities_by_handle"),
            GinIndex(worded("handle"), name="identities_by_words"),
            GinIndex(worded("shown"), name="identities_by_shown_words"),
        ]

    def __str__(self) -> str:
        return self.shown or self.handle


class ContactUnit(models.Model):
    """`contact` is known in `unit` (written by ingestion): who serves the unit may see them."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("known in")
        verbose_name_plural = _("known in")
        constraints = [
            models.UniqueConstraint(fields=["contact", "unit"], name="known_in_a_unit_once")
        ]

    def __str__(self) -> str:
        return str(self.unit)


class ContactMerge(Recorded):
    """`absorbed` is the same person as `into`, until `undone_at`. No conversation is rewritten.

    replaced: contact -> field -> what stood there and what was put, so that it can be put back.
    """

    absorbed = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merged_away")
    into = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merged_in")
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    replaced: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, db_default={}, editable=False
    )

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=models.Q(undone_at__isnull=True),
                name="absorbed_by_one_contact",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed} → {self.into}"


class Purpose(models.TextChoices):
    """What somebody may be written for."""

    ANSWERS = "answers", _("answers to what they write")
    NEWS = "news", _("news and offers")


class ConsentSource(models.TextChoices):
    """stop, start: a word they sent. wrote: they wrote anew, of themselves."""

    STOP = "stop", _("they wrote STOP")
    START = "start", _("they wrote START")
    WROTE = "wrote", _("they wrote again")
    TOLD = "told", _("told to a colleague")
    FORM = "form", _("a form")


class Consent(Acted):
    """What one address agreed to, or took back; the newest row of a purpose is in force.

    Without any, answers are welcome (they wrote to us) and news are not (nobody asked for them).
    """

    identity = models.ForeignKey(Identity, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=7, choices=Purpose.choices)
    given = models.BooleanField(_("given"))
    source = models.CharField(_("source"), max_length=5, choices=ConsentSource.choices)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(
                name="consent_purpose_is_known", condition=models.Q(purpose__in=Purpose.values)
            ),
            models.CheckConstraint(
                name="consent_source_is_known", condition=models.Q(source__in=ConsentSource.values)
            ),
        ]
        indexes = [
            models.Index(name="consents_of_an_address", fields=["identity", "purpose", "-id"])
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.given}"


class Evidence(models.TextChoices):
    """What two contacts have alike."""

    MAIL = "mail", _("the same mail address")
    PHONE = "phone", _("the same telephone number")
    ACCOUNT = "account", _("the same account name")
    NAME = "name", _("the same name and organisation")


class DuplicateState(models.TextChoices):
    OPEN = "open", _("to be looked at")
    DISMISSED = "dismissed", _("two people")
    MERGED = "merged", _("merged")


class Duplicate(models.Model):
    """Two contacts that may be one person; a pair is known once, the smaller id first."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    one = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    evidence = ArrayField(models.CharField(max_length=7, choices=Evidence.choices))
    state = models.CharField(
        _("state"), max_length=9, choices=DuplicateState.choices, default=DuplicateState.OPEN
    )
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="a_pair_is_proposed_once"),
            models.CheckConstraint(
                name="a_pair_is_written_one_way", condition=models.Q(one__lt=models.F("other"))
            ),
            models.CheckConstraint(
                name="duplicate_state_is_known", condition=models.Q(state__in=DuplicateState.values)
            ),
        ]
        indexes = [
            models.Index(
                name="duplicates_to_look_at",
                fields=["-found_at"],
                condition=models.Q(state="open"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.one} = {self.other}?"
