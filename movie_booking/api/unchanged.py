"""The answer that what a client has is current."""

from typing import Any

from django.http import HttpResponseNotModified

from movie_booking.repeats import Revalidation


class Unchanged(HttpResponseNotModified):
    """304, with how to find out whether it can be said again to who asks again in the same words."""

    def __init__(self, revalidation: Revalidation, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.revalidation = revalidation
