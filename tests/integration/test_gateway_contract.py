"""What the gateway does is what its OpenAPI document says, for requests that schemathesis makes up."""

import json
from importlib.resources import files

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from tests.integration.running import Running, Service

from jsonschema import Draft202012Validator

DOCUMENT = json.loads((files("newsdex.gateway") / "documents" / "openapi.json").read_text(encoding="utf-8"))
schema = schemathesis.openapi.from_dict(DOCUMENT)
CHECKED = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)


@schemathesis.serializer("application/x-ndjson")
def lines(_: schemathesis.SerializationContext, value: object) -> bytes:
    return str(value).encode()


@pytest.fixture(scope="session")
def keys(_up: tuple[Service, Running]) -> dict[str, str]:
    scopes = ("--scope", "search", "--scope", "publish", "--scope", "operate")
    secret = _up[0].run("keys", "add", "schemathesis", *scopes).stdout.strip()
    return {"authorization": f"Bearer {secret}"}


@schema.parametrize()
@settings(max_examples=4, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_every_call_is_as_described(case: schemathesis.Case, up: Running, keys: dict[str, str]) -> None:
    if "{id}" in case.path and not (case.path_parameters or {}).get("id"):
        return
    case.call_and_validate(base_url=up.gateway_url, headers=keys, checks=CHECKED)


def test_every_route_of_the_api_is_described_and_no_other() -> None:
    from newsdex.gateway.app import API  # noqa: PLC0415 - it needs the extra

    routes = {route.path for module in API for route in module.routes} - {"/api/openapi.json"}

    assert routes == DOCUMENT["paths"].keys()


def test_the_examples_keep_the_schemas() -> None:
    for path, calls in DOCUMENT["paths"].items():
        for call in calls.values():
            bodies = [call.get("requestBody"), *call["responses"].values()]
            for body in filter(None, bodies):
                for content in body.get("content", {}).values():
                    whole = {**content["schema"], "components": DOCUMENT["components"]}

                    assert [] == list(Draft202012Validator(whole).iter_errors(content["example"])), path
