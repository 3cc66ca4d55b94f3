"""API v1: what a mail channel is let in with: its mailbox, tokens, a provider of mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.channels import connecting, examples, mailing, trying_mail
from conversations.channels.accounts import credentials_of
from conversations.channels.connecting_api import Emptiness, OneChannel
from conversations.channels.models import Channel, ChannelHealth
from crm.access.permissions import OwnerOnly, StaffOnly
from crm.access.tokens import actor_of
from crm.strict import Body, Text, Truth


class WebhookWords(serializers.Serializer[Any]):
    """what: `tracking` (what became of ours), `inbound`, `inbound-mime`. url: with the word that
    lets in only in the answer to the request that made it."""

    what = serializers.CharField()
    url = serializers.CharField()


class MailWords(serializers.Serializer[Any]):
    """given: names of what is set. provider: "" for none. by_provider: whether mail goes out by
    its API. works: null until a server was tried. expires_at: of the token, null where nobody
    knows."""

    given = serializers.ListField(child=serializers.CharField())
    provider = serializers.CharField()
    by_provider = serializers.BooleanField()
    webhooks = WebhookWords(many=True)
    works = serializers.BooleanField(allow_null=True)
    cause = serializers.CharField()
    checked_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class MailChange(Body):
    """What is left out, or empty, stays as it is.

    mailbox: `imaps://user:password@host/INBOX`, a single `-` ends fetching. keys: of OAuth 2
    (`token_url`, `client_id`, `client_secret`, `refresh_token`, `scope`) and of a provider of mail
    (`esp`, `esp_api_key`, `esp_secret_key`, `esp_signing_key`, `esp_domain`, `esp_api_url`); a
    `refresh_token` or an `esp` of `-` ends what belongs to it. renew_webhooks: other addresses.
    """

    mailbox = Text(allow_blank=True, required=False, max_length=1_000)
    keys = serializers.DictField(
        child=Text(allow_blank=True, max_length=connecting.LONGEST), required=False
    )
    renew_webhooks = Truth(required=False)


class TriedWords(serializers.Serializer[Any]):
    """way: `fetching` or `sending`. said: where it goes, or what is wrong."""

    way = serializers.ChoiceField(choices=[trying_mail.FETCHING, trying_mail.SENDING])
    works = serializers.BooleanField()
    said = serializers.CharField()
    remarks = serializers.ListField(child=serializers.CharField())


class MailTried(serializers.Serializer[Any]):
    tried = TriedWords(many=True)


class _OneMail(OneChannel):
    def must_fit(self, channel: Channel) -> None:
        mailing.must_be_mail(channel)


class Mail(_OneMail):
    def get_permissions(self) -> list[Any]:
        return [OwnerOnly() if self.request.method == "PATCH" else StaffOnly()]

    @extend_schema(
        operation_id="channels_mail",
        responses={200: MailWords, 404: None},
        examples=[examples.MAIL],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What is set, and whether the servers let us in. No key is ever told."""
        channel = self.channel(pk)
        return self.answer(channel, mailing.webhooks(channel))

    @extend_schema(
        operation_id="channels_mail_update",
        request=MailChange,
        responses={200: MailWords, 404: None},
        examples=[examples.MAIL_CHANGE, examples.MAIL_MADE],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Other keys. For owners of the installation. The addresses of the provider's webhooks hold
        a word, and are told whole in this answer alone."""
        channel = self.channel(pk)
        body = MailChange(data=request.data)
        body.is_valid(raise_exception=True)
        said, by = body.validated_data, actor_of(request)
        with transaction.atomic():
            if mailbox := said.get("mailbox"):
                mailing.set_mailbox(channel, url="" if mailbox == mailing.ENDS else mailbox, by=by)
            made = mailing.change_keys(
                channel,
                given=said.get("keys", {}),
                by=by,
                renew=said.get("renew_webhooks", False),
            )
        return self.answer(channel, made or mailing.webhooks(channel))

    def answer(self, channel: Channel, webhooks: list[mailing.Webhook]) -> Response:
        row = ChannelHealth.objects.filter(channel=channel).first() or ChannelHealth()
        told = {
            "given": mailing.given(channel),
            "provider": credentials_of(channel).get("esp", ""),
            "by_provider": mailing.is_carried(channel),
            "webhooks": webhooks,
            "works": row.works,
            "cause": row.cause,
            "checked_at": row.checked_at,
            "expires_at": row.expires_at,
        }
        return Response(MailWords(told).data)


class Trial(_OneMail):
    @extend_schema(
        operation_id="channels_mail_test",
        request=Emptiness,
        responses={200: MailTried, 404: None},
        examples=[examples.MAIL_TRIED],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Signs in where mail is fetched from and where it goes out; nothing is fetched or sent.
        A channel that mail is handed to (LMTP, a pipe) has no `fetching`."""
        channel = self.channel(pk)
        Emptiness(data=request.data or {}).is_valid(raise_exception=True)
        return Response(MailTried({"tried": trying_mail.try_mail(channel)}).data)


urlpatterns = [
    path("channels/<uuid:pk>/mail/", Mail.as_view()),
    path("channels/<uuid:pk>/mail/test/", Trial.as_view()),
]
