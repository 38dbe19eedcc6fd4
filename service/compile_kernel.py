"""Compiles the kernel of the index, `newsdex/index/columnar/kernel`: at installation, and by hand when its C changes.

The compiler is a Python package, `ziglang`, so that no machine needs one of its own. The instructions are those that
every processor of the kind has: images are built elsewhere than they run.
"""

import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path(__file__).parent / "newsdex" / "index" / "columnar" / "kernel"
LIBRARY = FOLDER / "kernel.so"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Some systems name a processor otherwise than the compiler."""
OPTIONS = (
    "-shared", "-nostdlib", "-ffreestanding", "-fvisibility=hidden", "-s", "-std=c99", "-O3",
    "-ffp-contract=off",  # the same score on every processor
    "-fno-sanitize=undefined",  # the compiler's own default makes traps of what its optimiser relies on
    "-Wall", "-Wextra", "-Werror",
)  # fmt: skip


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]  # the builder's configuration is not used
    """Puts the library beside its sources and into the wheel; hatchling calls it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile, and say that the wheel is for this platform, but for any Python."""
        compile_kernel()
        build_data["artifacts"].append(str(LIBRARY.relative_to(self.root)))
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def compile_kernel() -> None:
    """Make the library of all sources; one that is in use stays whole."""
    machine = platform.machine().lower()
    target = f"{MACHINES.get(machine, machine)}-linux-none"
    sources = [str(path) for path in sorted(FOLDER.glob("*.c"))]
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        made = Path(folder, LIBRARY.name)
        command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *OPTIONS, "-o", str(made), *sources]
        caches = dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), folder)
        subprocess.run(command, check=True, env=os.environ | caches)
        made.replace(LIBRARY)


if __name__ == "__main__":
    compile_kernel()
