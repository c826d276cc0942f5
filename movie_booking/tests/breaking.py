"""What in a document of the API breaks the clients of an older one, by the rules of docs/versions.md.

Operations are compared by their names, models by theirs, each once. What is sent must not become narrower,
and what comes must promise no less.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

METHODS = {"get", "put", "post", "patch", "delete"}
# Members whose values clients must expect to become more: see docs/versions.md.
MAY_GROW = {"status", "kind", "reason", "code"}
HIGHER_IS_NARROWER = ("minimum", "minLength", "minItems", "exclusiveMinimum")
LOWER_IS_NARROWER = ("maximum", "maxLength", "maxItems", "exclusiveMaximum")


class Change(NamedTuple):
    """`place` is what the changelog has to name: `POST shows/{id}/book/`, `Booking.price`, or a code."""

    place: str
    what: str


def breaking_changes(old: dict, new: dict) -> set[Change]:
    """Compare two documents of OpenAPI 3.1."""
    return {*_operations(old, new), *_models(old, new)}


# --- Operations ----------------------------------------------------------------------------------


def _operations(old: dict, new: dict) -> Iterator[Change]:
    now = dict(_by_name(new))
    for name, before in _by_name(old):
        after = now.get(name)
        if after is None:
            yield Change(name, "is gone")
            continue
        if before["operationId"] != after["operationId"]:
            yield Change(name, f"was called {before['operationId']}")
        if before.get("security") == [] != after.get("security"):
            yield Change(name, "takes a token")
        yield from _parameters(name, before, after)
        yield from _bodies(name, before.get("requestBody"), after.get("requestBody"))
        yield from _responses(name, before["responses"], after["responses"])


def _by_name(document: dict) -> Iterator[tuple[str, dict]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
            yield f"{method.upper()} {path.removeprefix('/api/')}", item[method] | {"parameters": parameters}


def _parameters(name: str, before: dict, after: dict) -> Iterator[Change]:
    old, new = ({(each["in"], each["name"]): each for each in one["parameters"]} for one in (before, after))
    for (place, called), parameter in old.items():
        if (place, called) not in new:
            yield Change(name, f"takes no {called} ({place}) any more")
            continue
        for what in _narrower(parameter["schema"], new[place, called]["schema"]):
            yield Change(name, f"{called} ({place}): {what}")
    for key, parameter in new.items():
        if parameter.get("required") and not old.get(key, {}).get("required"):
            yield Change(name, f"needs {parameter['name']} ({parameter['in']})")


def _bodies(name: str, old: dict | None, new: dict | None) -> Iterator[Change]:
    if new and new.get("required") and not (old or {}).get("required"):
        yield Change(name, "needs a body")
    if old:
        yield from _contents(name, "body", old["content"], (new or {}).get("content", {}))


def _responses(name: str, old: dict, new: dict) -> Iterator[Change]:
    for status, before in old.items():
        after = new.get(status)
        if after is None:
            yield Change(name, f"does not answer {status} any more")
            continue
        for code in sorted(_codes(status, before) - _codes(status, after)):
            yield Change(code, f"is no code of {name} any more ({status})")
        for header in before.get("headers", {}).keys() - after.get("headers", {}).keys():
            yield Change(name, f"{status} has no {header} any more")
        yield from _contents(name, status, before.get("content", {}), after.get("content", {}))


def _codes(status: str, response: dict) -> set[str]:
    return (
        {*re.findall(r"`(\w+)`", response["description"])} if status >= "400" and status.isdigit() else set()
    )


def _contents(name: str, what: str, old: dict, new: dict) -> Iterator[Change]:
    for media_type, before in old.items():
        if media_type not in new:
            yield Change(name, f"{what} is not {media_type} any more")
        elif before["schema"] != new[media_type]["schema"]:  # both are the name of a model
            yield Change(name, f"{what} is of another model")


# --- Models --------------------------------------------------------------------------------------


def _models(old: dict, new: dict) -> Iterator[Change]:
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    inputs, outputs = _used(old)
    for name in sorted(before.keys() - after.keys()):
        yield Change(name, "is no model any more")
    for name in sorted(before.keys() & after.keys()):
        if name == "ProblemCode":
            gone = {*before[name]["enum"]} - {*after[name]["enum"]}
            yield from (Change(code, "is no code any more") for code in sorted(gone))
            continue
        if name in inputs:
            yield from _compare(name, before[name], after[name], _narrower)
        if name in outputs:
            yield from _compare(name, before[name], after[name], _less_promised)


def _used(document: dict) -> tuple[set[str], set[str]]:
    """Return the names of the models that bodies lead to, and of those that answers lead to."""
    operations = [operation for _, operation in _by_name(document)]
    return (
        _reachable([each.get("requestBody") for each in operations], document),
        _reachable([each["responses"] for each in operations], document),
    )


def _reachable(parts: list, document: dict) -> set[str]:
    found, left = set[str](), [*parts]
    while left:
        for name in re.findall(r"#/components/schemas/(\w+)", json.dumps(left.pop())):
            if name not in found:
                found.add(name)
                left.append(document["components"]["schemas"][name])
    return found


def _compare(place: str, old: dict, new: dict, differences) -> Iterator[Change]:
    """Compare a schema and all in it."""
    yield from (Change(place, what) for what in differences(old, new, place))
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, schema in before.items():
        if name not in after:
            yield Change(f"{place}.{name}", "is gone")
        else:
            yield from _compare(f"{place}.{name}", schema, after[name], differences)
    required, is_required = ({*each.get("required", ())} for each in (old, new))
    if differences is _narrower:
        yield from (Change(f"{place}.{name}", "is needed") for name in is_required - required)
    else:
        yield from (
            Change(f"{place}.{name}", "may be missing") for name in required & after.keys() - is_required
        )
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from _compare(place, old[inner], new[inner], differences)


def _narrower(old: dict, new: dict, place: str = "") -> Iterator[str]:
    """Say what of that which could be sent cannot be any more."""
    before, after = _kinds(old), _kinds(new)
    if after and not (before and before <= after):
        yield f"takes {after} and took {before or 'anything'}"
    if _may_be_null(old) and not _may_be_null(new):
        yield "may not be null any more"
    was, values = _values(old), _values(new)
    if values and not (was and was <= values):
        yield "takes fewer values"
    for bound in HIGHER_IS_NARROWER:
        if new.get(bound, float("-inf")) > old.get(bound, float("-inf")):
            yield f"has a higher {bound}"
    for bound in LOWER_IS_NARROWER:
        if new.get(bound, float("inf")) < old.get(bound, float("inf")):
            yield f"has a lower {bound}"
    for key in ("pattern", "format"):
        if new.get(key) not in (None, old.get(key)):
            yield f"has another {key}"
    if new.get("additionalProperties") is False is not old.get("additionalProperties"):
        yield "takes no other members any more"


def _less_promised(old: dict, new: dict, place: str) -> Iterator[str]:
    """Say what of that which comes may be what it never was."""
    before, after = _kinds(old), _kinds(new)
    if before and not (after and after <= before):
        yield f"is {after or 'anything'} and was {before}"
    if _may_be_null(new) and not _may_be_null(old):
        yield "may be null"
    was, values = _values(old), _values(new)
    last_word = re.split(r"[._]|(?=[A-Z])", place)[
        -1
    ].lower()  # of Booking.status, BookingStatus, cancel_reason
    if was and not (values and values <= was) and last_word not in MAY_GROW:
        yield "may have other values"
    if old.get("format") not in (None, new.get("format")):
        yield f"is no {old['format']} any more"


def _kinds(schema: dict) -> set[str]:
    """Return the types and the models that it may be, but for null; none if it may be any."""
    variants = schema.get("anyOf") or schema.get("oneOf") or [schema]
    found = set[str]()
    for each in variants:
        types = each.get("$ref") or each.get("type") or ()
        found |= {types} if isinstance(types, str) else {*types}
    return found - {"null"}


def _may_be_null(schema: dict) -> bool:
    return "null" in schema.get("type", ()) or {"type": "null"} in schema.get("anyOf", ())


def _values(schema: dict) -> set:
    return {*schema.get("enum", ())} - {None}
