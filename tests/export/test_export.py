"""The library in C: the reference's bits, clean in C and C++, nothing global but the arena, which the caller places."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from compiling import STRICT, compile_all, compiler, run
from typer.testing import CliRunner

from tinyprune.cli import app
from tinyprune.codegen.export import FORMS, identifier
from tinyprune.codegen.files import Files
from tinyprune.errors import TinypruneError
from tinyprune.exporting import export
from tinyprune.toolchain import write_files

Exported = Callable[[str], Path]


def test_the_example_gives_the_references_bits(exported: Exported) -> None:
    folder = exported("c")
    assert compile_all(folder) == "digits: 0 output values differ from the reference\n"


def test_the_example_would_notice_other_bits(exported: Exported) -> None:
    folder = exported("c")
    file = folder / "digits_sample.h"
    text = file.read_text()
    where = text.index("digits_expected")
    first = re.compile(r"(= \{\s+)(-?\d+)").search(text, where)
    assert first is not None
    file.write_text(text[: first.start(2)] + str(int(first[2]) ^ 1) + text[first.end(2) :])
    sources = sorted(source.name for source in folder.glob("*.c"))
    run(compiler("cc", "gcc", "clang"), *sources, "-o", "example", folder=folder)
    result = subprocess.run([folder / "example"], capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "digits: 1 output values differ" in result.stdout


def test_several_inputs_and_outputs(tangled: Path, tmp_path: Path) -> None:
    export(tangled, "c", tmp_path / "c")
    assert compile_all(tmp_path / "c") == "model_1_of_two: 0 output values differ from the reference\n"
    header = (tmp_path / "c" / "model_1_of_two.h").read_text()
    for name in ("input_0", "input_1", "output_0", "output_1"):
        assert f"model_1_of_two_{name}(void);" in header and f"MODEL_1_OF_TWO_{name.upper()}_SHAPE" in header
    assert "void model_1_of_two_invoke(void);" in header and "_init" not in header


def test_a_model_that_remembers_is_begun(remembering: Files, tmp_path: Path) -> None:
    write_files(remembering, tmp_path)
    assert "0 output values differ" in compile_all(tmp_path)
    (header,) = [str(text) for name, text in remembering.items() if re.fullmatch(r"(?!tp_)\w+(?<!_sample)\.h", name)]
    assert "_init(void);" in header
    source = (tmp_path / "example.c").read_text()
    twice = source.replace("= run_sample();", "= run_sample() + run_sample();")  # it begins anew each time
    (tmp_path / "example.c").write_text(twice)
    assert "0 output values differ" in compile_all(tmp_path)


def test_the_headers_and_the_example_are_cpp(exported: Exported) -> None:
    folder = exported("c")
    objects = [str(file.name) for file in folder.glob("*.c") if file.name != "example.c"]
    run(compiler("cc", "gcc", "clang"), "-c", *objects, folder=folder)
    (folder / "example.cpp").write_text((folder / "example.c").read_text())
    built = [file.name for file in folder.glob("*.o")]
    run(compiler("c++", "g++", "clang++"), "-std=c++11", *STRICT, "example.cpp", *built, "-o", "cpp", folder=folder)
    assert "0 output values differ" in run(folder / "cpp", folder=folder)


def test_only_the_kernels_that_are_called_are_there(exported: Exported) -> None:
    folder = exported("c")
    called = set(re.findall(r"\b(tp_\w+_s8)\(", (folder / "digits.c").read_text()))
    shared = {file.stem for file in folder.glob("tp_*.h")}  # sources of a header come with it
    assert {file.stem for file in folder.glob("tp_*.c")} - shared <= called
    included = {name for file in folder.glob("*.[ch]") for name in re.findall(r'#include "(.+)"', file.read_text())}
    assert included == {file.name for file in folder.glob("*.h")}


def test_the_arena_is_the_only_variable(exported: Exported) -> None:
    folder = exported("c")
    sources = [file.name for file in folder.glob("*.c") if file.name != "example.c"]
    run(compiler("cc", "gcc", "clang"), "-O2", "-fno-pic", "-c", *sources, folder=folder)
    objects = [file.name for file in folder.glob("*.o")]
    symbols = [line.split()[-2:] for line in run(compiler("nm"), *objects, folder=folder).splitlines() if " " in line]
    assert {name for kind, name in symbols if kind in "BbDdCc"} == {"digits_arena"}
    functions = {name for kind, name in symbols if kind == "T"}
    assert {name for name in functions if not name.startswith("tp_")} == {"digits_input", "digits_invoke"}


def test_the_caller_places_the_arena(exported: Exported) -> None:
    folder = exported("c")
    own = folder / "own.c"
    own.write_text('#include "digits.h"\nint8_t digits_arena[DIGITS_ARENA_BYTES] __attribute__((aligned(8)));\n')
    assert "0 output values differ" in compile_all(folder, "-DDIGITS_ARENA_EXTERN")
    own.unlink()
    section = '-DDIGITS_ARENA_ATTRIBUTES=__attribute__((section(".fast")))'
    assert "0 output values differ" in compile_all(folder, section)
    assert ".fast" in run(compiler("readelf"), "-S", "-W", "example", folder=folder)


def test_the_same_build_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    for form in FORMS:
        here, there = tmp_path / "here" / form, tmp_path / "there" / form
        names = export(built, form, here)
        assert (
            names
            == export(built, form, there)
            == sorted(str(file.relative_to(here).as_posix()) for file in here.rglob("*") if file.is_file())
        )
        assert all((here / name).read_bytes() == (there / name).read_bytes() for name in names)
        assert {"README.md", "LICENSE"} <= set(names) and "Apache License" in (here / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("digits", "digits"),
        ("KWS-2.1", "kws_2_1"),
        ("1d", "model_1d"),
        ("tp_x", "model_tp_x"),
        ("éß", "model"),
        ("", "model"),
    ],
)
def test_names_become_c_names(name: str, wanted: str) -> None:
    assert identifier(name) == wanted


def test_what_cannot_be_exported(built: Path, tmp_path: Path) -> None:
    with pytest.raises(TinypruneError, match="unknown form of export 'cmak'") as caught:
        export(built, "cmak", tmp_path / "x")
    assert "did you mean cmake" in caught.value.remedy
    with pytest.raises(TinypruneError, match="not a tinyprune build directory"):
        export(tmp_path, "c", tmp_path / "x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("mine")
    with pytest.raises(TinypruneError, match="mine exists"):
        export(built, "c", tmp_path / "mine")
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_the_command(built: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(built), "--as", "cmake", "-o", str(tmp_path / "lib")])
    assert result.exit_code == 0 and "README.md says how" in result.output
    assert (tmp_path / "lib" / "CMakeLists.txt").is_file()
