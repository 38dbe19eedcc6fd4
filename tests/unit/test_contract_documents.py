"""The documents under `schemas/` say what the models say, and every message of the contract is in them."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from jsonschema import Draft202012Validator, ValidationError
from newsdex_schemas import EVENT_MODELS, channels
from newsdex_schemas.model import ContractModel

SCHEMAS = Path(__file__).parents[2] / "schemas"
GENERATED = runpy.run_path(str(SCHEMAS / "json_schemas.py"))
MESSAGES: dict[str, type[ContractModel]] = GENERATED["MESSAGES"]
REQUESTS: dict[str, type[ContractModel]] = GENERATED["REQUESTS"]
REPLIES: dict[str, type[ContractModel]] = GENERATED["REPLIES"]
ASYNCAPI: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text(encoding="utf-8"))


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def example_of(name: str) -> Any:
    return read_json(SCHEMAS / "examples" / f"{name}.json")


def schema_of(name: str) -> Any:
    return read_json(SCHEMAS / "jsonschema" / f"{name}.json")


def validator_of(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(name), format_checker=Draft202012Validator.FORMAT_CHECKER)


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCHEMAS / "generate.py"), "--check", "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def dicts_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from dicts_in(inner)


def resolve(reference: str) -> Any:
    found: Any = ASYNCAPI
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the generated documents, to be spoilt."""
    folder, documents = tmp_path / "schemas", "service/newsdex/gateway/documents"
    for name in ("jsonschema", "typescript"):
        shutil.copytree(SCHEMAS / name, folder / name)
    for name in ("asyncapi.yaml", "openapi.yaml", "REFERENCE.md"):
        shutil.copy(SCHEMAS / name, folder)
    shutil.copytree(SCHEMAS.parent / documents, tmp_path / documents)
    return folder


def test_the_generated_documents_are_up_to_date() -> None:
    result = check(SCHEMAS)

    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize(
    "name",
    [
        "jsonschema/article.json",
        "asyncapi.yaml",
        "openapi.yaml",
        "typescript/newsdex.d.ts",
        "REFERENCE.md",
        "../service/newsdex/gateway/documents/openapi.json",
    ],
)
def test_a_document_that_was_edited_by_hand_is_stale(copied: Path, name: str) -> None:
    with (copied / name).open("a", encoding="utf-8") as file:
        file.write("\n")

    result = check(copied)

    assert result.returncode == 1
    assert [f"stale: {Path(name)}"] == result.stdout.splitlines()


def test_a_missing_and_a_left_over_document_are_stale(copied: Path) -> None:
    (copied / "jsonschema" / "article.json").rename(copied / "jsonschema" / "article.v0.json")

    result = check(copied)

    assert result.returncode == 1
    assert {"article.json", "article.v0.json"} == {Path(line).name for line in result.stdout.splitlines()}


def test_every_message_has_an_example_and_every_example_a_message() -> None:
    assert set(MESSAGES) == {path.stem for path in (SCHEMAS / "examples").iterdir()}


def test_every_model_of_the_package_is_in_a_schema() -> None:
    described = {model.__name__ for model in MESSAGES.values()}
    described |= {title for name in MESSAGES for title in schema_of(name).get("$defs", {})}

    pending, models = [ContractModel], set()
    while pending:
        subclasses = pending.pop().__subclasses__()
        pending += subclasses
        models |= {model.__name__ for model in subclasses if model.__module__.startswith("newsdex_schemas.")}

    assert described == models - {"Event", "RequestModel"}  # what several messages share; never sent themselves


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_keeps_its_model(name: str) -> None:
    example = example_of(name)

    value = MESSAGES[name].from_json(json.dumps(example))

    assert value == MESSAGES[name].from_json(value.to_json())
    assert not _fields_unknown_to(json.loads(value.model_dump_json()), example)


def _fields_unknown_to(written: Any, example: Any) -> list[str]:
    if isinstance(example, dict) and isinstance(written, dict):
        here = [name for name in example if name not in written]
        return here + [deep for name in written for deep in _fields_unknown_to(written[name], example.get(name))]
    if isinstance(example, list):
        return [deep for mine, its in zip(written, example, strict=True) for deep in _fields_unknown_to(mine, its)]
    return []


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_and_what_the_model_writes_keep_the_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema_of(name))
    example = example_of(name)

    validator_of(name).validate(example)
    validator_of(name).validate(json.loads(MESSAGES[name].from_json(json.dumps(example)).to_json()))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_schema_has_a_stable_id_and_its_example_without_a_required_field_breaks_it(name: str) -> None:
    schema, example = schema_of(name), example_of(name)

    assert f"urn:newsdex:{name}" == schema["$id"]
    for field in schema.get("required", []):
        with pytest.raises(ValidationError):
            validator_of(name).validate({key: value for key, value in example.items() if key != field})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://courier.example/ferry"),
        ("url", "https://courier.example/a ferry"),
        ("url", "https://"),
        ("title", "a\x00b"),
        ("tags", [7]),
        ("version", -1),
        ("version", "1"),
        ("published_at", 1_718_094_600),
        ("language", "english please"),
        ("body", 7),
    ],
)
def test_the_json_schema_refuses_what_the_model_refuses(field: str, value: Any) -> None:
    broken = example_of("article") | {field: value}

    with pytest.raises(ValueError, match=field):
        MESSAGES["article"].from_json(json.dumps(broken))
    with pytest.raises(ValidationError):
        validator_of("article").validate(broken)


@pytest.mark.parametrize("name", MESSAGES)
def test_unknown_fields_keep_the_json_schema_of_events_and_replies_and_break_that_of_requests(name: str) -> None:
    value = example_of(name) | {"added_next_year": {"a": 1}}

    assert validator_of(name).is_valid(value) == (name not in REQUESTS)


@pytest.mark.parametrize("name", [name for name in MESSAGES if name not in REPLIES])
def test_null_in_an_optional_field_keeps_the_json_schema(name: str) -> None:
    """Classes that generators make of the schema have null where nothing was set."""
    for schema in dicts_in(schema_of(name)):
        for field, described in schema.get("properties", {}).items():
            required = field in schema.get("required", []) or "const" in described

            assert required or {"type": "null"} in described.get("anyOf", []), field


def test_the_asyncapi_document_describes_every_channel() -> None:
    addresses = {channel["address"] for channel in ASYNCAPI["channels"].values()} - {None}
    operated = {resolve(operation["channel"]["$ref"])["address"] for operation in ASYNCAPI["operations"].values()}

    assert {*channels.EVENT_CHANNELS, *channels.REQUEST_CHANNELS, channels.ARTICLES_CHANGED} == addresses
    assert addresses == operated


def test_every_request_can_be_answered_with_a_problem() -> None:
    replies = [operation["reply"] for operation in ASYNCAPI["operations"].values() if "reply" in operation]

    assert len(replies) == 20
    for reply in replies:
        assert {"Problem"} < {reference["$ref"].rpartition("/")[2] for reference in reply["messages"]}


def test_every_event_channel_takes_both_modes_and_names_the_stream() -> None:
    for address, model in EVENT_MODELS.items():
        channel = ASYNCAPI["channels"][address]

        assert {f"{model.__name__}Structured", f"{model.__name__}Binary"} <= channel["messages"].keys()
        assert channels.STREAM in channel["description"]
    assert "BareArticle" in ASYNCAPI["channels"][channels.ARTICLES_PUBLISHED]["messages"]


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    references = {found["$ref"] for found in dicts_in(ASYNCAPI) if isinstance(found.get("$ref"), str)}

    assert references
    for reference in references:
        assert resolve(reference) is not None


def test_every_example_is_in_the_asyncapi_document() -> None:
    shown = [example["payload"] for message in messages() for example in message["examples"]]

    assert [name for name in MESSAGES if example_of(name) not in shown] == []


def test_the_examples_of_the_asyncapi_document_keep_its_schemas() -> None:
    for message in messages():
        for example in message["examples"]:
            for part in {"payload", "headers"} & example.keys():
                schema = message[part] | {"components": ASYNCAPI["components"]}

                Draft202012Validator(schema).validate(example[part])


def messages() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(ASYNCAPI["components"]["messages"].values())
    return found


def models_of_requests_and_replies() -> Iterator[type[ContractModel]]:
    """Return every request, every reply, and what they are made of."""
    pending: list[Any] = [*REQUESTS.values(), *REPLIES.values()]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, ContractModel):
            yield annotation
            pending += [field.annotation for field in annotation.model_fields.values()]
        pending += get_args(annotation)


def test_every_field_of_every_request_and_reply_is_described_in_the_reference() -> None:
    reference = (SCHEMAS / "REFERENCE.md").read_text(encoding="utf-8")
    for model in set(models_of_requests_and_replies()):
        section = reference.partition(f"\n### {model.__name__}\n")[2].partition("\n### ")[0]
        rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", section, re.MULTILINE))

        assert list(model.model_fields) == list(rows), model
        assert all(len(meaning.split()) > 1 for meaning in rows.values()), model


@pytest.mark.parametrize("term", ["words", "total_is", "promoted", "position", "index_ms"])
def test_the_reference_says_in_prose_what_stands_for_more_than_one_field(term: str) -> None:
    prose = (SCHEMAS / "REFERENCE.md").read_text(encoding="utf-8").partition("## Requests")[0]

    assert re.search(rf"\*\*[^*]*`{term}`", prose)


def test_the_links_of_the_reference_lead_somewhere() -> None:
    reference = (SCHEMAS / "REFERENCE.md").read_text(encoding="utf-8")
    headings = {name.lower() for name in re.findall(r"^### (\w+)$", reference, re.MULTILINE)}

    assert set(re.findall(r"\]\(#(\w+)\)", reference)) <= headings
    assert all((SCHEMAS / path).exists() for path in re.findall(r"\]\(([^#)]+)\)", reference))


def test_the_readme_names_every_channel_and_its_first_code_builds_an_event() -> None:
    readme = (SCHEMAS / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    for number, block in enumerate(blocks):
        compile(block, f"README.md block {number}", "exec")
    built: dict[str, Any] = {}
    exec(next(block for block in blocks if "ArticlePublished(" in block), built)

    Draft202012Validator(schema_of("article.published.v1")).validate(json.loads(built["event"].to_json()))
    for channel in (address["address"] for address in ASYNCAPI["channels"].values() if address["address"]):
        assert f"`{channel}`" in readme
