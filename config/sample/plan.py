"""The coming weeks of the sample company's editorial plan: live rows, made by the room's verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from conversations.channels.models import Channel
from conversations.editorial import life
from conversations.editorial.models import Publication
from crm.organisation.models import User
from crm.values import Actor, Via

WRITTEN, APPROVED = timedelta(days=6), timedelta(days=5)  # ago


@dataclass(frozen=True, slots=True)
class Idea:
    """days: from now, with the hour in Paris. state: how far it came."""

    days: int
    hour: int
    channel: str
    state: str
    text: str
    audience: str
    topic: str
    expected: tuple[str, float]


IDEAS = (
    Idea(
        -2, 9, "ch-mastodon", "out",
        "Cette semaine, l’atelier répare vos sacs devant vous. Quelle couture a lâché chez vous ?",
        "Randonneurs au long cours", "atelier", ("replies", 12),
    ),
    Idea(
        1, 18, "ch-facebook", "approved",
        "Nouvelle toile, 300 g de moins : la tente Crête revient. Vos questions ici, "
        "l’atelier répond jusqu’à 20 h.",
        "Familles en bivouac", "tentes", ("comments", 45),
    ),
    Idea(
        2, 12, "ch-instagram", "submitted",
        "Trois façons de plier un duvet sans l’abîmer, par Inès de l’atelier.",
        "Premiers bivouacs", "entretien", ("likes", 320),
    ),
    Idea(
        4, 9, "ch-mastodon", "submitted",
        "Quel réchaud emportez-vous à −10 °C ? Nous lisons tout et répondons vendredi.",
        "Alpinistes", "hiver", ("replies", 25),
    ),
    Idea(
        7, 18, "ch-facebook", "approved",
        "Soirée réparation samedi : apportez votre veste, repartez avec.",
        "Clients de Grenoble", "atelier", ("registrations", 30),
    ),
    Idea(
        9, 12, "ch-instagram", "draft",
        "Coulisses : comment une couture est testée 10 000 fois.",
        "Curieux", "atelier", ("likes", 280),
    ),
    Idea(
        12, 9, "ch-mastodon", "draft",
        "Les retours de novembre, chiffres à l’appui : ce que nous changeons.",
        "Clients fidèles", "retours", ("shares", 15),
    ),
)  # fmt: skip


def write_plan(author: User, approver: User) -> None:
    """Once: what was made by hand meanwhile is left alone."""
    if Publication.objects.filter(key=None).exists():
        return
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    channels = {channel.key or "": channel for channel in Channel.objects.filter(key__isnull=False)}
    for number, idea in enumerate(IDEAS):
        pair = (author, approver) if number % 2 else (approver, author)
        _bring(idea, channels, *(_acting(user) for user in pair), now=now)


def _acting(user: User) -> Actor:
    return Actor(user, Via.OWN, session=f"sample {user.pk}")


def _bring(
    idea: Idea, channels: Mapping[str, Channel], writer: Actor, reader: Actor, *, now: datetime
) -> None:
    metric, value = idea.expected
    plan: dict[str, Any] = {"audience": idea.audience, "topic": idea.topic, "text": idea.text}
    plan |= {"expected_metric": metric, "expected_value": float(value)}
    moment = (now + timedelta(days=idea.days)).replace(hour=idea.hour - 1)
    row = life.plan(channels[idea.channel], publish_at=moment, by=writer, at=now - WRITTEN, **plan)
    if idea.state == "draft":
        return
    life.submit(row, by=writer, at=now - WRITTEN)
    if idea.state == "submitted":
        return
    life.approve(row, edition=row.edition, by=reader, at=now - APPROVED)
    if idea.state == "out":
        life.confirm(row, by=writer, at=moment)
