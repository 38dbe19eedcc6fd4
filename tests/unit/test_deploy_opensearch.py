"""What is deployed beside the sink agrees with the index that it makes."""

import json
from typing import Any

from tests.conftest import ROOT

from newsdex.sink.opensearch.definition import read_definition
from newsdex_schemas import Article

FOLDER = ROOT / "deploy" / "opensearch"
PROPERTIES = read_definition(None)["mappings"]["properties"]
NOT_SEARCHED = {"related", "origins", "content_type", "markup"}


def saved_objects() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / "dashboard.ndjson").read_text(encoding="utf-8").splitlines()]


def test_the_mapping_has_every_field_of_an_article_that_is_searched() -> None:
    assert set(Article.model_fields) - NOT_SEARCHED == set(PROPERTIES)


def test_every_reference_of_the_dashboard_leads_to_an_object_before_it() -> None:
    known: set[tuple[str, str]] = set()
    for one in saved_objects():
        assert {(reference["type"], reference["id"]) for reference in one["references"]} <= known
        known.add((one["type"], one["id"]))

    assert ("dashboard", "newsdex") in known


def test_the_dashboard_counts_by_fields_that_can_be_counted() -> None:
    states = [json.loads(one["attributes"]["visState"]) for one in saved_objects() if one["type"] == "visualization"]
    fields = {part["params"]["field"] for state in states for part in state["aggs"] if "field" in part["params"]}

    assert {"published_at", "section", "tags", "language"} == fields
    assert {"date", "keyword"} == {PROPERTIES[field]["type"] for field in fields}


def test_readers_reach_the_alias_only() -> None:
    roles = json.loads((FOLDER / "roles.json").read_text(encoding="utf-8"))
    (of_readers,) = roles["newsdex_reader"]["index_permissions"]

    assert (["newsdex"], ["read"]) == (of_readers["index_patterns"], of_readers["allowed_actions"])
