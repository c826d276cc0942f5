"""JSON out, with every time in one shape."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import orjson
from django.http import StreamingHttpResponse
from rest_framework import renderers
from rest_framework.settings import api_settings
from rest_framework.utils import encoders


class JSONEncoder(encoders.JSONEncoder):
    """DRF's, which writes times as fields of serializers do, wherever in a response they stand."""

    def default(self, obj: Any) -> Any:
        if isinstance(obj, datetime):
            return obj.astimezone(timezone.utc).strftime(str(api_settings.DATETIME_FORMAT))
        return super().default(obj)


class JSONRenderer(renderers.JSONRenderer):
    """DRF's, by orjson. What that cannot write, or not as a client asked (`indent=2`), DRF's writes."""

    encoder_class = JSONEncoder
    options = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        is_compact = not self.get_indent(accepted_media_type or "", renderer_context or {})
        if data is not None and is_compact:
            with suppress(orjson.JSONEncodeError):
                return orjson.dumps(data, default=write_otherwise, option=self.options)
        return super().render(data, accepted_media_type, renderer_context)


class EventStreamRenderer(JSONRenderer):
    """For views that answer with a stream of events. What they refuse is JSON."""

    media_type = "text/event-stream"


class EventStream(StreamingHttpResponse):
    """Events, one after the other, for as long as a client listens. See `gateway`."""

    def __init__(self, events: Iterator[bytes]) -> None:
        # Proxies that keep answers until they are whole are asked not to.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, content_type=EventStreamRenderer.media_type, headers=headers)


write_otherwise = JSONEncoder().default
