"""Where what was made can be read: the header `Location` of a 201 (RFC 9110, 10.2.2)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.urls import get_script_prefix
from rest_framework.response import Response
from rest_framework.views import APIView


class SaysWhere(APIView):
    """A view whose 201 says where the row is, also if the answer is a replay.

    `locations` has the address below `/api/` by the name of the action, with members of the answer.
    """

    locations: ClassVar[Mapping[str, str]]
    action: str

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        if response.status_code == 201:
            response["Location"] = location_of(self.locations[self.action], response.data)
        return response


def location_of(address: str, row: Mapping[str, Any]) -> str:
    """Return the path of an address below `/api/`, with members of the row in it."""
    return f"{get_script_prefix()}api/{address.format_map(row)}"
