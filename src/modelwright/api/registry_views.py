"""`/api/v1/subjects/`: what is modelled, its versions, which of them answers, and its life."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.base import actor_of
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView
from modelwright.api.registry_serializers import (
    AliasSerializer,
    HappeningSerializer,
    PromoteSerializer,
    PromotionSerializer,
    RollbackSerializer,
    SubjectChangeSerializer,
    SubjectSerializer,
    TimelineQuerySerializer,
    VersionChangeSerializer,
    VersionDetailSerializer,
    VersionSerializer,
)
from modelwright.api.training_docs import COMMON, problem
from modelwright.automation.timeline import timeline_of
from modelwright.catalog.access import Level
from modelwright.registry.models import ModelVersion, Promotion, Subject
from modelwright.registry.promotion import (
    alias_remove,
    alias_set,
    promotion_mode_change,
    version_promote,
    version_rollback,
)
from modelwright.registry.selectors import (
    subject_for,
    subjects_visible,
    version_named,
    versions_of,
)
from modelwright.registry.services import version_change

TAG = "Registry"
SUBJECT = OpenApiParameter("subject", str, OpenApiParameter.PATH, description="Slug or id.")
VERSION = OpenApiParameter(
    "version", str, OpenApiParameter.PATH, description="Number, alias or name."
)
ALIAS = OpenApiParameter("alias", str, OpenApiParameter.PATH)
NOT_THERE = problem("No such subject or version", "There is no model 'x'.")
WRONG = problem("A value is wrong", "reason: This field may not be blank.")
MOVED = problem("The champion has changed meanwhile", "Look at the subject again.")
REST: dict[Any, Any] = {404: NOT_THERE, 422: WRONG, **COMMON}


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_list",
        tags=[TAG],
        summary="List what is modelled",
        parameters=[
            OpenApiParameter("search", str, description="Text in title or slug."),
            OpenApiParameter("model_type", str),
        ],
        responses={200: SubjectSerializer(many=True), **COMMON},
    )
)
class SubjectListView(PerformanceView, generics.ListAPIView[Subject]):
    """All subjects."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = SubjectSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Subject]:
        """Return those that one may see."""
        if getattr(self, "swagger_fake_view", False):
            return Subject.objects.none()
        query = self.request.query_params
        found = subjects_visible(self.request.user).prefetch_related("aliases__version")
        if words := query.get("search", "").replace("\0", "")[:200]:
            found = found.filter(title__icontains=words) | found.filter(slug__icontains=words)
        if model_type := query.get("model_type", "").replace("\0", "")[:64]:
            found = found.filter(model_type=model_type)
        return found


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_get",
        tags=[TAG],
        summary="One subject",
        parameters=[SUBJECT],
        responses={200: SubjectSerializer, **REST},
    ),
    patch=extend_schema(
        operation_id="subjects_change",
        tags=[TAG],
        summary="Say how its versions become champion",
        parameters=[SUBJECT],
        request=SubjectChangeSerializer,
        responses={200: SubjectSerializer, **REST},
    ),
)
class SubjectView(PerformanceView):
    """One subject."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "PATCH": Action.MODELS_PROMOTE}

    def get(self, request: Request, subject: str) -> Response:
        """Return it."""
        return Response(SubjectSerializer(subject_for(request.user, subject)).data)

    def patch(self, request: Request, subject: str) -> Response:
        """Change it."""
        found = subject_for(request.user, subject, Level.EDITOR)
        body = SubjectChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        mode = body.validated_data["promotion"]
        changed = promotion_mode_change(subject=found, mode=mode, user=actor_of(request))
        return Response(SubjectSerializer(changed).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_versions",
        tags=[TAG],
        summary="Its versions, newest first",
        parameters=[SUBJECT],
        responses={200: VersionSerializer(many=True), **REST},
    )
)
class VersionListView(PerformanceView, generics.ListAPIView[ModelVersion]):
    """The versions of a subject."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = VersionSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[ModelVersion]:
        """Return them."""
        if getattr(self, "swagger_fake_view", False):
            return ModelVersion.objects.none()
        return versions_of(subject_for(self.request.user, self.kwargs["subject"]))


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_version",
        tags=[TAG],
        summary="One version: its model card",
        parameters=[SUBJECT, VERSION],
        responses={200: VersionDetailSerializer, **REST},
    ),
    patch=extend_schema(
        operation_id="subjects_version_change",
        tags=[TAG],
        summary="Change its tags and notes",
        parameters=[SUBJECT, VERSION],
        request=VersionChangeSerializer,
        responses={200: VersionDetailSerializer, **REST},
    ),
)
class VersionView(PerformanceView):
    """One version."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "PATCH": Action.RUNS_TRAIN}

    def get(self, request: Request, subject: str, version: str) -> Response:
        """Return it."""
        found = version_named(subject_for(request.user, subject), version)
        return Response(VersionDetailSerializer(found).data)

    def patch(self, request: Request, subject: str, version: str) -> Response:
        """Change it."""
        found = version_named(subject_for(request.user, subject, Level.EDITOR), version)
        body = VersionChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version_change(version=found, user=actor_of(request), **body.validated_data)
        return Response(VersionDetailSerializer(found).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="subjects_promote",
        tags=[TAG],
        summary="Make a version the champion",
        parameters=[SUBJECT],
        request=PromoteSerializer,
        responses={200: PromotionSerializer, 409: MOVED, **REST},
    )
)
class PromoteView(PerformanceView):
    """Promoting."""

    actions: ClassVar = {"POST": Action.MODELS_PROMOTE}

    def post(self, request: Request, subject: str) -> Response:
        """Promote; where it is the champion already, nothing changes."""
        found = subject_for(request.user, subject, Level.EDITOR)
        body = PromoteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        expected = asked.get("expected_champion")
        version_promote(
            version=version_named(found, asked["version"]),
            user=actor_of(request),
            reason=asked["reason"],
            expected=None if expected is None else version_named(found, str(expected)),
        )
        return Response(PromotionSerializer(found.promotions.first()).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="subjects_rollback",
        tags=[TAG],
        summary="Go back to an earlier version",
        description="Its bytes are proved by their hash before it answers.",
        parameters=[SUBJECT],
        request=RollbackSerializer,
        responses={200: PromotionSerializer, 409: MOVED, **REST},
    )
)
class RollbackView(PerformanceView):
    """Rolling back."""

    actions: ClassVar = {"POST": Action.MODELS_PROMOTE}

    def post(self, request: Request, subject: str) -> Response:
        """Roll back."""
        found = subject_for(request.user, subject, Level.EDITOR)
        body = RollbackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        to = body.validated_data.get("to")
        change = version_rollback(
            subject=found,
            user=actor_of(request),
            reason=body.validated_data["reason"],
            to=version_named(found, to) if to else None,
        )
        return Response(PromotionSerializer(change).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_promotions",
        tags=[TAG],
        summary="Every change of its champion, newest first",
        parameters=[SUBJECT],
        responses={200: PromotionSerializer(many=True), **REST},
    )
)
class PromotionListView(PerformanceView, generics.ListAPIView[Promotion]):
    """The promotions of a subject."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = PromotionSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Promotion]:
        """Return them."""
        if getattr(self, "swagger_fake_view", False):
            return Promotion.objects.none()
        found = subject_for(self.request.user, self.kwargs["subject"])
        return found.promotions.select_related("actor").order_by("-id")


@extend_schema_view(
    put=extend_schema(
        operation_id="subjects_alias_set",
        tags=[TAG],
        summary="Point an alias at a version",
        parameters=[SUBJECT, ALIAS],
        request=AliasSerializer,
        responses={200: VersionDetailSerializer, **REST},
    ),
    delete=extend_schema(
        operation_id="subjects_alias_remove",
        tags=[TAG],
        summary="Remove an alias",
        parameters=[SUBJECT, ALIAS],
        responses={204: None, **REST},
    ),
)
class AliasView(PerformanceView):
    """One alias."""

    actions: ClassVar = {"PUT": Action.MODELS_PROMOTE, "DELETE": Action.MODELS_PROMOTE}

    def put(self, request: Request, subject: str, alias: str) -> Response:
        """Set it."""
        found = subject_for(request.user, subject, Level.EDITOR)
        body = AliasSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = version_named(found, body.validated_data["version"])
        alias_set(version=version, name=alias, user=actor_of(request))
        return Response(VersionDetailSerializer(version).data)

    def delete(self, request: Request, subject: str, alias: str) -> Response:
        """Remove it."""
        found = subject_for(request.user, subject, Level.EDITOR)
        if not alias_remove(subject=found, name=alias, user=actor_of(request)):
            return Response({"detail": f"There is no alias {alias[:64]!r}."}, status=404)
        return Response(status=204)


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_timeline",
        tags=[TAG],
        summary="Its whole life, newest first",
        parameters=[SUBJECT, TimelineQuerySerializer],
        responses={200: HappeningSerializer(many=True), **REST},
    )
)
class TimelineView(PerformanceView):
    """What happened."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, subject: str) -> Response:
        """Return it."""
        query = TimelineQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = timeline_of(subject_for(request.user, subject), **query.validated_data)
        return Response(HappeningSerializer(found, many=True).data)
