"""The OpenAPI document of API v1: what every operation shares is said once, here."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer2
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import JSONRenderer

from config.examples import example_of

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457; `code` is stable, `detail` is for people.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "code", "detail"],
                "properties": {
                    "in": {"type": "string", "enum": ["body", "query"]},
                    "pointer": {"type": "string", "description": "RFC 6901"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_REFUSALS = {
    "400": "A value is wrong, unknown or missing.",
    "401": "No token, or one that is not valid.",
    "403": "You may not do this.",
    "404": "Not there, or not for you to see.",
    "409": "Somebody was quicker, or the state forbids it.",
    "412": "If-Match names another state of it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The Idempotency-Key was used for another request.",
    "429": "Too much was asked in a minute; see `Retry-After`.",
}
_WRITING = ("post", "patch")


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "crm.access.tokens.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Adds the refusals to every operation and the Idempotency-Key to every POST."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _add_examples(operation)
            _add_refusals(path, method, operation)
            if method == "post":
                _add_key(operation)
    return result


def _add_examples(operation: dict[str, Any]) -> None:
    """Where the room gave none."""
    spoken = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in (each for words in spoken for each in words.get("content", {}).values()):
        component = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        example = example_of(component)
        if example is not None and "examples" not in content:
            content["examples"] = {"Example": {"value": example}}


def _add_refusals(path: str, method: str, operation: dict[str, Any]) -> None:
    wanted = ["400", "401", "403", "429"]
    named = [each.pop("x-names-a-row", False) for each in operation.get("parameters", ())]
    if "{" in path or "404" in operation["responses"] or any(named):  # it may not be there
        wanted.append("404")
    if method in _WRITING:
        wanted += ["409", "413", "415", "422"]
    if any(each["name"] == "If-Match" for each in operation.get("parameters", ())):
        wanted.append("412")
    for status in wanted:
        operation["responses"][status] = {
            "description": _REFUSALS[status],
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _add_key(operation: dict[str, Any]) -> None:
    required = operation.pop("x-idempotency-key", "") == "required"
    operation.setdefault("parameters", []).append(
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": required,
            "description": "The same key acts once: a repeat within 24 hours gets the first "
            "answer again, with the header `Idempotent-Replayed: true`.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
    )


class Schema(SpectacularAPIView):
    """JSON unless YAML is asked for (`Accept: application/yaml`, or `?format=yaml`)."""

    renderer_classes = [JSONRenderer, OpenApiYamlRenderer2, OpenApiJsonRenderer2]
    authentication_classes: list[Any] = []


class Docs(SpectacularSwaggerSplitView):
    authentication_classes: list[Any] = []
