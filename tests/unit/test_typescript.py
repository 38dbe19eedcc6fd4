"""TypeScript's compiler takes the contract's examples for what they are, and refuses what breaks it.

`make contract-tools` installs the compiler; where it is absent, these tests are skipped.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.unit.test_contract_documents import MESSAGES, SCHEMAS, example_of

TSC = ROOT / ".contract-tools" / "node_modules" / ".bin" / "tsc"
STRICT = ("--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2022")
WRONG = {
    "a misspelt field of a request": 'const x: SearchRequest = { q: "ferry", tag: ["a"] };',
    "an order that there is not": 'const x: SearchRequest = { q: "ferry", sort: "best" };',
    "an article without an id": 'const x: Article = { title: "Ferry" };',
    "a number as a text": 'const x: Article = { id: "a", title: "Ferry", version: "1" };',
    "another type of event": (
        'const x: EventChannels["articles.withdrawn"] = '
        '{ specversion: "1.0", type: "article.published.v1", source: "s", id: "i", data: { id: "a", title: "t" } };'
    ),
    "hits of a reply that may be a problem": (
        'declare const x: RequestChannels["search.query"]["reply"]; console.log(x.hits);'
    ),
}

needs_tsc = pytest.mark.skipif(
    not TSC.exists() or shutil.which("node") is None, reason="no TypeScript compiler: make contract-tools"
)


def compiled(folder: Path, programs: dict[str, str]) -> str:
    """Return what the compiler says of some programs."""
    shutil.copy(SCHEMAS / "typescript" / "newsdex.d.ts", folder)
    names = sorted({model.__name__ for model in MESSAGES.values()} | {"EventChannels", "RequestChannels"})
    head = f'import type {{ {", ".join(names)} }} from "./newsdex";\n'
    for name, program in programs.items():
        (folder / f"{name}.ts").write_text(f"{head}{program}\nexport {{}};\n", encoding="utf-8")
    files = [f"{name}.ts" for name in programs]
    done = subprocess.run([str(TSC), *STRICT, *files], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@needs_tsc
def test_every_example_is_of_its_type(tmp_path: Path) -> None:
    program = "\n".join(
        f"export const x{number}: {model.__name__} = {json.dumps(example_of(name), ensure_ascii=False)};"
        for number, (name, model) in enumerate(MESSAGES.items())
    )
    told = 'declare const reply: RequestChannels["search.query"]["reply"];\nif ("hits" in reply) reply.hits[0]?.title;'

    assert "" == compiled(tmp_path, {"examples": program, "told-apart": told})


@needs_tsc
def test_what_breaks_the_contract_is_refused(tmp_path: Path) -> None:
    programs = {f"wrong{number}": program for number, program in enumerate(WRONG.values())}
    said = compiled(tmp_path, programs)

    assert [] == [what for what, name in zip(WRONG, programs, strict=True) if f"{name}.ts(2," not in said], said


def test_every_message_has_a_type() -> None:
    text = (SCHEMAS / "typescript" / "newsdex.d.ts").read_text(encoding="utf-8")

    assert [] == [name for name, model in MESSAGES.items() if f"export interface {model.__name__} {{" not in text]
