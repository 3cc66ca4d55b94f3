"""API v1: communities, their members, threads and posts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from django_filters import BooleanFilter, CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import (
    GenericAPIView,
    ListAPIView,
    RetrieveAPIView,
    get_object_or_404,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ambassadors.communities import examples, reading, services
from ambassadors.communities.models import Community, Dimension, Member, Post
from ambassadors.communities.round_trips import answer_inside
from ambassadors.communities.serializers import (
    ChangedCommunity,
    CommunityWords,
    MemberWords,
    NewCommunity,
    NewPost,
    NewThread,
    PostWords,
    SetModerator,
    ThreadWords,
)
from conversations.inbox.models import Conversation
from conversations.inbox.serializers import Nothing
from crm.access.filters import KnownFilter
from crm.access.idempotency import once
from crm.access.tokens import actor_of
from crm.errors import Invalid
from crm.organisation.models import Employee


def said(body: Any, request: Request) -> dict[str, Any]:
    """The checked body of a request."""
    taken = body(data=request.data)
    taken.is_valid(raise_exception=True)
    return dict(taken.validated_data)


def seen_conversation(pk: UUID | None, request: Request) -> Conversation | None:
    return named_conversation(pk, request) if pk else None


def named_conversation(pk: UUID, request: Request) -> Conversation:
    """One that the person may see; Invalid for any other."""
    found = Conversation.objects.visible_to(request.user).filter(pk=pk).first()
    if found is None:
        raise Invalid(_("there is no such conversation"), code="unknown_conversation")
    return found


def post_words(posts: Sequence[Post], request: Request, *, words: Any = PostWords) -> Any:
    context = {"seen": reading.seen_conversations(posts, request.user)}
    return words(posts, many=True, context=context).data


class CommunityFilters(FilterSet):
    """joined: those you are a member of."""

    joined = BooleanFilter(field_name="joined")
    dimension = ChoiceFilter(field_name="dimension", choices=Dimension.choices)

    class Meta:
        model = Community
        fields: list[str] = []


class _Communities(GenericAPIView[Community]):
    serializer_class = CommunityWords
    queryset = Community.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        return reading.communities(self.request.user)

    def answer(self, community: Community, status: int = 200) -> Response:
        fresh = self.get_queryset().get(pk=community.pk)
        return Response(CommunityWords(fresh).data, status=status)


@extend_schema_view(
    get=extend_schema(operation_id="communities_list", examples=[examples.COMMUNITY])
)
class Communities(_Communities, ListAPIView[Community]):
    """Communities you may see, the oldest first."""

    filterset_class = CommunityFilters
    ordered_by = "occurred_at"

    @extend_schema(
        operation_id="communities_create",
        request=NewCommunity,
        responses={201: CommunityWords},
        examples=[examples.NEW_COMMUNITY, examples.COMMUNITY],
    )
    def post(self, request: Request) -> Response:
        """Opens a community; for the staff, who moderates it first."""
        return once(request, lambda: self._open(request))

    def _open(self, request: Request) -> Response:
        asked = said(NewCommunity, request)
        opened = services.open_community(asked.pop("name"), by=actor_of(request), **asked)
        return self.answer(opened, 201)


@extend_schema_view(
    get=extend_schema(operation_id="communities_retrieve", examples=[examples.COMMUNITY])
)
class OneCommunity(_Communities, RetrieveAPIView[Community]):
    @extend_schema(
        operation_id="communities_update",
        request=ChangedCommunity,
        responses=CommunityWords,
        examples=[examples.COMMUNITY],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Changes what is given; for its moderators and the staff."""
        changes = said(ChangedCommunity, request)
        changed = services.change_community(
            self.get_object(), changes=changes, by=actor_of(request)
        )
        return self.answer(changed)


class Join(_Communities):
    @extend_schema(
        operation_id="communities_join",
        request=Nothing,
        responses=CommunityWords,
        examples=[examples.COMMUNITY],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """You are told by mail of customers' questions asked in it."""
        community = self.get_object()
        return once(request, lambda: self._join(request, community))

    def _join(self, request: Request, community: Community) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        services.join(community, by=actor_of(request))
        return self.answer(community)


class Leave(_Communities):
    @extend_schema(
        operation_id="communities_leave",
        request=Nothing,
        responses=CommunityWords,
        examples=[examples.COMMUNITY],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """You may still read it, and join again."""
        community = self.get_object()
        return once(request, lambda: self._leave(request, community))

    def _leave(self, request: Request, community: Community) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        services.leave(community, by=actor_of(request))
        return self.answer(community)


class Members(ListAPIView[Member]):
    """Who is in it now, the longest first."""

    serializer_class = MemberWords
    queryset = Member.objects.none()
    ordered_by = "occurred_at"

    @cached_property
    def community(self) -> Community:
        seen = Community.objects.visible_to(self.request.user)
        found: Community = get_object_or_404(seen, pk=self.kwargs["pk"])
        return found

    def get_queryset(self) -> QuerySet[Member]:
        within = self.community.members.filter(left_at=None)
        return within.select_related("employee__department")

    @extend_schema(operation_id="communities_members", examples=[examples.MEMBER])
    def get(self, request: Request, pk: UUID) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="communities_moderator",
        request=SetModerator,
        responses=MemberWords,
        examples=[examples.MODERATOR, examples.MEMBER],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Makes a member a moderator, or no longer one; 409 `last_moderator`."""
        community = self.community
        return once(request, lambda: self._set(request, community))

    def _set(self, request: Request, community: Community) -> Response:
        asked = said(SetModerator, request)
        employee = Employee.objects.filter(pk=asked["employee"]).first()
        if employee is None:
            raise Invalid(_("this person is no member"), code="no_member")
        member = services.set_moderator(
            community, employee=employee, moderator=asked["moderator"], by=actor_of(request)
        )
        return Response(MemberWords(member).data)


class ThreadFilters(FilterSet):
    """search: words of the title or of any post. question: asked for a customer."""

    community = KnownFilter(field_name="community", rows=Community.objects.all())
    search = CharFilter(method="words", max_length=500)
    question = BooleanFilter(field_name="asks")
    dimension = ChoiceFilter(field_name="community__dimension", choices=Dimension.choices)

    class Meta:
        model = Post
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """A community that the reader may not see names nothing."""
        super().__init__(*args, **kwargs)
        seen = Community.objects.visible_to(self.request.user)
        self.filters["community"].extra["rows"] = seen

    def words(self, found: QuerySet[Post], name: str, value: str) -> QuerySet[Any]:
        matching = reading.threads(self.request.user, words=value)
        return found.filter(pk__in=matching.order_by().values("pk"))


class _Threads(GenericAPIView[Post]):
    serializer_class = ThreadWords
    queryset = Post.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        return reading.threads(self.request.user)

    def answer(self, opening: Post, status: int = 200) -> Response:
        fresh = self.get_queryset().get(pk=opening.pk)
        return Response(post_words([fresh], self.request, words=ThreadWords)[0], status=status)


class Threads(_Threads, ListAPIView[Post]):
    """Threads you may read, the last active first."""

    filterset_class = ThreadFilters
    ordered_by = "-last_at"

    @extend_schema(operation_id="threads_list", examples=[examples.THREAD])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(post_words(page or [], request, words=ThreadWords))

    @extend_schema(
        operation_id="threads_create",
        request=NewThread,
        responses={201: ThreadWords},
        examples=[examples.NEW_THREAD, examples.THREAD],
    )
    def post(self, request: Request) -> Response:
        """Starts a thread, by your own act; you are a member from then on."""
        return once(request, lambda: self._start(request))

    def _start(self, request: Request) -> Response:
        asked = said(NewThread, request)
        seen = Community.objects.visible_to(request.user)
        community = seen.filter(pk=asked["community"]).first()
        if community is None:
            raise Invalid(_("there is no such community"), code="unknown_community")
        opening = services.start_thread(
            community,
            title=asked["title"],
            text=asked["text"],
            conversation=seen_conversation(asked["conversation"], request),
            by=actor_of(request),
        )
        return self.answer(opening, 201)


class OneThread(_Threads):
    @extend_schema(operation_id="threads_retrieve", examples=[examples.THREAD])
    def get(self, request: Request, pk: UUID) -> Response:
        """The thread, its first post with it."""
        return self.answer(self.get_object())


class Posts(ListAPIView[Post]):
    """Posts of one thread, the first with them, oldest first."""

    serializer_class = PostWords
    queryset = Post.objects.none()
    ordered_by = "occurred_at"

    @cached_property
    def opening(self) -> Post:
        seen = Post.objects.visible_to(self.request.user).openings().select_related("community")
        found: Post = get_object_or_404(seen, pk=self.kwargs["pk"])
        return found

    def get_queryset(self) -> QuerySet[Post]:
        return reading.posts(self.opening)

    @extend_schema(operation_id="posts_list", examples=[examples.POST])
    def get(self, request: Request, pk: UUID) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(post_words(page or [], request))

    @extend_schema(
        operation_id="posts_create",
        request=NewPost,
        responses={201: PostWords},
        examples=[examples.NEW_POST, examples.POST],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Answers in the thread, by your own act."""
        opening = self.opening
        return once(request, lambda: self._write(request, opening))

    def _write(self, request: Request, opening: Post) -> Response:
        asked = said(NewPost, request)
        asked["conversation"] = seen_conversation(asked["conversation"], request)
        written = answer_inside(opening, by=actor_of(request), **asked)
        fresh = reading.posts(opening).get(pk=written.pk)
        return Response(post_words([fresh], request)[0], status=201)


class Withdraw(APIView):
    queryset: QuerySet[Any] = Post.objects.none()

    @extend_schema(
        operation_id="posts_withdraw",
        request=Nothing,
        responses=PostWords,
        examples=[examples.POST],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Takes the words out of sight; for its author and the moderators."""
        seen = reading.with_authors(Post.objects.visible_to(request.user))
        post: Post = get_object_or_404(seen, pk=pk)
        return once(request, lambda: self._withdraw(request, post))

    def _withdraw(self, request: Request, post: Post) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        services.withdraw_post(post, by=actor_of(request))
        return Response(post_words([post], request)[0])


urlpatterns = [
    path("communities/", Communities.as_view()),
    path("communities/<uuid:pk>/", OneCommunity.as_view()),
    path("communities/<uuid:pk>/join/", Join.as_view()),
    path("communities/<uuid:pk>/leave/", Leave.as_view()),
    path("communities/<uuid:pk>/members/", Members.as_view()),
    path("threads/", Threads.as_view()),
    path("threads/<uuid:pk>/", OneThread.as_view()),
    path("threads/<uuid:pk>/posts/", Posts.as_view()),
    path("posts/<uuid:pk>/withdraw/", Withdraw.as_view()),
]
