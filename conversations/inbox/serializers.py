"""How conversations and messages are written in the API."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.inbox.models import (
    Attachment,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    FileState,
    Message,
    MessageKind,
    Status,
    Trouble,
)
from conversations.inbox.models.deadline import Clock
from conversations.inbox.terms import terms
from conversations.service_levels.models import Priority
from crm.contacts.services import name_of
from crm.organisation.models import Employee
from crm.strict import Body, Id, Moment, Text, Truth

MOST_ARTICLES = 50
MOST_FILES = 20


class ContactWords(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    handle = serializers.CharField()


class EmployeeWords(serializers.ModelSerializer[Employee]):
    id = serializers.UUIDField()

    class Meta:
        model = Employee
        fields = ["id", "name"]


class LevelWords(serializers.Serializer[Any]):
    """When each running clock is due, null where none runs. state: of the soonest one.
    breached: a deadline of this conversation was missed, now or before."""

    first_answer_due = serializers.DateTimeField(allow_null=True)
    next_answer_due = serializers.DateTimeField(allow_null=True)
    resolution_due = serializers.DateTimeField(allow_null=True)
    paused = serializers.BooleanField()
    state = serializers.ChoiceField(choices=["fine", "soon", "late"], allow_null=True)
    breached = serializers.BooleanField()


class ConversationWords(serializers.ModelSerializer[Conversation]):
    channel = serializers.UUIDField(source="channel_id")
    status = serializers.ChoiceField(choices=Status.choices)
    contact = serializers.SerializerMethodField()
    assignee = EmployeeWords(allow_null=True)
    priority = serializers.ChoiceField(choices=Priority.choices)
    sla = serializers.SerializerMethodField()
    is_drill = serializers.BooleanField()

    class Meta:
        model = Conversation
        fields = [
            "id", "channel", "status", "contact", "assignee", "subject", "priority", "sla",
            "is_drill", "waiting_since", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(LevelWords(allow_null=True))
    def get_sla(self, conversation: Conversation) -> dict[str, Any] | None:
        """null where nothing is promised."""
        deadlines = sorted(conversation.deadlines.all(), key=lambda row: row.due_at)
        if not deadlines:
            return None
        running = [row for row in deadlines if row.is_running]
        due = {f"{row.clock}_due": row.due_at for row in running}
        words = LevelWords(
            {
                **{f"{clock}_due": due.get(f"{clock}_due") for clock in Clock.values},
                "paused": any(row.tone == "paused" for row in deadlines),
                "state": running[0].tone if running else None,
                "breached": any(row.breached_at or row.tone == "late" for row in deadlines),
            }
        )
        return dict(words.data)

    @extend_schema_field(ContactWords(allow_null=True))
    def get_contact(self, conversation: Conversation) -> dict[str, Any] | None:
        identity = conversation.identity
        if identity is None:
            return None
        return {
            "id": identity.contact_id,
            "name": name_of(identity),
            "handle": identity.shown or identity.handle,
        }


class FilesTaken(serializers.Serializer[Any]):
    """most: files in one answer. largest: bytes of one; together: of all. types: which, with the
    bytes that one of it may have ("image/*" is all of a sort); empty for any."""

    most = serializers.IntegerField()
    largest = serializers.IntegerField()
    together = serializers.IntegerField()
    types = serializers.DictField(child=serializers.IntegerField())


class TermsWords(serializers.Serializer[Any]):
    """On which terms your answer goes out. why_not: why you can't answer now, "" where you can.
    is_public: everybody can read it. replaces: it takes the place of the answer that is shown now.
    window_until: until when the network takes it. longest: characters as the network counts them.
    files: null where none go along."""

    why_not = serializers.CharField()
    is_public = serializers.BooleanField()
    replaces = serializers.BooleanField()
    window_until = serializers.DateTimeField(allow_null=True)
    longest = serializers.IntegerField(allow_null=True)
    files = FilesTaken(allow_null=True)


class ConversationWithTerms(ConversationWords):
    answering = serializers.SerializerMethodField()

    class Meta(ConversationWords.Meta):
        fields = [*ConversationWords.Meta.fields, "answering"]
        read_only_fields = fields

    @extend_schema_field(TermsWords)
    def get_answering(self, conversation: Conversation) -> dict[str, Any]:
        return dict(TermsWords(terms(conversation, self.context["request"].user)).data)


class AuthorWords(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=["contact", "employee", "automation"])


class AttachmentWords(serializers.ModelSerializer[Attachment]):
    """state: `coming` while it is fetched from its network, `lost` when that failed for good
    (`cause` says why); the address works once it is `here`."""

    url = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=FileState.choices)

    class Meta:
        model = Attachment
        fields = ["name", "type", "size", "url", "state", "cause"]

    @extend_schema_field(serializers.URLField)
    def get_url(self, attachment: Attachment) -> str:
        path = reverse("file", args=[attachment.pk])
        return str(self.context["request"].build_absolute_uri(path))


class DeliveryWords(serializers.ModelSerializer[Delivery]):
    """trouble: of which sort the cause is, "" where there is none."""

    state = serializers.ChoiceField(choices=DeliveryState.choices)
    trouble = serializers.ChoiceField(choices=Trouble.choices)

    class Meta:
        model = Delivery
        fields = ["state", "cause", "trouble"]


class MessageWords(serializers.ModelSerializer[Message]):
    """received_at: when this house had it, whichever way it goes. sent_at: when the provider
    took it (out), or the sender's own date (in). edited_at, deleted_at: its author changed it,
    or took it back (then no text is left)."""

    direction = serializers.ChoiceField(choices=Direction.choices)
    kind = serializers.ChoiceField(choices=MessageKind.choices)
    author = serializers.SerializerMethodField()
    attachments = AttachmentWords(many=True)
    received_at = serializers.DateTimeField(source="occurred_at")
    sent_at = serializers.SerializerMethodField()
    delivery = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = [
            "id", "external_id", "direction", "kind", "author", "text", "attachments",
            "received_at", "sent_at", "edited_at", "deleted_at", "delivery",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(AuthorWords)
    def get_author(self, message: Message) -> dict[str, Any]:
        author: dict[str, Any] = {"id": None, "name": "", "type": "automation"}
        if message.author_identity is not None:
            identity = message.author_identity
            author |= {"id": identity.contact_id, "name": name_of(identity), "type": "contact"}
        elif message.author_employee is not None:
            employee = message.author_employee
            author |= {"id": employee.pk, "name": employee.name, "type": "employee"}
        if message.automated:
            author["type"] = "automation"
        return author

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_sent_at(self, message: Message) -> Any:
        moment = message.stated_at if message.direction == Direction.IN else message.sent_at
        return serializers.DateTimeField().to_representation(moment) if moment else None

    @extend_schema_field(DeliveryWords(allow_null=True))
    def get_delivery(self, message: Message) -> dict[str, Any] | None:
        delivery = getattr(message, "delivery", None)
        return dict(DeliveryWords(delivery).data) if delivery is not None else None


class ChosenTemplate(Body):
    """values: the words for each of its blanks, by the blank's name."""

    name = Text(max_length=512)
    language = Text(max_length=20)
    values = serializers.DictField(child=Text(), required=False)


class NewMessage(Body):
    """articles: ids of the knowledge articles that the answer uses. files: ids of files that you
    handed in here before; with some the text may be empty. template: an approved text of the
    network, which takes the place of `text` (leave that empty) and goes out when the window is
    closed."""

    text = Text(trim_whitespace=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=MessageKind.choices)
    articles = serializers.ListField(child=Id(), required=False, max_length=MOST_ARTICLES)
    files = serializers.ListField(child=Id(), required=False, max_length=MOST_FILES)
    template = ChosenTemplate(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "template" in attrs and (attrs["text"] or attrs.get("files")):
            words = serializers.ErrorDetail(_("A template goes out alone."), "template_goes_alone")
            raise serializers.ValidationError({"template": [words]})
        if not (attrs["text"] or attrs.get("files") or "template" in attrs):
            blank = serializers.ErrorDetail(_("This field may not be blank."), "blank")
            raise serializers.ValidationError({"text": [blank]})
        return attrs


class TemplateWords(serializers.Serializer[Any]):
    """text: with its blanks as {{1}} or {{name}}. above, below: fixed words around it."""

    name = serializers.CharField()
    language = serializers.CharField()
    text = serializers.CharField()
    above = serializers.CharField()
    below = serializers.CharField()
    blanks = serializers.ListField(child=serializers.CharField())


class Offered(serializers.Serializer[Any]):
    """window_until: until when free words go out, null where there is no such end."""

    window_until = serializers.DateTimeField(allow_null=True)
    results = TemplateWords(many=True)


class Nothing(Body):
    """An empty body, or an empty object."""


class Until(Body):
    until = Moment()


class Needed(Body):
    value = Truth()


class Importance(Body):
    priority = serializers.ChoiceField(choices=Priority.choices)
