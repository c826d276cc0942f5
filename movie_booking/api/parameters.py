"""What is taken after the `?` of an address: of lists the parameters that they know, and each once."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from movie_booking.errors import Invalid
from movie_booking.field_messages import FieldMessage, FieldMessages
from movie_booking.limits import parse_id

# DRF's pages and Swagger UI send it. It is known, and means nothing here: there is JSON.
FORMAT = "format"
MAX_NAMED = 10
TWICE = FieldMessage("Send this parameter once.", "duplicate")

_known: dict[tuple[type[Any], str], tuple[str, ...]] = {}


class StrictLists(GenericViewSet[Any]):
    """A viewset whose lists refuse what they do not know: a misspelt filter would narrow nothing down."""

    lists: ClassVar[tuple[str, ...]] = ("list",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action in self.lists and request.query_params:
            refuse_unknown(request, known_parameters(self))


def known_parameters(view: Any) -> tuple[str, ...]:
    """Return the names of those that a list takes, as the document has them."""
    key = (type(view), view.action)
    if key not in _known:
        filterset_class = getattr(view, "filterset_class", None)
        parts = [*(backend() for backend in view.filter_backends), view.paginator]
        described = [
            parameter["name"]
            for part in parts
            if hasattr(part, "get_schema_operation_parameters")
            for parameter in part.get_schema_operation_parameters(view)
        ]
        _known[key] = (*(filterset_class.base_filters if filterset_class else ()), *described)
    return _known[key]


def named_id(request: Request, name: str) -> int | None:
    """Return the id that a query names, if it does. Raises Invalid for what cannot be one, or several."""
    named = request.query_params.getlist(name)
    if not named:
        return None
    if len(named) > 1:
        raise Invalid(errors={name: [TWICE]})
    if (number := parse_id(named[0])) is None:
        raise Invalid.of(name, f"Name the {name} by its id.", "invalid")
    return number


def refuse_unknown(request: Request, known: tuple[str, ...]) -> None:
    """Raises Invalid for parameters that are not known, and for those that are sent more than once."""
    unknown = FieldMessage(f"Unknown parameter. There are: {', '.join(known)}.", "unknown")
    wrong: FieldMessages = {}
    for name, values in request.query_params.lists():
        if name not in known and name != FORMAT:
            wrong[name] = [unknown]
        elif len(values) > 1:
            wrong[name] = [TWICE]
    if wrong:
        raise Invalid(errors=dict(sorted(wrong.items())[:MAX_NAMED]))
