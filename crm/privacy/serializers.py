"""How people outside, their merges, copies and erasures are written in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm.contacts.merging import WHOSE
from crm.contacts.models import (
    ConsentSource,
    Contact,
    ContactMerge,
    Duplicate,
    Evidence,
    Identity,
    Purpose,
    Relationship,
)
from crm.privacy.models import (
    ContactExport,
    Erasure,
    ErasureState,
    ExportState,
    Ground,
)
from crm.strict import Body, Id, Truth, Whole


class AddressWords(serializers.ModelSerializer[Identity]):
    handle = serializers.SerializerMethodField()

    class Meta:
        model = Identity
        fields = ["id", "kind", "handle"]
        read_only_fields = fields

    def get_handle(self, row: Identity) -> str:
        return row.shown or row.handle


class PersonWords(serializers.ModelSerializer[Contact]):
    """known_in: ids of units. erased: nothing but ids is left."""

    relationship = serializers.ChoiceField(choices=Relationship.choices)
    blocked = serializers.SerializerMethodField()
    erased = serializers.SerializerMethodField()
    addresses = AddressWords(source="identities", many=True)
    known_in = serializers.SerializerMethodField()
    known_since = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Contact
        fields = [
            "id", "name", "relationship", "organization", "blocked", "erased", "addresses",
            "known_in", "known_since",
        ]  # fmt: skip
        read_only_fields = fields

    def get_blocked(self, row: Contact) -> bool:
        return row.blocked_at is not None

    def get_erased(self, row: Contact) -> bool:
        return row.erased_at is not None

    def get_known_in(self, row: Contact) -> list[str]:
        return [unit.source_id for unit in row.units.all()]


class Blocking(Body):
    blocked = Truth()


class ConsentWords(serializers.Serializer[Any]):
    """said_at and how are null where nothing was said: answers are welcome then, news not."""

    address = serializers.IntegerField()
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    given = serializers.BooleanField()
    said_at = serializers.DateTimeField(allow_null=True)
    how = serializers.ChoiceField(choices=ConsentSource.choices, allow_null=True)


class Consents(serializers.Serializer[Any]):
    """Few: never more than one page."""

    results = ConsentWords(many=True)


class ConsentSaid(Body):
    """What the person told you. address: the id of one of theirs."""

    address = Whole(min_value=1, max_value=2**63 - 1)
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    given = Truth()


class Choices(Body):
    """Whose word stands, field by field; "this" where nothing is said."""

    name = serializers.ChoiceField(choices=WHOSE, required=False)
    relationship = serializers.ChoiceField(choices=WHOSE, required=False)
    organization = serializers.ChoiceField(choices=WHOSE, required=False)
    blocked_at = serializers.ChoiceField(choices=WHOSE, required=False)


class Merging(Body):
    other = Id()
    choices = Choices(required=False)


class MergeWords(serializers.ModelSerializer[ContactMerge]):
    into = serializers.UUIDField(source="into_id")
    absorbed = serializers.UUIDField(source="absorbed_id")
    merged_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = ContactMerge
        fields = ["id", "into", "absorbed", "merged_at", "undone_at"]
        read_only_fields = fields


class PairWords(serializers.ModelSerializer[Duplicate]):
    one = serializers.UUIDField(source="one_id")
    other = serializers.UUIDField(source="other_id")
    evidence = serializers.ListField(child=serializers.ChoiceField(choices=Evidence.choices))

    class Meta:
        model = Duplicate
        fields = ["id", "one", "other", "evidence", "found_at"]
        read_only_fields = fields


class ExportWords(serializers.ModelSerializer[ContactExport]):
    contact = serializers.UUIDField(source="contact_id")
    state = serializers.ChoiceField(choices=ExportState.choices)
    asked_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = ContactExport
        fields = ["id", "contact", "state", "size", "asked_at", "ready_at", "expires_at"]
        read_only_fields = fields


class Exporting(Body):
    contact = Id()


class ErasureWords(serializers.ModelSerializer[Erasure]):
    """counts: table -> rows changed, the proof when it is done."""

    contact = serializers.UUIDField(source="contact_id")
    state = serializers.ChoiceField(choices=ErasureState.choices)
    ground = serializers.ChoiceField(choices=Ground.choices)
    counts = serializers.DictField(child=serializers.IntegerField())
    asked_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Erasure
        fields = [
            "id", "contact", "state", "ground", "counts", "asked_at", "decided_at", "done_at",
        ]  # fmt: skip
        read_only_fields = fields


class Erasing(Body):
    contact = Id()
    ground = serializers.ChoiceField(choices=Ground.choices)
