"""JSON out, with every time in one shape."""

from datetime import datetime, timezone
from typing import Any

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
    encoder_class = JSONEncoder
