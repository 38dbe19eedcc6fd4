"""A request that is wrong is told so: a field that is not known is refused, with the one that may have been meant."""

import json
import runpy
from collections.abc import Iterator
from time import process_time
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from tests.conftest import ROOT

from newsdex.apps.indexer.index_requests import read_index_order
from newsdex.errors import Invalid
from newsdex.validation import read_request
from newsdex_schemas import ArticleRequest, OutcomeRequest, SearchRequest, SimilarRequest, SuggestRequest
from newsdex_schemas.misspelt import CALLED_ELSEWHERE, MAX_NAME_CHARS, suggestion
from newsdex_schemas.model import MAX_UNKNOWN_FIELDS, ContractModel, RequestModel
from newsdex_schemas.operations import (
    DamageReport,
    ErasureOrder,
    ErasureRequest,
    IndexOrder,
    IndexRequest,
    ParkedListRequest,
    ParkedRequest,
    ReprocessOrder,
    StreamOrder,
    StreamRequest,
)
from newsdex_schemas.processes import ProcessRequest
from newsdex_schemas.story import StoryRequest

REQUESTS: dict[type[RequestModel], dict[str, Any]] = {
    SearchRequest: {},
    SuggestRequest: {"q": "fe"},
    SimilarRequest: {"id": "a-1"},
    OutcomeRequest: {"events": [{"source": "desk", "id": "e-1"}]},
    ParkedRequest: {"ids": [1]},
    ParkedListRequest: {},
    IndexRequest: {},
    IndexOrder: {"order": "check"},
    DamageReport: {"damage": "index_damaged"},
    ArticleRequest: {"id": "a-1"},
    StoryRequest: {"id": "a-1"},
    ErasureRequest: {},
    ErasureOrder: {"order": "erase", "articles": ["a-1"]},
    ReprocessOrder: {"order": "reprocess"},
    StreamRequest: {},
    StreamOrder: {"order": "prune"},
    ProcessRequest: {},
}


DESCRIBED: dict[str, type[ContractModel]] = runpy.run_path(str(ROOT / "schemas" / "json_schemas.py"))["REQUESTS"]


def fault_of(model: type[RequestModel], fields: dict[str, Any]) -> Invalid:
    with pytest.raises(Invalid) as raised:
        read_request(model, json.dumps(fields).encode())
    return raised.value


@pytest.mark.parametrize("model", REQUESTS)
def test_every_request_refuses_a_field_that_is_not_known(model: type[RequestModel]) -> None:
    valid = REQUESTS[model]
    fault = fault_of(model, valid | {"colour": 1})

    assert read_request(model, json.dumps(valid).encode()) == model.from_json(json.dumps(valid))
    assert ("unknown_field", "colour") == (fault.code, fault.place)


@pytest.mark.parametrize(
    ("fields", "place", "meant"),
    [
        ({"query": "x"}, "query", "q"),
        ({"Q": "x"}, "Q", "q"),
        ({"q": "x", "filter": {"section": ["City"]}}, "filter", "filters"),
        ({"fliters": {}}, "fliters", "filters"),
        ({"timeoutMs": 5}, "timeoutMs", "timeout_ms"),
        ({"timeout": 5}, "timeout", "timeout_ms"),
        ({"limit": 5}, "limit", "size"),
        ({"rows": 5}, "rows", "size"),
        ({"from": 5}, "from", "offset"),
        ({"facet": ["tags"]}, "facet", "facets"),
        ({"sortBy": "newest"}, "sortBy", "sort"),
        ({"filters": {"author": ["Doe"]}}, "filters.author", "authors"),
        ({"filters": {"lang": ["en"]}}, "filters.lang", "language"),
        ({"filters": {"from": "2024-01-01T00:00:00Z"}}, "filters.from", "published_from"),
        ({"filters": {"publishedTo": "2024-01-01T00:00:00Z"}}, "filters.publishedTo", "published_to"),
        ({"recency": {"weight": 1, "half_life": 3}}, "recency.half_life", "half_life_days"),
        ({"wait_for": {"source": "desk", "event_id": "e-1"}}, "wait_for.event_id", "id"),
    ],
)
def test_the_field_that_may_have_been_meant_is_named(fields: dict[str, Any], place: str, meant: str) -> None:
    fault = fault_of(SearchRequest, fields)

    assert ("unknown_field", place) == (fault.code, fault.place)
    assert f"did you mean {meant}?" in fault.message


def test_where_none_is_like_it_all_there_are_are_named() -> None:
    assert "there are kinds, q, size, timeout_ms" in fault_of(SuggestRequest, {"q": "fe", "xyzzy": 1}).message
    assert "there are no fields" in fault_of(IndexRequest, {"force": True}).message


def test_all_unknown_fields_are_told_at_once() -> None:
    fault = fault_of(SearchRequest, {"query": "x", "limit": 5})

    assert "unknown field: query; did you mean q?" in fault.message
    assert "unknown field: limit; did you mean size?" in fault.message


@pytest.mark.parametrize("body", [b"", b"{}", b'{"q": ""}', b'{"q": null, "filters": null}', b"\xef\xbb\xbf{}"])
def test_an_empty_query_still_means_everything(body: bytes) -> None:
    assert SearchRequest() == read_request(SearchRequest, body)


def parts(model: type[ContractModel]) -> Iterator[type[ContractModel]]:
    """Return a model and all that it is made of."""
    yield model
    pending = [field.annotation for field in model.model_fields.values()]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, ContractModel):
            yield from parts(annotation)
        pending += get_args(annotation)


def test_an_order_with_more_in_it_than_an_order_is_not_followed() -> None:
    with pytest.raises(Invalid) as raised:
        read_index_order(b'{"order": "rebuild", "generation": "g-7"}', "rebuild")

    assert ("unknown_field", "generation") == (raised.value.code, raised.value.place)


def test_every_request_and_every_part_of_one_is_a_request_model() -> None:
    assert set(REQUESTS) == set(DESCRIBED.values())
    for request in REQUESTS:
        for part in parts(request):
            assert issubclass(part, RequestModel), part


def test_what_other_services_call_a_field_leads_to_one_that_there_is() -> None:
    known = SearchRequest.model_fields.keys()

    assert set(CALLED_ELSEWHERE.values()) <= known
    assert all(f"did you mean {name}?" == suggestion(other, known) for other, name in CALLED_ELSEWHERE.items())


def test_of_very_many_unknown_fields_and_very_long_ones_a_few_are_named_in_part() -> None:
    """Each is compared with every known field, on the way in of everybody's requests."""
    many = {f"field{number}": 1 for number in range(20_000)}
    started = process_time()
    with pytest.raises(ValidationError) as raised:
        SearchRequest.from_json(json.dumps({"x" * 200_000: 1, **many}))
    took_s = process_time() - started

    assert MAX_UNKNOWN_FIELDS == raised.value.error_count()
    assert MAX_NAME_CHARS == max(len(str(error["loc"][0])) for error in raised.value.errors())
    assert took_s < 2, "7 s and more without the bounds"
