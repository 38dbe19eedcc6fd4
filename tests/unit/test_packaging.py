"""What the two distributions say of themselves, and that the wheel that is built says it too."""

import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from trove_classifiers import classifiers

DISTRIBUTIONS = [ROOT, ROOT / "schemas"]


def project(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


@pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=lambda folder: folder.name)
def test_a_distribution_names_its_licence_and_its_authors(folder: Path) -> None:
    said = project(folder)

    assert ("Apache-2.0", ["LICENSE"]) == (said["license"], said["license-files"])
    assert [{"name": "The newsdex authors"}] == said["authors"]
    assert said["keywords"]
    assert set() == set(said["classifiers"]) - classifiers


def test_the_licence_is_there_whole_and_the_same_for_both() -> None:
    first, second = ((folder / "LICENSE").read_text(encoding="utf-8") for folder in DISTRIBUTIONS)

    assert first == second
    assert first.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert all(f"   {number}. " in first for number in range(1, 10))
    assert "END OF TERMS AND CONDITIONS" in first
    assert first.rstrip().endswith("limitations under the License.")


def test_the_contracts_wheel_brings_licence_readme_and_keywords(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT / "schemas", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        (metadata,) = (name for name in files.namelist() if name.endswith("/METADATA"))
        told = message_from_bytes(files.read(metadata))
        licences = [name for name in files.namelist() if name.endswith("licenses/LICENSE")]

    assert ("Apache-2.0", "The newsdex authors") == (told["License-Expression"], told["Author"])
    assert told["Keywords"]
    assert "# The contract of newsdex" in str(told.get_payload())
    assert len(licences) == 1
