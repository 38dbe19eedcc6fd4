"""The service runs no code that came in as data: what the source may not contain."""

import ast
from collections.abc import Iterator

import pytest
from tests.conftest import ROOT

SOURCES = [*(ROOT / "service" / "newsdex").rglob("*.py"), *(ROOT / "schemas" / "newsdex_schemas").rglob("*.py")]
RUN_CODE = {"eval", "exec", "compile", "__import__"}
UNPICKLE = {"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle", "joblib"}
SAFE = {("best_bets.py", "yaml.safe_load"): "makes plain values only, of an operator's own file"}
MAY_NAME_PICKLE = {
    "commits.py": "reads Whoosh's list of segments, in which nothing but our class of segments is allowed"
}


def nodes(kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path.name, node


def imported() -> set[tuple[str, str]]:
    found = {(file, alias.name.split(".")[0]) for file, node in nodes(ast.Import) for alias in node.names}  # type: ignore[attr-defined]
    return found | {(file, (node.module or "").split(".")[0]) for file, node in nodes(ast.ImportFrom)}  # type: ignore[attr-defined]


def called() -> set[tuple[str, str]]:
    """Return every call as (file, what is called)."""
    return {(file, ast.unparse(node.func)) for file, node in nodes(ast.Call)}  # type: ignore[attr-defined]


def test_nothing_is_evaluated() -> None:
    assert len(SOURCES) > 90
    assert set() == {(file, name) for file, name in called() if name in RUN_CODE or name.startswith("os.system")}


def test_nothing_is_unpickled_but_whooshs_list_of_segments() -> None:
    yaml = {(file, "yaml") for file, _ in SAFE}

    assert {(file, "pickle") for file in MAY_NAME_PICKLE} | yaml == {pair for pair in imported() if pair[1] in UNPICKLE}
    assert SAFE.keys() == {pair for pair in called() if pair[1].split(".")[0] in UNPICKLE} - {
        ("best_bets.py", "yaml.YAMLError")
    } - {("commits.py", "pickle.UnpicklingError")}


def test_no_shell_is_asked() -> None:
    keywords = [keyword for _, node in nodes(ast.Call) for keyword in node.keywords if keyword.arg == "shell"]  # type: ignore[attr-defined]

    assert [] == keywords


@pytest.mark.parametrize("layer", ["ingest", "search", "normalise"])
def test_what_reads_messages_opens_no_file(layer: str) -> None:
    """So no name from a message can become a path."""
    files = {path.name for path in SOURCES if path.parent.name == layer}
    opening = {"open", "Path", "os.open", "io.open"}
    modules = {"pathlib", "os", "shutil", "tempfile"}

    assert files
    assert set() == {pair for pair in called() if pair[0] in files and pair[1] in opening}
    assert set() == {pair for pair in imported() if pair[0] in files and pair[1] in modules}
