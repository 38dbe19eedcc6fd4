"""Compiles the kernel of the index, `newsdex/index/columnar/kernel`: at installation, and by hand when its C changes.

The compiler is `$CC`, or the machine's `cc`, `gcc` or `clang`; where there is none, the Python package `ziglang` is
asked for. The instructions are those that every processor of the kind has: images are built elsewhere than they run.
"""

import argparse
import os
import platform
import re
import shlex
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path(__file__).parent / "newsdex" / "index" / "columnar" / "kernel"
LIBRARY = FOLDER / "kernel.so"
ZIG = "ziglang>=0.17,<0.18"
COMPILERS = ("cc", "gcc", "clang")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Some systems name a processor otherwise than the compiler."""
ALWAYS = ("-shared", "-fPIC", "-fvisibility=hidden", "-std=c99", "-ffp-contract=off", "-Wall", "-Wextra")
"""Without contraction, a score is the same on every processor."""
ALONE = (
    "-s", "-O3", "-nostdlib", "-ffreestanding", "-fno-stack-protector",
    "-fno-sanitize=undefined",  # a default of zig's that makes traps of what its optimiser relies on
)  # fmt: skip
"""The library needs no C library but for what `PROVIDED` names."""
SANITIZED = (
    "-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Werror",
)  # fmt: skip
PROVIDED = frozenset({"memcpy", "memset", "memcmp", "memmove"})
"""What every process has, whichever C library it was linked to."""
OLDEST_GLIBC, OLDEST_MUSL = (2, 17), (1, 1)
"""The oldest C libraries for which installers know tags, and which run a Python that newsdex supports."""
GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMBOLS, _STRINGS, _DYNAMIC, _NEEDED = 11, 3, 6, 1


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]  # the builder's configuration is not used
    """Puts the library beside its sources and into the wheel; hatchling calls it."""

    def dependencies(self) -> list[str]:
        """Return what the build needs besides hatchling: a compiler where the machine has none."""
        return [] if machine_compiler() else [ZIG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile, and say that the wheel is for this platform, but for any Python."""
        compile_kernel()
        build_data["artifacts"].append(str(LIBRARY.relative_to(self.root)))
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(LIBRARY.read_bytes())}"


def machine_compiler() -> list[str] | None:
    """Return the command of the compiler that `$CC` names or that the machine has, or None."""
    if named := shlex.split(os.environ.get("CC", "")):
        return named
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    return [found] if found else None


def compiler() -> list[str]:
    """Return the command of the compiler to use; raise `SystemExit` where there is none."""
    if found := machine_compiler():
        return found
    if find_spec("ziglang") is None:
        raise SystemExit(f"the kernel needs a C compiler: install cc, gcc or clang, or the Python package {ZIG}")
    machine = platform.machine().lower()
    return [sys.executable, "-m", "ziglang", "cc", "-target", f"{MACHINES.get(machine, machine)}-linux-none"]


def compile_kernel(options: Sequence[str] = ALONE) -> None:
    """Make the library of all sources; one that is in use stays whole."""
    sources = [str(path) for path in sorted(FOLDER.glob("*.c"))]
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        made = Path(folder, LIBRARY.name)
        caches = dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), folder)
        command = [*compiler(), *ALWAYS, *options, "-o", str(made), *sources]
        subprocess.run(command, check=True, env=os.environ | caches)
        made.replace(LIBRARY)


def platform_tag(library: bytes) -> str:
    """Return the platforms of a wheel with a library, as PEP 425 joins them, by the symbols that the library needs.

    One that needs nothing but what every process has runs with glibc and musl alike; one that needs symbols of
    glibc runs with their newest version and later. Whatever else it needs, it is for machines like this one only.
    """
    system, machine = sysconfig.get_platform().replace("-", "_").replace(".", "_"), platform.machine().lower()
    needed, undefined = needs(library)
    versions = [(int(major), int(minor)) for major, minor in GLIBC.findall(library)]
    if not system.startswith("linux") or any(not name.startswith(("libc.so", "ld-linux")) for name in needed):
        return system
    if not needed and not versions:
        if undefined - PROVIDED:
            return system
        musl = f".musllinux_{OLDEST_MUSL[0]}_{OLDEST_MUSL[1]}_{machine}"
    else:
        musl = ""
    major, minor = max([OLDEST_GLIBC, *versions])
    return f"manylinux_{major}_{minor}_{machine}{musl}"


def needs(library: bytes) -> tuple[list[str], frozenset[str]]:
    """Return the libraries that an ELF file of 64 bits names, and the symbols that it leaves to others."""
    (start,), (size, count) = struct.unpack_from("<Q", library, 40), struct.unpack_from("<HH", library, 58)
    sections = [_SECTION.unpack_from(library, start + size * at) for at in range(count)]
    needed: list[str] = []
    undefined: set[str] = set()
    for _, kind, _, _, place, length, link, *_ in sections:
        if kind == _SYMBOLS:
            symbols = list(_SYMBOL.iter_unpack(library[place : place + length]))[1:]
            undefined |= {_text(library, sections[link][4] + symbol[0]) for symbol in symbols if symbol[3] == 0}
        if kind == _DYNAMIC:
            entries = struct.iter_unpack("<QQ", library[place : place + length])
            needed += [_text(library, sections[link][4] + value) for tag, value in entries if tag == _NEEDED]
    return needed, frozenset(undefined)


def _text(library: bytes, place: int) -> str:
    return library[place : library.index(b"\0", place)].decode()


def main() -> None:
    """Compile; with `--sanitized` for tests, and then print the runtime to be loaded before all else."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sanitized", action="store_true", help="check addresses and undefined behaviour")
    if not arguments.parse_args().sanitized:
        compile_kernel()
        return
    compile_kernel(SANITIZED)
    subprocess.run([*compiler(), "-print-file-name=libasan.so"], check=True)


if __name__ == "__main__":
    main()
