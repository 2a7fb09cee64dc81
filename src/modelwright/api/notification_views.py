"""`/api/v1/notifications/`: how one wants to be told."""

from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.models import Channel, Delivery
from modelwright.accounts.notifications.services import (
    channel_change,
    channel_create,
    channel_delete,
    channel_get,
    channel_try,
    channels_for,
)
from modelwright.accounts.roles import Action, may
from modelwright.api.base import actor_of
from modelwright.api.notification_serializers import (
    ChannelCreateSerializer,
    ChannelFields,
    ChannelSerializer,
    DeliverySerializer,
    NewChannelSerializer,
    TriedSerializer,
)
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of
from modelwright.api.training_docs import COMMON, problem

TAG = "Notifications"
ID = OpenApiParameter("channel_id", str, OpenApiParameter.PATH)
NOT_YOURS = problem("There is none, or it is somebody else's", "There is no such channel.")
WRONG = problem("A value is wrong", "target: Not an e-mail address.")


@extend_schema_view(
    get=extend_schema(
        operation_id="channels_list",
        tags=[TAG],
        summary="Your channels; administrators see teams' too",
        responses={200: ChannelSerializer(many=True), **COMMON},
    ),
    post=extend_schema(
        operation_id="channels_create",
        tags=[TAG],
        summary="Make a channel",
        request=ChannelCreateSerializer,
        responses={201: NewChannelSerializer, 422: WRONG, **COMMON},
    ),
)
class ChannelListView(PerformanceView, generics.ListAPIView[Channel]):
    """All channels of somebody."""

    actions: ClassVar = {"GET": Action.NOTIFY_OWN, "POST": Action.NOTIFY_OWN}
    serializer_class = ChannelSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Channel]:
        """Return them."""
        if getattr(self, "swagger_fake_view", False):
            return Channel.objects.none()
        return channels_for(actor_of(self.request)).order_by("name", "id")

    def post(self, request: Request) -> Response:
        """Make one."""
        body = ChannelCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = actor_of(request)
        is_shared = body.validated_data["for_team"] or body.validated_data.get("team")
        if is_shared and not may(user, Action.NOTIFY_TEAM):
            raise PermissionDenied("Only administrators make channels for everybody or a team.")
        made = channel_create(user=user, **body.validated_data)
        shown = {**ChannelSerializer(made.channel).data, "secret": made.secret}
        return Response(shown, status=201)


@extend_schema_view(
    get=extend_schema(
        operation_id="channels_get",
        tags=[TAG],
        summary="One channel",
        parameters=[ID],
        responses={200: ChannelSerializer, 404: NOT_YOURS, 422: WRONG, **COMMON},
    ),
    patch=extend_schema(
        operation_id="channels_change",
        tags=[TAG],
        summary="Change it",
        parameters=[ID],
        request=ChannelFields,
        responses={200: ChannelSerializer, 404: NOT_YOURS, 422: WRONG, **COMMON},
    ),
    delete=extend_schema(
        operation_id="channels_delete",
        tags=[TAG],
        summary="Remove it, and what it was still to be told",
        parameters=[ID],
        responses={204: None, 404: NOT_YOURS, 422: WRONG, **COMMON},
    ),
)
class ChannelView(PerformanceView):
    """One channel."""

    actions: ClassVar = {
        "GET": Action.NOTIFY_OWN,
        "PATCH": Action.NOTIFY_OWN,
        "DELETE": Action.NOTIFY_OWN,
    }

    def get(self, request: Request, channel_id: str) -> Response:
        """Return it."""
        found = channel_get(actor_of(request), id_of(channel_id, "channel_id"))
        return Response(ChannelSerializer(found).data)

    def patch(self, request: Request, channel_id: str) -> Response:
        """Change it."""
        user = actor_of(request)
        found = channel_get(user, id_of(channel_id, "channel_id"))
        body = ChannelFields(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changed = channel_change(channel=found, user=user, **body.validated_data)
        return Response(ChannelSerializer(changed).data)

    def delete(self, request: Request, channel_id: str) -> Response:
        """Remove it."""
        user = actor_of(request)
        channel_delete(channel=channel_get(user, id_of(channel_id, "channel_id")), user=user)
        return Response(status=204)


@extend_schema_view(
    post=extend_schema(
        operation_id="channels_try",
        tags=[TAG],
        summary="Send a message now, to see that it arrives",
        parameters=[ID],
        request=None,
        responses={
            200: TriedSerializer,
            400: problem("It was not taken", "The webhook answered 503."),
            404: NOT_YOURS,
            422: WRONG,
            **COMMON,
        },
    )
)
class ChannelTryView(PerformanceView):
    """Trying a channel."""

    actions: ClassVar = {"POST": Action.NOTIFY_OWN}

    def post(self, request: Request, channel_id: str) -> Response:
        """Send."""
        user = actor_of(request)
        channel_try(channel=channel_get(user, id_of(channel_id, "channel_id")), user=user)
        return Response({"delivered": True})


@extend_schema_view(
    get=extend_schema(
        operation_id="deliveries_list",
        tags=[TAG],
        summary="What was delivered through your channels, newest first",
        responses={200: DeliverySerializer(many=True), **COMMON},
    )
)
class DeliveryListView(PerformanceView, generics.ListAPIView[Delivery]):
    """The log of deliveries."""

    actions: ClassVar = {"GET": Action.NOTIFY_OWN}
    serializer_class = DeliverySerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Delivery]:
        """Return it."""
        if getattr(self, "swagger_fake_view", False):
            return Delivery.objects.none()
        mine = channels_for(actor_of(self.request))
        return Delivery.objects.filter(channel__in=mine.order_by()).select_related("channel")
