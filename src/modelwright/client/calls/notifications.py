"""Channels, what was delivered, and what happens."""

import time
from collections.abc import Iterator
from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation


class NotificationCalls(Calls):
    """Channels, what was delivered, and what happens."""

    @operation("events_list")
    def events(self, **filters: Any) -> Row:
        """What happens: a list, or with `Accept: text/event-stream` a stream.

        Narrow it by `after`, `event`, `format`, `limit`, `min_severity`, `subject`.
        """
        found: Row = self._http.request("GET", "/api/v1/events/", query=filters)
        return found

    @operation("channels_list")
    def channels(self) -> Rows:
        """Your channels; administrators see teams' too."""
        return self._pages("/api/v1/notifications/channels/")

    @operation("channels_create")
    def channel_create(self, *, name: str, target: str, kind: str, **fields: Any) -> Row:
        """Make a channel.

        Further fields: `min_severity`, `events`, `subjects`, `quiet_from`, `quiet_until`,
        `timezone`, `digest_minutes`, `is_active`, `for_team`, `team`.
        """
        found: Row = self._http.request(
            "POST",
            "/api/v1/notifications/channels/",
            body={"name": name, "target": target, "kind": kind, **fields},
        )
        return found

    @operation("channels_get")
    def channel(self, channel_id: str) -> Row:
        """One channel."""
        found: Row = self._http.request("GET", f"/api/v1/notifications/channels/{channel_id}/")
        return found

    @operation("channels_change")
    def channel_change(self, channel_id: str, **fields: Any) -> Row:
        """Change it.

        Further fields: `name`, `target`, `min_severity`, `events`, `subjects`, `quiet_from`,
        `quiet_until`, `timezone`, `digest_minutes`, `is_active`.
        """
        found: Row = self._http.request(
            "PATCH", f"/api/v1/notifications/channels/{channel_id}/", body=fields
        )
        return found

    @operation("channels_delete")
    def channel_delete(self, channel_id: str) -> None:
        """Remove it, and what it was still to be told."""
        self._http.request("DELETE", f"/api/v1/notifications/channels/{channel_id}/")

    @operation("channels_try")
    def channel_try(self, channel_id: str) -> Row:
        """Send a message now, to see that it arrives."""
        found: Row = self._http.request("POST", f"/api/v1/notifications/channels/{channel_id}/try/")
        return found

    @operation("deliveries_list")
    def deliveries(self) -> Rows:
        """What was delivered through your channels, newest first."""
        return self._pages("/api/v1/notifications/deliveries/")

    def events_follow(
        self, *, after: int = 0, pause: float = 2.0, **filters: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield what happens, for ever: each event once, from after the id `after` on.

        Narrow it by `event`, `min_severity`, `subject`.
        """
        while True:
            page = self.events(after=after, **filters)
            yield from page["events"]
            after = page["last_id"]
            if not page["events"]:
                time.sleep(pause)
