"""What every test may ask for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# the same examples on every machine, however slow it is; `--hypothesis-profile=default` draws new ones
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the kernel anew where its sources are newer: a checkout of another state changes them."""
    folder = ROOT / "service" / "newsdex" / "index" / "columnar" / "kernel"
    built, sources = folder / "kernel.so", [*folder.glob("*.[ch]"), folder.parents[3] / "compile_kernel.py"]
    stale = not built.exists() or built.stat().st_mtime < max(path.stat().st_mtime for path in sources)
    if stale and not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, str(folder.parents[3] / "compile_kernel.py")], check=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real test data, or skip the test where there is none."""
    folder = Path(os.environ.get("NEWSDEX_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}: set NEWSDEX_DATA")
    return folder


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see the defaults, whatever the developer's shell has set."""
    for name in os.environ:
        if name.startswith("NEWSDEX_") and name != "NEWSDEX_DATA":
            monkeypatch.delenv(name)
