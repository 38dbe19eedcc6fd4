"""The kernel is compiled by what a machine has, and a wheel says where it runs."""

import runpy
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT

from newsdex.index.columnar.kernel import bindings

BUILD: dict[str, Any] = runpy.run_path(str(ROOT / "service" / "compile_kernel.py"))
LINUX_64 = pytest.mark.skipif(sysconfig.get_platform() != "linux-x86_64", reason="the tags are of this platform")


def hook() -> Any:
    return BUILD["KernelHook"](str(ROOT), {}, None, None, str(ROOT), "wheel")


def compiled(folder: Path, source: str, *options: str) -> bytes:
    """A library that is linked to glibc, by the compiler that comes as a package."""
    (folder / "made.c").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu.2.31", "-shared", *options]
    subprocess.run([*command, "-o", str(folder / "made.so"), str(folder / "made.c")], check=True)
    return (folder / "made.so").read_bytes()


def test_a_machine_with_a_compiler_needs_no_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gcc").write_text("", encoding="utf-8")
    (tmp_path / "gcc").chmod(0o755)
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert [] == hook().dependencies()
    assert [str(tmp_path / "gcc")] == BUILD["machine_compiler"]()


def test_a_machine_without_a_compiler_asks_for_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert ["ziglang>=0.17,<0.18"] == hook().dependencies()
    assert BUILD["compiler"]()[:4] == [sys.executable, "-m", "ziglang", "cc"]


def test_the_compiler_that_is_named_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "ccache 'my cc' -m64")

    assert ["ccache", "my cc", "-m64"] == BUILD["compiler"]()
    assert [] == hook().dependencies()


@LINUX_64
def test_the_kernel_runs_with_any_c_library() -> None:
    library = Path(bindings.__file__).with_name("kernel.so").read_bytes()

    assert ([], frozenset()) == (BUILD["needs"](library)[0], BUILD["needs"](library)[1] - BUILD["PROVIDED"])
    assert "manylinux_2_17_x86_64.musllinux_1_1_x86_64" == BUILD["platform_tag"](library)


@LINUX_64
def test_a_library_that_needs_a_newer_c_library_is_tagged_so(tmp_path: Path) -> None:
    source = "#include <sys/random.h>\nlong f(void *p) { return getrandom(p, 1, 0); }"

    assert "manylinux_2_25_x86_64" == BUILD["platform_tag"](compiled(tmp_path, source))


@LINUX_64
def test_a_library_that_needs_anything_else_is_for_machines_like_this_one(tmp_path: Path) -> None:
    source = "extern int nobody_has_this(void);\nint f(void) { return nobody_has_this(); }"

    assert "linux_x86_64" == BUILD["platform_tag"](compiled(tmp_path, source, "-nostdlib", "-Wl,-z,undefs"))


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("kernel.h", "    uint64_t how;\n    float weight;\n", "    float weight;\n    uint64_t how;\n"),
        ("phrase.c", "    uint64_t found;\n    uint64_t finished;\n", "    uint64_t finished;\n    uint64_t found;\n"),
    ],
)
def test_a_kernel_with_another_layout_is_not_loaded(tmp_path: Path, file: str, before: str, after: str) -> None:
    for path in Path(bindings.__file__).parent.glob("*.[ch]"):
        text = path.read_text(encoding="utf-8")
        assert path.name != file or before in text
        (tmp_path / path.name).write_text(text.replace(before, after) if path.name == file else text, encoding="utf-8")
    library = tmp_path / "other.so"
    sources = [str(path) for path in tmp_path.glob("*.c")]
    options = ("-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-sanitize=undefined")
    subprocess.run([*BUILD["compiler"](), *BUILD["ALWAYS"], *options, "-o", str(library), *sources], check=True)

    with pytest.raises(ImportError, match="another layout"):
        bindings.load(library)
