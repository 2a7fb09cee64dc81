"""The addresses of notification channels."""

from django.urls import path

from modelwright.api.event_views import EventFeedView
from modelwright.api.notification_views import (
    ChannelListView,
    ChannelTryView,
    ChannelView,
    DeliveryListView,
)

NOTIFICATIONS = "api/v1/notifications/"
CHANNELS = f"{NOTIFICATIONS}channels/"
CHANNEL = f"{CHANNELS}<str:channel_id>/"

urlpatterns = [
    path(CHANNELS, ChannelListView.as_view(), name="api-channels"),
    path(CHANNEL, ChannelView.as_view(), name="api-channel"),
    path(f"{CHANNEL}try/", ChannelTryView.as_view(), name="api-channel-try"),
    path("api/v1/events/", EventFeedView.as_view(), name="api-events"),
    path(f"{NOTIFICATIONS}deliveries/", DeliveryListView.as_view(), name="api-deliveries"),
]
