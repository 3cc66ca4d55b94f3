"""What the company listens for, and every edit of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.services import staffed_units
from crm.journal.models import Acted
from crm.organisation.models import Employee, Unit, User
from crm.values import uuid7

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django_stubs_ext import StrOrPromise


def _words(label: StrOrPromise, longest: int = 200) -> ArrayField[list[str], list[str]]:
    return ArrayField(
        models.CharField(max_length=longest), verbose_name=label, default=list, blank=True
    )


class WatchQuerySet(models.QuerySet["Watch"]):
    def visible_to(self, user: User | AnonymousUser) -> WatchQuerySet:
        """Those of the units whose staff this person is, and those of the whole company."""
        units = staffed_units(user)
        if units is None:
            return self
        return self.filter(Q(unit__in=units) | Q(unit=None)) if units else self.none()


class Watch(models.Model):
    """What to listen for. A unit's watch hears the unit's sources and those of everybody.

    terms: words and phrases that mean us. competitors: those that mean one of them, by name.
    exclusions: what stands in it makes it no mention. language: "" for any.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("unit")
    )
    terms = _words(_("terms"))
    exclusions = _words(_("exclusions"))
    competitors = _words(_("competitors"))
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="a_watch_listens_for_something",
                condition=~Q(terms=[]) | ~Q(competitors=[]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class WatchEdit(Acted):
    """What a watch listened for from `occurred_at` on: the first is its beginning."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="edits")
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    terms = _words(_("terms"))
    exclusions = _words(_("exclusions"))
    competitors = _words(_("competitors"))
    language = models.CharField(max_length=8, blank=True, default="")
    ended = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("edit of a watch")
        verbose_name_plural = _("edits of watches")
        indexes = [models.Index(name="edits_of_a_watch", fields=["watch", "occurred_at"])]
        triggers = [
            pgtrigger.Protect(
                name="edits_of_watches_stay", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return self.name
