"""No command waits for the modules of another one: importing them takes longer than most commands do."""

import subprocess
import sys
from types import ModuleType

import pytest
import typer

import newsdex_schemas
from newsdex.cli import app
from newsdex.cli.lazy_group import COMMANDS

MAIN = """
import sys
from newsdex.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
ENGINE = {"numpy", "whoosh", "sqlite3", "newsdex.index", "newsdex.archive", "newsdex.search.service"}
SERVICE = {"faststream", "prometheus_client", "structlog", "newsdex.formats", "newsdex.normalise.page"}
CONNECTION = {"nats", "newsdex.apps.client", "newsdex_schemas.operations"}
MODELS = {"pydantic", "newsdex_schemas.model", "newsdex_schemas.search"}


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--version"], ENGINE | SERVICE | CONNECTION | MODELS | {"asyncio", "rich.progress"}),
        (["--help"], ENGINE | SERVICE | CONNECTION | MODELS | {"asyncio", "rich.progress"}),
        (["env"], ENGINE | SERVICE | {"nats", "rich.progress"}),
        (["search", "ferry"], ENGINE | SERVICE | {"rich.progress"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_nothing_that_it_does_not_use(
    arguments: list[str], unused: set[str], tmp_path: object
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        env={"NEWSDEX_DATA_DIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    imported = set(done.stderr.splitlines()[-1].split())

    assert "newsdex.cli" in imported
    assert set() == unused & imported


def test_every_name_of_the_contract_is_there_when_it_is_asked_for() -> None:
    given = {name: getattr(newsdex_schemas, name) for name in newsdex_schemas.__all__}

    assert [] == [name for name, value in given.items() if isinstance(value, ModuleType)]
    assert given.keys() <= set(dir(newsdex_schemas))
    with pytest.raises(AttributeError, match="no attribute 'Artikel'"):
        newsdex_schemas.Artikel  # noqa: B018 - asking is what fails


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_its_own_help_begins_with(name: str) -> None:
    command = typer.main.get_group(app).commands[name]

    assert name == command.name
    assert COMMANDS[name].help == (command.help or "").split("\n\n")[0].replace("\n", " ")


def test_the_list_has_every_command_that_the_modules_add() -> None:
    commands = {name for module in {listed.module for listed in COMMANDS.values()} for name in _added_by(module)}

    assert commands == COMMANDS.keys()


def _added_by(module: str) -> list[str]:
    parent = typer.Typer()
    __import__(f"newsdex.cli.{module}", fromlist=["add_to"]).add_to(parent)
    return list(typer.main.get_group(parent).commands)
