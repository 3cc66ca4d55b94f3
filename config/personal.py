"""The tables of others: Django's own, sign-in, tokens. The admin's log names what was changed."""

from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.idp.oidc.models import Client, Token
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from knox.models import AuthToken

from conversations.inbox.models import Conversation
from conversations.inbox.personal import conversations_of
from crm.contacts.models import Contact
from crm.journal.personal import Holdings, Subject, Table


def _logged(subject: Subject) -> QuerySet[LogEntry]:
    types = ContentType.objects.get_for_models(Contact, Conversation)
    conversations = [str(pk) for pk in conversations_of(subject).values_list("pk", flat=True)]
    return LogEntry.objects.filter(
        Q(content_type=types[Contact], object_id__in=[str(pk) for pk in subject.contacts])
        | Q(content_type=types[Conversation], object_id__in=conversations)
    )


HOLDINGS: Holdings = [
    Table(
        model=LogEntry,
        of=_logged,
        blank="object_repr change_message",
        written="object_repr change_message",
        free="object_id",
        exported=False,
    ),
    Table(model=Permission, free="name codename"),
    Table(model=Group, free="name"),
    Table(model=ContentType, free="app_label model"),
    Table(model=Session, free="session_key session_data"),  # signed, and of our own people
    Table(model=AuthToken, free="digest token_key"),
    Table(model=EmailAddress, free="email"),
    Table(model=EmailConfirmation, free="key"),
    Table(
        model=Client,
        free="id name secret scopes default_scopes grant_types redirect_uris cors_origins "
        "response_types data",
    ),
    Table(model=Token, free="hash data scopes"),
]
