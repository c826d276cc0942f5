"""What generated clients need of the document, and drf-yasg does not say by itself.

`polish` goes over the whole document once, by kinds: what is sent back is described as it is sent, integers
have a size, every model has one name, every operation says all that it may answer.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from movie_booking.api.problems import PROBLEM_CONTENT_TYPE, codes_of, problem_document
from movie_booking.errors import Busy, OutcomeUnknown, Unavailable
from movie_booking.field_messages import FIELD_CODES, FieldMessage
from movie_booking.naming import ENUMS, OPERATION_IDS
from movie_booking.schema import AUTHENTICATION_ERRORS, NOT_ACCEPTABLE, PRODUCES, Problems, codes

Document = dict[str, Any]
Operation = dict[str, Any]
Schema = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
DEFINITIONS = "#/definitions/"
PROBLEM = {"$ref": f"{DEFINITIONS}Problem"}
REFERENCE_LENGTH = 20
MODEL = "x-of-model"  # the name of a model that is written out
# Members that are another model or null, which drf-yasg does not say.
NULLABLE = [("Limits", "yours"), ("MovedSeat", "after")]


def polish(document: Document) -> None:
    """Make the document say what clients live with. Raises KeyError for an operation without a name."""
    definitions = document["definitions"]
    for path, method, operation in operations(document):
        operation["operationId"] = OPERATION_IDS[f"{method.upper()} {path}"]
        _name_pages(operation, definitions)
        _describe_body(operation, definitions, method)
        _add_what_any_may_answer(operation, method)
        _describe_responses(operation, definitions)
        if "produces" in operation:  # what is no JSON, but for its refusals
            operation["produces"].append(PROBLEM_CONTENT_TYPE)
        del operation["x-etag"], operation["x-reads-token"]
    for item in document["paths"].values():
        _describe_path(item)
    definitions["ProblemCode"] = {
        "type": "string",
        "description": "Stable: program against this. There may be more of them one day.",
        "enum": sorted(codes()),
    }
    definitions["Problem"]["properties"]["code"] = {"$ref": f"{DEFINITIONS}ProblemCode"}
    definitions["FieldErrorCode"] = {
        "type": "string",
        "description": "What is wrong with a field. There may be more of them one day.",
        "enum": list(FIELD_CODES),
    }
    of_a_field = definitions["Problem"]["properties"]["error_codes"]["additionalProperties"]
    of_a_field["items"] = {"$ref": f"{DEFINITIONS}FieldErrorCode"}
    for model, member in NULLABLE:
        definitions[model]["properties"][member]["x-nullable"] = True
    outputs = set(_reachable(_answers(document), definitions))
    for name, definition in definitions.items():
        if name in outputs:
            _describe_output(definition)
    for schema in [*definitions.values(), *_parameters(document)]:
        for part in _parts(schema):
            if part.get("type") == "integer":
                part.setdefault("format", "int64")
    for definition in definitions.values():
        for part in _parts(definition):
            part.pop("title", None)  # an object that has one would be a model of its own
    _name_enums(definitions)
    for definition in definitions.values():
        for part in _parts(definition):
            _write_out_if_nullable(part, definitions)
    used = set(_reachable(_models(document), definitions))
    document["definitions"] = {name: definitions[name] for name in sorted(used)}


def operations(document: Document) -> Iterator[tuple[str, str, Operation]]:
    """Yield path, method and operation, of all."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


# --- Requests ------------------------------------------------------------------------------------


def _describe_path(item: dict[str, Any]) -> None:
    for parameter in item.get("parameters", ()):
        if parameter["name"] == "id":
            parameter |= {"type": "integer", "format": "int64", "minimum": 0}
            parameter.pop("pattern", None)
            parameter.setdefault("description", "Its id.")
        elif parameter["name"] == "reference":
            parameter |= {
                "type": "string",
                "maxLength": REFERENCE_LENGTH,
                "pattern": f"^{parameter['pattern']}$",  # in a route it is always of the whole
                "description": "Its reference, in any case, and with O for 0 and I or L for 1.",
            }


def _describe_body(operation: Operation, definitions: dict[str, Schema], method: str) -> None:
    """A body is required if a field of it is; of a change, none is."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] != "body":
            continue
        name = _name_of(parameter["schema"])
        if method == "patch":
            patch = f"{name.removesuffix('Input').removesuffix('Change')}Patch"
            definitions[patch] = copy.deepcopy(definitions[name])
            definitions[patch].pop("required", None)
            parameter["schema"] = {"$ref": f"{DEFINITIONS}{patch}"}
            name = patch
        parameter["required"] = bool(definitions[name].get("required"))


# --- Responses -----------------------------------------------------------------------------------


def _name_pages(operation: Operation, definitions: dict[str, Schema]) -> None:
    schema = operation["responses"].get("200", {}).get("schema", {})
    rows = schema.get("properties", {}).get("results")
    if rows:
        name = f"{_name_of(rows['items'])}Page"
        definitions[name] = {**schema, "required": list(schema["properties"])}
        operation["responses"]["200"]["schema"] = {"$ref": f"{DEFINITIONS}{name}"}


def _add_what_any_may_answer(operation: Operation, method: str) -> None:
    """What stands before every view, and is not said for each of them."""
    problems: Problems = (NOT_ACCEPTABLE, Busy, Unavailable)
    if operation["x-reads-token"]:
        problems += AUTHENTICATION_ERRORS[1:]  # none need be sent, but what is sent must be valid
    if method != "get":
        problems += (OutcomeUnknown,)
    responses = operation["responses"]
    for problem in problems:
        said = f"`{problem.code}`: {problem.detail}"
        document = problem_document(problem(**problem.example))
        response = responses.setdefault(
            str(problem.status),
            {"description": "", "schema": PROBLEM, "examples": dict.fromkeys(PRODUCES, document)},
        )
        if f"`{problem.code}`" not in response["description"]:
            response["description"] = " · ".join(filter(None, [response["description"], said]))
    operation["responses"] = dict(sorted(responses.items()))


def _describe_responses(operation: Operation, definitions: dict[str, Schema]) -> None:
    responses = operation["responses"]
    for status, response in responses.items():
        if status.isdigit() and status < "400":
            response["description"] = response["description"] or "Done."
            _add_headers(operation, status, response)
        else:
            _add_problem_headers(status, response)
            if status == "400":
                _tell_of_its_own_fields(operation, response, definitions)
    responses["default"] = {
        "description": "Whatever else may go wrong, as a problem document.",
        "schema": PROBLEM,
        "headers": RETRY_AFTER,
    }


RETRY_AFTER = {"Retry-After": {"type": "integer", "format": "int64", "description": "Seconds."}}
ETAG = {"ETag": {"type": "string", "description": "For `If-None-Match` or `If-Match`."}}
LOCATION = {"Location": {"type": "string", "format": "uri-reference", "description": "Where it can be read."}}
REPLAYED = {
    "Idempotent-Replayed": {
        "type": "string",
        "enum": ["true"],
        "description": "Only there if this is the answer that the first request with the key got.",
    }
}
DEPRECATED = {
    "Deprecation": {"type": "string", "description": "Only there for what is about to go: since when."},
    "Sunset": {"type": "string", "description": "Until when that answers."},
}
CHALLENGE = {"WWW-Authenticate": {"type": "string", "description": 'Bearer realm="api"'}}


def _add_headers(operation: Operation, status: str, response: dict[str, Any]) -> None:
    headers: dict[str, Any] = {}
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if "Idempotency-Key" in names:
        headers |= REPLAYED
    if operation["x-etag"]:
        headers |= ETAG
    if any(parameter.get("x-deprecated") for parameter in operation.get("parameters", ())):
        headers |= DEPRECATED
    if status == "201":
        headers |= LOCATION
    if headers and (status != "204"):
        response["headers"] = headers


def _add_problem_headers(status: str, response: dict[str, Any]) -> None:
    if status == "401":
        response["headers"] = CHALLENGE
    elif "retry_after" in str(response.get("examples", "")) or status == "503":
        response["headers"] = RETRY_AFTER


def _tell_of_its_own_fields(
    operation: Operation, response: dict[str, Any], definitions: dict[str, Schema]
) -> None:
    """The example of what is not valid names a field that there is."""
    example = response.get("examples", {}).get(PROBLEM_CONTENT_TYPE, {})
    if "errors" not in example:
        return
    field, message = _a_field(operation, definitions)
    for each in response["examples"].values():
        each["errors"] = {field: [message]}
        each["error_codes"] = codes_of(each["errors"])


def _a_field(operation: Operation, definitions: dict[str, Schema]) -> tuple[str, FieldMessage]:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "body":
            definition = definitions[_name_of(parameter["schema"])]
            for name in definition.get("required", ()):
                return name, FieldMessage("This field is required.", "required")
            return next(iter(definition["properties"])), FieldMessage("This is not valid.", "invalid")
    for parameter in operation.get("parameters", ()):
        return parameter["name"], FieldMessage("This is not valid.", "invalid")
    return "non_field_errors", FieldMessage("This is not valid.", "invalid")


def _describe_output(definition: Schema) -> None:
    """All that is read-only is always there, and may be blank, whatever is taken of the same field."""
    required = set(definition.get("required", ()))
    for name, field in definition.get("properties", {}).items():
        if field.pop("readOnly", False):
            required.add(name)
        for part in _parts(field):
            part.pop("minLength", None)
            part.pop("maxLength", None)
            if part.get("format") in ("uri", "email"):
                del part["format"]
    if required:
        definition["required"] = [name for name in definition["properties"] if name in required]


# --- Names ---------------------------------------------------------------------------------------


def _name_enums(definitions: dict[str, Schema]) -> None:
    """Every set of values that has a name is a model of its own."""
    named = {values: name for name, values in ENUMS.items()}
    for definition in list(definitions.values()):
        for owner, key, part in _places(definition):
            name = named.get(tuple(part.get("enum", ())))
            if name is not None:
                definitions[name] = {"type": "string", "enum": list(part["enum"])}
                owner[key] = {"$ref": f"{DEFINITIONS}{name}"}
                if part.get("x-nullable"):
                    owner[key]["x-nullable"] = True


def _name_of(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix(DEFINITIONS)


def _write_out_if_nullable(part: Schema, definitions: dict[str, Schema]) -> None:
    """A member that is a model or null has the whole of it.

    OpenAPI 2.0 overlooks what stands beside a reference; and to validators null is no value of the model,
    whatever stands around that.
    """
    if "$ref" in part and part.get("x-nullable"):
        part[MODEL] = _name_of(part)
        del part["$ref"]
        for key, value in copy.deepcopy(definitions[part[MODEL]]).items():
            part.setdefault(key, value)
        if "enum" in part:
            part["enum"].append(None)


def written_out_models(document: Document) -> dict[str, Schema]:
    """Return the models that are written out where they may be null, by their names and as they else are."""
    models = {}
    for definition in document["definitions"].values():
        for part in _parts(definition):
            if MODEL in part:
                model = {key: value for key, value in part.items() if key not in (MODEL, "x-nullable")}
                if "enum" in model:
                    model["enum"] = [value for value in model["enum"] if value is not None]
                models[part[MODEL]] = model
    return models


# --- Walking -------------------------------------------------------------------------------------


def _parts(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and all schemas in it."""
    yield schema  # type: ignore[misc]
    for _, _, part in _places(schema):
        yield from _parts(part)


def _places(schema: Mapping[str, Any]) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Yield the schemas right in a schema, each with what holds it and its key there."""
    properties = schema.get("properties", {})
    for name in list(properties):
        yield properties, name, properties[name]
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield schema, key, schema[key]


def _answers(document: Document) -> Iterator[Schema]:
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            if "schema" in response:
                yield response["schema"]


def _models(document: Document) -> Iterator[Schema]:
    """Yield what answers and bodies are described by."""
    yield from _answers(document)
    for _, _, operation in operations(document):
        yield from (each["schema"] for each in operation.get("parameters", ()) if each["in"] == "body")


def _parameters(document: Document) -> Iterator[Schema]:
    for item in document["paths"].values():
        yield from (each for each in item.get("parameters", ()) if each["in"] != "body")
    for _, _, operation in operations(document):
        yield from (each for each in operation.get("parameters", ()) if each["in"] != "body")


def _reachable(schemas: Iterator[Schema], definitions: dict[str, Schema]) -> Iterator[str]:
    """Yield the names of the models that these lead to."""
    found, left = set[str](), list(schemas)
    while left:
        for part in _parts(left.pop()):
            if "$ref" in part and (name := _name_of(part)) not in found:
                found.add(name)
                left.append(definitions[name])
                yield name
