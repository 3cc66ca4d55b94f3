"""The sample company on this machine: history, three people who sign in, three live channels.

Local mode only. Every step may be cut off and is done again at the next start, until
`var/sample.json` says that all is there.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from ambassadors.routing.models import Availability, Rule
from config.history.importing import Import
from config.history.progress import Progress, Writable
from config.sample.company import AMBASSADOR, EXECUTIVE, SEED, STAFF, generate, write
from config.sample.plan import write_plan
from config.sample.shelf import fill_shelf
from conversations.channels.models import Channel
from conversations.channels.services import connect_channel
from conversations.inbox.models import Conversation
from crm.access.models import Role
from crm.access.personal_tokens import LONGEST, make_token
from crm.access.scopes import Scope
from crm.access.services import grant
from crm.contacts.models import Contact
from crm.organisation.models import Employee, Unit, User
from crm.values import AUTOMATION

PEOPLE = {Role.STAFF: STAFF, Role.AMBASSADOR: AMBASSADOR, Role.EXECUTIVE: EXECUTIVE}
CHANNELS = {"webhook": "ch-webhook", "email": "ch-mail", "webchat": "ch-webchat"}
ADDRESS = "support@relais.localhost"
MOST_TAKEN = 100  # conversations: more than anybody tries on one day
RULE = "Qui est disponible"
DEVICE = "the terminal client"  # what their token is for


def ensure_sample(folder: Path, *, out: Writable) -> bool:
    """Makes the sample company in an empty database; False where there is nothing to do.

    folder: where `sample.json`, with the people's secrets, and the generated history lie.
    """
    if not settings.LOCAL:
        raise ImproperlyConfigured("the sample company is for local mode only")
    facts, history = folder / "sample.json", folder / "sample-history.jsonl.gz"
    if facts.exists() or (_has_data() and not history.exists()):
        return False
    if not history.exists():  # else a start that was cut off: the same lines again
        folder.mkdir(parents=True, exist_ok=True)
        yesterday = timezone.now().date() - timedelta(days=1)
        write(history, generate(seed=SEED, until=yesterday))
    Import(history, trusted=True, progress=Progress(out)).run()
    with transaction.atomic():
        made = {"people": _sign_ins(), "channels": _channels()}
        _route()
        write_plan(_user(AMBASSADOR), _user(STAFF))
        fill_shelf(_user(AMBASSADOR), _user(STAFF))
        draft = _draft(facts, made)
    draft.replace(facts)
    return True


def _user(key: str) -> User:
    return User.objects.get(employee__key=key)


def _has_data() -> bool:
    return any(model.objects.exists() for model in (Unit, Contact, Conversation))


def _sign_ins() -> dict[str, Any]:
    return {
        role.value: _sign_in(Employee.objects.get(key=key), role) for role, key in PEOPLE.items()
    }


def _sign_in(employee: Employee, role: Role) -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    user = employee.user or User.objects.create_user(employee.email, name=employee.name)
    user.set_password(password)
    user.save()
    employee.user = user
    employee.save(update_fields=["user"])
    grant(user, role)
    AuthToken.objects.filter(user=user).delete()
    until = timezone.now() + LONGEST
    scopes = [Scope.ALL.value]
    _, token = make_token(user, name=DEVICE, scopes=scopes, expires_at=until, by=AUTOMATION)
    return {"email": user.email, "password": password, "token": token}


def _channels() -> dict[str, Any]:
    made = {kind: _connected(key) for kind, key in CHANNELS.items()}
    webhook, email, webchat = (made[kind] for kind in CHANNELS)
    return {
        "webhook": {
            "id": str(webhook.pk),
            "url": reverse("webhook", args=[webhook.token]),
            "secret": webhook.secret,
        },
        "email": {"id": str(email.pk), "address": email.address},
        "webchat": {"id": str(webchat.pk), "url": f"/chat/{webchat.token}/"},
    }


def _connected(key: str) -> Channel:
    channel = Channel.objects.get(key=key)
    if channel.token is not None:
        return channel
    return connect_channel(
        channel, by=AUTOMATION, address=ADDRESS if channel.kind == "email" else ""
    )


def _route() -> None:
    """The ambassador is asked for whatever comes in on the three channels, at any hour."""
    ambassador = Employee.objects.get(key=AMBASSADOR)
    Availability.objects.update_or_create(
        employee=ambassador,
        defaults={
            "timezone": "Europe/Paris",
            "most_open": MOST_TAKEN,
            "most_weekly": MOST_TAKEN,
        },
    )
    rule, _ = Rule.objects.get_or_create(name=RULE)
    rule.channels.set(Channel.objects.filter(key__in=CHANNELS.values()))


def _draft(file: Path, contents: Mapping[str, Any]) -> Path:
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(contents, stream, indent=2)
    return draft
