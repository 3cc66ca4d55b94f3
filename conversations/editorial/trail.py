"""What happened to a publication, from the journal, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.journal.models import Act

_ACTS = {
    "publication_planned": _("written"),
    "publication_changed": _("changed"),
    "publication_moved": _("moved"),
    "publication_submitted": _("submitted"),
    "publication_approved": _("approved"),
    "publication_sent_back": _("sent back"),
    "publication_hurried": _("publish now"),
    "publication_again": _("once more"),
    "publication_confirmed": _("said that it is out"),
    "publication_cancelled": _("cancelled"),
    "publication_published": _("published"),
    "publication_not_out": _("not out"),
    "publication_lapsed": _("the worker died"),
    "publication_missed": _("its time passed"),
    "publication_seen": _("seen on the network"),
    "publication_compared": _("compared"),
    "publication_decided": _("decided"),
}


def in_words(acts: Iterable[Act]) -> list[dict[str, Any]]:
    """The lines of the trail, as a person reads them."""
    return [
        {
            "actor": act.actor,
            "occurred_at": act.occurred_at,
            "data": act.data,
            "words": _ACTS.get(act.verb, act.verb),
        }
        for act in acts
    ]
