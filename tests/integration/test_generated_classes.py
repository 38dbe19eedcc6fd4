"""Classes that generators make of our JSON Schemas read and write our messages; strict validators take the schemas.

`make contract-tools` installs the generators; where they are absent, these tests are skipped.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.conftest import ROOT
from tests.unit.test_contract_documents import MESSAGES, REPLIES, SCHEMAS, example_of

from newsdex_schemas.model import ContractModel

TOOLS = ROOT / ".contract-tools"
NODE_MODULES = TOOLS / "node_modules"
CODEGEN = TOOLS / "python" / "bin" / "datamodel-codegen"
EVENTS = ["article", "article.published.v1", "article.updated.v1", "article.withdrawn.v1", "article.scraped.v1"]
WRITTEN = [name for name in MESSAGES if name not in REPLIES]

needs_node = pytest.mark.skipif(
    not NODE_MODULES.is_dir() or shutil.which("node") is None, reason="no npm tools: make contract-tools"
)
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="no Go compiler")
needs_codegen = pytest.mark.skipif(not CODEGEN.exists(), reason="no datamodel-codegen: make contract-tools")

STRICT = """
const Ajv = require("ajv/dist/2020"), formats = require("ajv-formats"), fs = require("fs");
for (const name of JSON.parse(process.argv[2])) {
  const ajv = new Ajv({strict: true}); formats(ajv);
  try {
    const valid = ajv.compile(JSON.parse(fs.readFileSync(`${process.argv[1]}/jsonschema/${name}.json`)));
    const example = JSON.parse(fs.readFileSync(`${process.argv[1]}/examples/${name}.json`));
    if (!valid(example)) console.log(name, valid.errors);
  } catch (error) { console.log(name, error.message); }
}
"""
GO_MAIN = """
package main

import ("io"; "os")

func main() {
	text, _ := io.ReadAll(os.Stdin)
	value, err := UnmarshalMessage(text)
	if err != nil { panic(err) }
	written, err := value.Marshal()
	if err != nil { panic(err) }
	os.Stdout.Write(written)
}
"""
PYTHON_MAIN = """
import sys, generated
model = getattr(generated, sys.argv[1])
sys.stdout.write(model.model_validate_json(sys.stdin.read()).model_dump_json())
"""


def run(command: list[str], *, stdin: bytes = b"", cwd: Path | None = None) -> bytes:
    environment = os.environ | {"NODE_PATH": str(NODE_MODULES), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, env=environment, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def minimal(name: str) -> dict[str, Any]:
    """Return a message with nothing but what must be there."""
    value = example_of(name)
    model: type[ContractModel] = MESSAGES[name]
    for field in [*value, *value.get("data", {})]:
        for part in (value, value.get("data", {})):
            kept = part.pop(field, None)
            try:
                model.from_json(json.dumps(value))
            except ValidationError:
                part[field] = kept
    if name in EVENTS[1:]:
        value |= {"specversion": "1.0", "type": name}  # Python fills these in; on the wire they are required
    return {key: item for key, item in value.items() if item is not None}


def assert_round_trip(name: str, write: Any) -> None:
    model: type[ContractModel] = MESSAGES[name]
    for value in (example_of(name), minimal(name)):
        text = json.dumps(value)

        assert model.from_json(text) == model.from_json(write(text.encode()))


def test_no_schema_demands_what_it_does_not_describe() -> None:
    """What ajv calls `strictRequired`; generators make two classes of one where a choice of `required` stands in it."""
    for name in MESSAGES:
        schema = json.loads((SCHEMAS / "jsonschema" / f"{name}.json").read_text(encoding="utf-8"))
        for part in [schema, *schema.get("$defs", {}).values()]:
            assert set(part.get("required", [])) <= part.get("properties", {}).keys(), name
            assert not {"anyOf", "oneOf", "allOf", "if"} & part.keys(), name


@needs_node
def test_every_schema_compiles_in_the_strict_mode_of_ajv_and_its_example_is_valid() -> None:
    names = json.dumps([*MESSAGES])

    assert b"" == run(["node", "-e", STRICT, str(SCHEMAS), names])


@needs_node
@needs_go
@pytest.mark.parametrize("name", ["article", "article.published.v1", "article.scraped.v1", "search-request"])
def test_a_go_class_made_by_quicktype_round_trips(tmp_path: Path, name: str) -> None:
    """Go writes null for every pointer and list that was not set."""
    schema = SCHEMAS / "jsonschema" / f"{name}.json"
    quicktype = [str(NODE_MODULES / ".bin" / "quicktype"), "--src-lang", "schema", "--lang", "go"]
    run([*quicktype, "--top-level", "Message", "--src", str(schema), "-o", str(tmp_path / "message.go")])
    (tmp_path / "main.go").write_text(GO_MAIN, encoding="utf-8")
    program = tmp_path / "program"
    run(["go", "build", "-o", str(program), "main.go", "message.go"], cwd=tmp_path)

    assert_round_trip(name, lambda text: run([str(program)], stdin=text))


@needs_codegen
@pytest.mark.parametrize("name", WRITTEN)
def test_a_python_class_made_by_datamodel_codegen_round_trips(tmp_path: Path, name: str) -> None:
    schema = SCHEMAS / "jsonschema" / f"{name}.json"
    options = ["--input-file-type", "jsonschema", "--output-model-type", "pydantic_v2.BaseModel"]
    run([str(CODEGEN), "--input", str(schema), "--output", str(tmp_path / "generated.py"), *options])
    command = [str(CODEGEN.parent / "python"), "-c", PYTHON_MAIN, MESSAGES[name].__name__]

    assert_round_trip(name, lambda text: run(command, stdin=text, cwd=tmp_path))
