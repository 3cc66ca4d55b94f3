"""How communities, threads and posts are written in the API, and what may be set."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ambassadors.communities import services
from ambassadors.communities.models import Community, Dimension, Member, Post
from conversations.inbox.serializers import EmployeeWords
from crm.contacts.services import name_of
from crm.strict import Body, Id, Text, Truth

MOST_DEPARTMENTS = 500


class CommunityWords(serializers.ModelSerializer[Community]):
    """only_for: departments that may see it, none for every one. last_at: of the newest post."""

    dimension = serializers.ChoiceField(choices=Dimension.choices)
    members = serializers.IntegerField(source="member_count")
    joined = serializers.BooleanField()
    moderated = serializers.BooleanField()
    last_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Community
        fields = [
            "id", "name", "purpose", "dimension", "practice", "only_for", "members", "joined",
            "moderated", "last_at", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewCommunity(Body):
    name = Text(max_length=200)
    dimension = serializers.ChoiceField(choices=Dimension.choices)
    purpose = Text(max_length=1000, required=False, allow_blank=True)
    practice = Truth(required=False)
    only_for = serializers.ListField(child=Id(), required=False, max_length=MOST_DEPARTMENTS)


class ChangedCommunity(Body):
    name = Text(max_length=200, required=False)
    purpose = Text(max_length=1000, required=False, allow_blank=True)
    practice = Truth(required=False)
    only_for = serializers.ListField(child=Id(), required=False, max_length=MOST_DEPARTMENTS)


class MemberWords(serializers.ModelSerializer[Member]):
    employee = EmployeeWords()
    department = serializers.CharField(source="employee.department.name")
    moderator = serializers.BooleanField(source="moderates")
    joined_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Member
        fields = ["id", "employee", "department", "moderator", "joined_at"]
        read_only_fields = fields


class SetModerator(Body):
    employee = Id()
    moderator = Truth()


class WriterWords(serializers.Serializer[Any]):
    """department is "" for somebody outside, whose id is not told."""

    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    department = serializers.CharField(allow_blank=True)
    type = serializers.ChoiceField(choices=["contact", "employee"])


class MentionWords(serializers.Serializer[Any]):
    """id: null when you may not see the conversation."""

    id = serializers.UUIDField(allow_null=True)
    visible = serializers.BooleanField()


class PostWords(serializers.ModelSerializer[Post]):
    """text is "" once withdrawn. returned: it went back to a customer."""

    author = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    conversation = serializers.SerializerMethodField()
    withdrawn = serializers.SerializerMethodField()
    returned = serializers.BooleanField()
    created_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Post
        fields = ["id", "author", "text", "conversation", "withdrawn", "returned", "created_at"]
        read_only_fields = fields

    @extend_schema_field(WriterWords)
    def get_author(self, post: Post) -> dict[str, Any]:
        if post.author_employee is not None:
            employee = post.author_employee
            home = employee.department.name
            return {
                "id": employee.pk,
                "name": employee.name,
                "department": home,
                "type": "employee",
            }
        name = name_of(post.author_identity) if post.author_identity else ""
        return {"id": None, "name": name, "department": "", "type": "contact"}

    def get_text(self, post: Post) -> str:
        return "" if post.withdrawn_at else post.text

    @extend_schema_field(MentionWords(allow_null=True))
    def get_conversation(self, post: Post) -> dict[str, Any] | None:
        if post.conversation_id is None:
            return None
        seen: set[uuid.UUID] = self.context["seen"]
        visible = post.conversation_id in seen
        return {"id": post.conversation_id if visible else None, "visible": visible}

    def get_withdrawn(self, post: Post) -> bool:
        return post.withdrawn_at is not None


class ThreadWords(PostWords):
    """id: of the first post, which stands for the thread. question: asked for a customer, who had
    the answer at `answered_at`."""

    title = serializers.SerializerMethodField()
    community = serializers.UUIDField(source="community_id")
    posts = serializers.IntegerField(source="post_count")
    question = serializers.BooleanField(source="asks")
    answered_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField()

    class Meta(PostWords.Meta):
        fields = [
            "id", "community", "title", "author", "text", "conversation", "withdrawn", "returned",
            "question", "answered_at", "posts", "created_at", "last_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_title(self, post: Post) -> str:
        return "" if post.withdrawn_at else post.title


class NewThread(Body):
    """conversation: one you may see; others see that one is mentioned only if they may too."""

    community = Id()
    title = Text(max_length=services.LONGEST_TITLE)
    text = Text(max_length=services.LONGEST_TEXT)
    conversation = Id(required=False, allow_null=True, default=None)


class NewPost(Body):
    text = Text(max_length=services.LONGEST_TEXT)
    conversation = Id(required=False, allow_null=True, default=None)
