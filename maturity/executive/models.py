"""What people add to the page: pledges, links for outsiders, wishes for mail, what they declare."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.access.models import Role
from crm.organisation.models import Employee, Unit
from crm.values import uuid7


class Pledge(models.Model):
    """Somebody looks after one criterion, of the company or of one unit, until a day.

    Rows are added and never changed: the newest of a criterion and unit is in force. Without an
    owner it says that nobody does any more. No figure and no gate looks at it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    criterion = models.CharField(_("criterion"), max_length=20)
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        verbose_name=_("unit"),
        related_name="+",
    )
    owner = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        verbose_name=_("owner"),
        related_name="+",
    )
    due_on = models.DateField(_("until"), null=True, blank=True)
    note = models.CharField(_("what will be done"), max_length=300, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        verbose_name=_("written by"),
        related_name="+",
    )
    made_at = models.DateTimeField(_("written at"), db_default=Now())

    class Meta:
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        indexes = [
            models.Index(name="pledges_in_force", fields=["unit", "criterion", "-made_at", "-id"])
        ]

    def __str__(self) -> str:
        return f"{self.criterion} {self.owner or ''}".strip()


class Share(models.Model):
    """The page of one day, open to whoever has its signed address, until it ends or is revoked.

    opened: how often; the address itself is kept nowhere, it is signed from the id.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    as_of = models.DateField(_("as of"))
    reading = models.CharField(_("reading"), max_length=9)
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        verbose_name=_("unit"),
        related_name="+",
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(_("ends"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    opened = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(_("last opened"), null=True, blank=True)

    class Meta:
        verbose_name = _("shared page")
        verbose_name_plural = _("shared pages")

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d}"


class Rhythm(models.TextChoices):
    NEVER = "never", _("never")
    WEEKLY = "weekly", _("every week")
    MONTHLY = "monthly", _("every month")


class MailWish(models.Model):
    """How often somebody wants the digest, where they said so."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    rhythm = models.CharField(max_length=7, choices=Rhythm.choices)

    class Meta:
        verbose_name = _("wish for mail")
        verbose_name_plural = _("wishes for mail")
        constraints = [
            models.CheckConstraint(
                name="rhythm_is_known", condition=models.Q(rhythm__in=Rhythm.values)
            )
        ]

    def __str__(self) -> str:
        return self.rhythm


class Digest(models.Model):
    """The digest of one Monday for one person: written once, also when there was nothing to say.

    sent_at is null where nothing had moved and nothing was at risk, or the mail server refused.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    as_of = models.DateField(_("as of"))
    made_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        constraints = [
            models.UniqueConstraint(fields=["user", "as_of"], name="one_digest_a_person_and_monday")
        ]

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d}"


class Survey(models.Model):
    """Colleagues are asked where they believe that the company stands. At most one is open."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    opened_at = models.DateTimeField(db_default=Now())
    closes_on = models.DateField(_("until"))
    is_open = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        constraints = [
            models.UniqueConstraint(
                fields=["is_open"],
                condition=models.Q(is_open=True),
                name="one_survey_is_open_at_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.closes_on:%Y-%m-%d}"


class Voter(models.Model):
    """Somebody has answered; what, stands in a row that does not know them."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="voters")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("voter")
        verbose_name_plural = _("voters")
        constraints = [
            models.UniqueConstraint(fields=["survey", "user"], name="one_answer_a_person")
        ]

    def __str__(self) -> str:
        return str(self.survey)


class Declaration(models.Model):
    """One answer, with the role it was given in, and neither name nor time: its key is random.

    stage is null for "I do not know".
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="declarations")
    role = models.CharField(max_length=12, choices=Role.choices)
    stage = models.PositiveSmallIntegerField(null=True)

    class Meta:
        verbose_name = _("declaration")
        verbose_name_plural = _("declarations")
        constraints = [
            models.CheckConstraint(
                name="declared_stage_is_known",
                condition=models.Q(stage__isnull=True) | models.Q(stage__range=(1, 5)),
            ),
            models.CheckConstraint(
                name="declared_role_is_known", condition=models.Q(role__in=Role.values)
            ),
        ]

    def __str__(self) -> str:
        return str(self.stage)
