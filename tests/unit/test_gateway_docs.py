"""The pages under `/docs` show the contract whole, offline, and to everybody."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from tests.unit.test_gateway_access import OUTSIDE, Gate

PAGES = ["/docs", "/docs/queries", "/docs/http", "/docs/events"]
DOCUMENTS = files("newsdex.gateway") / "documents"


class Seen(HTMLParser):
    """Keeps the addresses, ids and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value or "" for name, value in attrs if name == "id"]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    return Gate(tmp_path_factory.mktemp("docs"), gateway_host="0.0.0.0", gateway_rate=10_000)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_key_and_nothing_from_elsewhere(gate: Gate, path: str) -> None:
    told = gate.ask(path, peer=OUTSIDE)
    page = Seen(told.text)

    assert 200 == told.status_code
    assert not {"iframe", "object", "style"} & set(page.tags)
    assert not [name for name in page.attributes if name == "style" or name.startswith("on")]
    assert [] == [address for address in page.addresses if not address.startswith(("/", "#"))]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_leads_somewhere(gate: Gate, path: str) -> None:
    page = Seen(gate.ask(path).text)
    within = {address[1:] for address in page.addresses if address.startswith("#")}
    elsewhere = {address for address in page.addresses if address.startswith(("/docs", "/assets", "/api"))}

    assert within <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {200} == {gate.ask(address).status_code for address in elsewhere}


def test_every_problem_has_its_place_to_which_its_type_leads(gate: Gate) -> None:
    ids = Seen(gate.ask("/docs/http").text).ids
    problem = gate.ask("/api/search?siz=1", host="localhost").json()
    codes = {one["code"] for one in json.loads((DOCUMENTS / "codes.json").read_text(encoding="utf-8"))}

    assert problem["type"].removeprefix("/docs/http#") in ids
    assert {"unknown_field", "key_missing", "deadline_exceeded"} <= codes <= set(ids)


def test_every_call_and_channel_is_described(gate: Gate) -> None:
    openapi, asyncapi = (
        json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("openapi", "asyncapi")
    )
    http, events = (unescape(gate.ask(path).text) for path in ("/docs/http", "/docs/events"))

    assert [] == [path for path in openapi["paths"] if path not in http]
    addresses = [channel["address"] for channel in asyncapi["channels"].values() if channel["address"]]
    assert [] == [address for address in addresses if address not in events]


def test_the_query_language_is_the_one_of_the_contract(gate: Gate) -> None:
    text = unescape(gate.ask("/docs/queries").text)
    source = (Path(__file__).parents[2] / "schemas" / "QUERY.md").read_text(encoding="utf-8")

    titles = re.findall(r"^#+ (.+)$", source, re.MULTILINE)

    assert [] == [title for title in titles if title.replace("`", "") not in re.sub(r"</?code>", "", text)]
    assert 404 == gate.ask("/docs/none").status_code
