"""deploy/SECURITY.md names a test for each thing that it promises, and speaks of every role."""

import ast
import re

import pytest
from tests.conftest import ROOT
from tests.faults.test_roles import rights

TEXT = (ROOT / "deploy" / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
SECTIONS = {part.partition("\n")[0]: part for part in TEXT.split("\n## ")[1:]}


def rows(heading: str) -> dict[str, str]:
    """Return a table's rows by their first cell."""
    lines = [line for line in SECTIONS[heading].splitlines() if line.startswith("| ")][1:]
    return {line.split(" | ")[0].strip("|` "): line for line in lines}


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(TEXT)

    assert len(named) > 20
    assert [] == [(path, name) for path, name in named if name not in functions_of(path)]
    assert len(named) == TEXT.count("::"), "one is named in another form"


@pytest.mark.parametrize("users", ["users.conf", "accounts.conf"])
def test_every_role_has_its_row(users: str) -> None:
    assert set(rights(users)) == set(rows("Roles"))


@pytest.mark.parametrize("heading", ["Roles", "Without a role"])
def test_every_row_names_a_test(heading: str) -> None:
    assert [] == [who for who, row in rows(heading).items() if not NAMED.search(row)]
