"""How approvals, policies and trust are written in the API, and what may be said."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ambassadors.governance import approvals, drills
from ambassadors.governance.ladder import StepKind
from ambassadors.governance.models import CorrectionKind, EscalationRule
from ambassadors.governance.trust import Happening
from conversations.inbox.models import DeliveryState, Message
from conversations.inbox.serializers import AttachmentWords, EmployeeWords
from conversations.inbox.services import LONGEST_TEXT
from crm.strict import Body, Id, Text


class StepWords(serializers.Serializer[Any]):
    """text: the words before this step, where it changed them."""

    kind = serializers.ChoiceField(choices=StepKind.choices)
    by = EmployeeWords(allow_null=True)
    comment = serializers.CharField()
    text = serializers.CharField()
    occurred_at = serializers.DateTimeField()


class ApprovalWords(serializers.ModelSerializer[Message]):
    """id: the message's. turn: what happened last. question: what the person outside said last.
    attachments: what goes along with the answer.

    newest: the newest message since the answer was written; approving asks for its id then.
    """

    conversation = serializers.UUIDField(source="conversation_id")
    author = EmployeeWords(source="author_employee")
    state = serializers.ChoiceField(choices=DeliveryState.choices, source="delivery.state")
    turn = serializers.SerializerMethodField()
    written_at = serializers.SerializerMethodField()
    question = serializers.SerializerMethodField()
    newest = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    attachments = AttachmentWords(many=True)

    class Meta:
        model = Message
        fields = [
            "id", "conversation", "author", "text", "attachments", "state", "turn", "written_at",
            "question", "newest", "steps",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=StepKind.choices))
    def get_turn(self, message: Message) -> str:
        return str(getattr(message, "turn", "") or self.context["steps"][message.pk][-1].kind)

    @extend_schema_field(serializers.DateTimeField())
    def get_written_at(self, message: Message) -> Any:
        at = getattr(message, "written_at", message.occurred_at)
        return serializers.DateTimeField().to_representation(at)

    def get_question(self, message: Message) -> str:
        return getattr(message, "question", "") or ""

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_newest(self, message: Message) -> str | None:
        found = getattr(message, "newest", None)
        return str(found) if found else None

    @extend_schema_field(StepWords(many=True))
    def get_steps(self, message: Message) -> Any:
        return StepWords(self.context["steps"].get(message.pk, []), many=True).data


class Approved(Body):
    """text: other words than the author's. newest: the newest message that you have read."""

    text = Text(required=False, trim_whitespace=False, max_length=LONGEST_TEXT)
    newest = Id(required=False, allow_null=True)


class SentBack(Body):
    comment = Text(max_length=approvals.LONGEST_COMMENT)


class Rewritten(Body):
    text = Text(trim_whitespace=False, max_length=LONGEST_TEXT)


class Wrong(Body):
    kind = serializers.ChoiceField(choices=CorrectionKind.choices)


class EscalationWords(serializers.Serializer[Any]):
    """reply: the answer that the role approved; null while open, or let go without one."""

    id = serializers.UUIDField()
    conversation = serializers.UUIDField(source="conversation_id")
    rule = serializers.CharField()
    role = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    reached_at = serializers.DateTimeField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    reply = serializers.UUIDField(source="reply_id", allow_null=True)
    drill = serializers.BooleanField()


class RuleWords(serializers.ModelSerializer[EscalationRule]):
    """unit: null for a rule of every unit."""

    role = serializers.CharField(source="role.name")
    unit = serializers.UUIDField(source="unit_id", allow_null=True)

    class Meta:
        model = EscalationRule
        fields = ["id", "name", "role", "unit", "active"]
        read_only_fields = fields


class Drilled(Body):
    """text: what is asked; a line that says it is a drill stands above it."""

    unit = Id()
    text = Text(required=False, allow_blank=True, max_length=drills.LONGEST_TEXT, default="")


class DrillWords(serializers.Serializer[Any]):
    """thread: of the conversation that it becomes when it is read, within a minute."""

    thread = serializers.CharField()


class CorrectionWords(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    message = serializers.UUIDField(source="message_id")
    kind = serializers.ChoiceField(choices=CorrectionKind.choices)
    occurred_at = serializers.DateTimeField()


class TrustLineWords(serializers.Serializer[Any]):
    """points: what stood after it."""

    at = serializers.DateTimeField()
    what = serializers.ChoiceField(choices=[each.value for each in Happening])
    change = serializers.IntegerField()
    points = serializers.IntegerField()


class TrustWords(serializers.Serializer[Any]):
    """ladder: whether your answers go by one at all; without one they go out at once."""

    ladder = serializers.BooleanField()
    trusted = serializers.BooleanField()
    points = serializers.IntegerField()
    threshold = serializers.IntegerField()
    correction_cost = serializers.IntegerField()
    withdrawal_cost = serializers.IntegerField()
    lines = TrustLineWords(many=True)


class PolicyWords(serializers.Serializer[Any]):
    """id: of the version in force, or of one that is announced: in_force_at lies ahead. due_at: by
    when it should be read. suspends: it keeps offers from you now."""

    id = serializers.UUIDField(source="policy.pk")
    name = serializers.CharField(source="policy.name")
    version = serializers.CharField(source="policy.version")
    text = serializers.CharField(source="policy.text")
    published_at = serializers.DateTimeField()
    in_force_at = serializers.DateTimeField()
    is_read = serializers.BooleanField()
    due_at = serializers.DateTimeField()
    suspends = serializers.BooleanField()


class TakenWords(serializers.Serializer[Any]):
    """expires_at: null for a training that holds for ever."""

    course = serializers.CharField()
    taken_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
