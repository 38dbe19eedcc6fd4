"""The tutorial's steps, run as they stand one after the other, print what stands below them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.conftest import ROOT
from tests.integration.running import Running, Service

TUTORIAL = (ROOT / "TUTORIAL.md").read_text(encoding="utf-8")
TOOLS = ("curl", "nats", "node")
END_OF_STEP = "--- the end of step"


class Step(NamedTuple):
    """A heading's commands, and what they print."""

    title: str
    commands: str
    printed: str

    @property
    def missing(self) -> str | None:
        """Return the tool that the commands need and that is not there."""
        needed = [tool for tool in TOOLS if re.search(rf"^\s*{tool} ", self.commands, re.MULTILINE)]
        return next((tool for tool in needed if shutil.which(tool) is None), None)


def steps() -> Iterator[Step]:
    for section in TUTORIAL.split("\n## ")[1:]:
        found = re.findall(r"```sh\n(.*?)```\n```text\n(.*?)```", section, re.DOTALL)
        for commands, printed in found:
            yield Step(section.splitlines()[0], commands, printed)


STEPS = [*steps()]


@pytest.fixture(scope="module")
def outputs(_up: tuple[Service, Running], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what each step printed, all of them in one shell; a step whose tool is missing is left out."""
    service, up = _up
    programs: Path = tmp_path_factory.mktemp("bin")
    for name, command in {"newsdex": f"{sys.executable} -m newsdex", "python": sys.executable}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    script = "".join(
        f"{step.commands}\necho '{END_OF_STEP}'\n" if not step.missing else f"echo '{END_OF_STEP}'\n" for step in STEPS
    )
    script = script.replace(".demo/newsdex.log", str(up.log))
    environment = service.environment | {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
        check=False,
        cwd=ROOT,
    )
    parts = done.stdout.decode().split(f"{END_OF_STEP}\n")
    return dict(zip((step.title for step in STEPS), parts, strict=False))


def test_every_step_has_commands_and_what_they_print() -> None:
    assert 9 == len(STEPS) == len({step.title for step in STEPS})


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_a_step_prints_what_stands_below_it(step: Step, outputs: dict[str, str]) -> None:
    if step.missing:
        pytest.skip(f"no {step.missing}")
    pattern = re.escape(step.printed.strip()).replace("…", ".*?")

    assert re.search(rf"(?s)^{pattern}", outputs[step.title].strip()), outputs[step.title]
