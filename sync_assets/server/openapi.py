"""What the server answers, as an OpenAPI document: for clients, and for tests that fuzz it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.server.answers import STATUS, DeliveryAnswer, HealthAnswer

_JSON = "application/json"
_CHALLENGE = {"type": "object", "properties": {"challenge": {"type": "string"}}}


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    template = "#/components/schemas/{model}"
    models: list[tuple[type[BaseModel], Any]] = [
        (model, "serialization") for model in (DeliveryAnswer, HealthAnswer)
    ]
    _, definitions = models_json_schema(models, ref_template=template)
    return {
        "openapi": "3.1.0",
        "info": {"title": "sync_assets: the receiver of webhooks", "version": "1"},
        "paths": {
            "/webhooks/{connector}": {"post": _webhook()},
            "/healthz": {"get": _health("This process answers.", 200)},
            "/readyz": {"get": _health("So does the control database.", 200, 503)},
            "/metrics": {"get": _metrics()},
        },
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _webhook() -> dict[str, Any]:
    return {
        "summary": "A vendor's call, signed as that vendor signs.",
        "operationId": "receive",
        "parameters": [
            {
                "name": "connector",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "enum": list(WEBHOOKS)},
            }
        ],
        "requestBody": {"required": True, "content": {_JSON: {"schema": {"type": "object"}}}},
        "responses": dict(_deliveries()),
    }


def _deliveries() -> Iterator[tuple[str, Any]]:
    for status in sorted(set(STATUS.values())):
        outcomes = ", ".join(outcome for outcome, code in STATUS.items() if code == status)
        answer = _model("DeliveryAnswer")
        schema = {"anyOf": [answer, _CHALLENGE]} if status == HTTPStatus.OK else answer
        yield str(status), _response(f"One of: {outcomes}.", schema)


def _health(summary: str, *statuses: int) -> dict[str, Any]:
    answer = _model("HealthAnswer")
    responses = {str(status): _response(HTTPStatus(status).phrase, answer) for status in statuses}
    return {"summary": summary, "responses": responses}


def _metrics() -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "summary": "For Prometheus; needs the token where one is set.",
        "security": [{"token": []}, {}],
        "responses": {
            "200": {"description": "Metrics in the text format.", "content": text},
            "401": {"description": "The token is missing or wrong.", "content": text},
        },
    }


def _model(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _response(description: str, schema: object) -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": schema}}}
