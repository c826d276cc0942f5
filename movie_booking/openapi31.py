"""The document as OpenAPI 3.1, made of the one that drf-yasg draws: nothing is described twice."""

from collections.abc import Iterable
from typing import Any

from movie_booking.api.problems import PROBLEM_CONTENT_TYPE
from movie_booking.contract import (
    DEFINITIONS,
    METHODS,
    MODEL,
    Document,
    Operation,
    Schema,
    written_out_models,
)

JSON = "application/json"
DESCRIPTIVE = ("name", "in", "description", "required", "allowEmptyValue")


def as_openapi_31(document: Document) -> Document:
    """Return a document of OpenAPI 2.0 as one of 3.1.0."""
    models = written_out_models(document) | document["definitions"]
    scheme = "https" if "https" in document.get("schemes", ()) else "http"
    return {
        "openapi": "3.1.0",
        "info": document["info"],
        "servers": [{"url": f"{scheme}://{document['host']}{document['basePath']}".rstrip("/")}],
        "tags": document["tags"],
        "security": document["security"],
        "paths": {path: _path(item, document["definitions"]) for path, item in document["paths"].items()},
        "components": {
            "schemas": {name: _schema(schema) for name, schema in sorted(models.items())},
            "securitySchemes": {
                "Bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "Key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": document["securityDefinitions"]["Key"]["description"],
                },
                "Order-Key": {"type": "apiKey", "in": "header", "name": "Order-Key"},
            },
        },
    }


def _path(item: dict[str, Any], definitions: dict[str, Schema]) -> dict[str, Any]:
    path: dict[str, Any] = {
        method: _operation(operation, definitions) for method, operation in item.items() if method in METHODS
    }
    if item.get("parameters"):
        path["parameters"] = [_parameter(parameter) for parameter in item["parameters"]]
    return path


def _operation(operation: Operation, definitions: dict[str, Schema]) -> Operation:
    converted = {
        name: value
        for name, value in operation.items()
        if name not in ("parameters", "responses", "consumes", "produces")
    }
    parameters = operation.get("parameters", ())
    converted["parameters"] = [_parameter(each) for each in parameters if each["in"] != "body"]
    for body in (each for each in parameters if each["in"] == "body"):
        content: dict[str, Any] = {"schema": _schema(body["schema"])}
        model = definitions[body["schema"]["$ref"].removeprefix(DEFINITIONS)]
        if "example" in model:  # Postman's collections take it from here, and not from the model
            content["example"] = model["example"]
        converted["requestBody"] = {"required": body["required"], "content": {JSON: content}}
    media_type = operation.get("produces", [JSON])[0]
    converted["responses"] = {
        status: _response(status, response, media_type) for status, response in operation["responses"].items()
    }
    return converted


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    described = {name: parameter[name] for name in DESCRIPTIVE if name in parameter}
    schema = {name: value for name, value in parameter.items() if name not in DESCRIPTIVE}
    if schema.pop("x-deprecated", False):
        described["deprecated"] = True
    if schema.pop("collectionFormat", None) == "csv":
        described |= {"style": "form", "explode": False}
    return {**described, "schema": _schema(schema)}


def _response(status: str, response: dict[str, Any], media_type: str) -> dict[str, Any]:
    """A refusal is a problem document; everything else is what the operation produces."""
    converted: dict[str, Any] = {"description": response["description"]}
    if headers := response.get("headers"):
        converted["headers"] = {
            name: {
                "description": header["description"],
                "schema": _schema({key: value for key, value in header.items() if key != "description"}),
            }
            for name, header in headers.items()
        }
    if "schema" in response:
        media_type = media_type if status < "400" else PROBLEM_CONTENT_TYPE
        content: dict[str, Any] = {"schema": _schema(response["schema"])}
        if example := response.get("examples", {}).get(media_type):
            content["example"] = example
        converted["content"] = {media_type: content}
    return converted


def _schema(schema: Schema) -> Schema:
    """JSON Schema 2020-12 has a type for what is null, and examples in a list."""
    converted = {name: _value(name, value) for name, value in schema.items()}
    if "example" in converted:
        converted["examples"] = [converted.pop("example")]
    if MODEL in schema:  # here it can be said without writing it out
        reference = {"$ref": f"#/components/schemas/{schema[MODEL]}"}
        described = {"description": schema["description"]} if "description" in schema else {}
        return {"anyOf": [reference, {"type": "null"}], **described}
    if "x-or" in converted:
        other = converted.pop("x-or")
        described = {"description": converted.pop("description")} if "description" in converted else {}
        return {"oneOf": [converted, other], **described}
    if converted.pop("x-nullable", False):
        converted["type"] = [converted["type"], "null"]
        if "enum" in converted:
            converted["enum"] = [*converted["enum"], None]
    return converted


def _value(name: str, value: Any) -> Any:
    if name == "$ref":
        return str(value).replace("#/definitions/", "#/components/schemas/")
    if name == "properties":
        return {field: _schema(schema) for field, schema in value.items()}
    if name in ("items", "additionalProperties", "schema") and isinstance(value, dict):
        return _schema(value)
    if name in ("allOf", "anyOf", "oneOf") and isinstance(value, Iterable):
        return [_schema(schema) for schema in value]
    return value
