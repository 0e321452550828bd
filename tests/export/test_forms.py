"""Each form in the tool that it is for, or held against its published specification."""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from compiling import STRICT, compiler, run

import tinyprune
from tinyprune import board
from tinyprune.codegen.firmware import firmware_files
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.unicorn import NEVER
from tinyprune.exporting import export
from tinyprune.toolchain import read_elf, write_files

Exported = Callable[[str], Path]
USER = """
cmake_minimum_required(VERSION 3.13)
project(user C CXX)
add_subdirectory(cmake)
add_executable(in_c cmake/example/main.c)
add_executable(in_cpp main.cpp)
target_include_directories(in_cpp PRIVATE cmake/example)
foreach(user in_c in_cpp)
    target_link_libraries(${user} PRIVATE tinyprune::digits)
endforeach()
"""
TOOLCHAIN = """
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -fno-tree-loop-distribute-patterns")
"""
FIRMWARE = """
cmake_minimum_required(VERSION 3.13)
project(firmware C)
add_subdirectory(cmake)
add_executable(firmware.elf main.c startup.c console.c runtime.c port.c)
target_compile_options(firmware.elf PRIVATE -ffreestanding)
target_include_directories(firmware.elf PRIVATE cmake/example)
target_link_options(firmware.elf PRIVATE -nostdlib -T${CMAKE_SOURCE_DIR}/firmware.ld)
target_link_libraries(firmware.elf PRIVATE tinyprune::digits gcc)
"""
MAIN = """#include "digits.h"
#include "digits_sample.h"
#include "port.h"
#include "startup.h"
#include "string.h"

int main(void);
%s
int main(void) {
    (void)port_init();
    finish((uint32_t)run_sample());
}
"""
CATEGORIES = [  # Arduino library specification, library.properties
    "Display",
    "Communication",
    "Signal Input/Output",
    "Sensors",
    "Device Control",
    "Timing",
    "Data Storage",
    "Data Processing",
    "Other",
]


def test_cmake_by_itself(exported: Exported, tmp_path: Path) -> None:
    cmake = compiler("cmake")
    exported("cmake")
    run(cmake, "-S", "cmake", "-B", "build", folder=tmp_path)
    run(cmake, "--build", "build", folder=tmp_path)
    assert "100% tests passed" in run(compiler("ctest"), "--test-dir", "build", folder=tmp_path)


def test_cmake_in_a_project_of_c_and_cpp(exported: Exported, tmp_path: Path) -> None:
    cmake = compiler("cmake")
    folder = exported("cmake")
    (tmp_path / "CMakeLists.txt").write_text(USER)
    shutil.copy(folder / "example" / "main.c", tmp_path / "main.cpp")
    run(cmake, "-S", ".", "-B", "build", f"-DCMAKE_CXX_FLAGS={' '.join(STRICT)}", folder=tmp_path)
    run(cmake, "--build", "build", folder=tmp_path)
    for program in ("in_c", "in_cpp"):
        assert "0 output values differ" in run(tmp_path / "build" / program, folder=tmp_path)


def in_a_cortex_m4(library: str, folder: Path, wrong: int = 0) -> int | None:
    """A firmware that CMake alone builds around the library in `folder`/cmake: what it exits with in an emulator, the
    number of values that differ, and `wrong` more."""
    cmake, _ = compiler("cmake"), compiler("arm-none-eabi-gcc")
    example = (folder / "cmake" / "example" / "main.c").read_text()
    check = example[example.index("/** @return") : example.index("int main")]
    on = board.load("stm32f4")
    write_files(firmware_files(on, arena_bytes=40_000), folder)
    main = MAIN % check.replace("differing = 0", f"differing = {wrong}")
    (folder / "main.c").write_text(main.replace("digits", library))
    (folder / "CMakeLists.txt").write_text(FIRMWARE.replace("digits", library))
    (folder / "m4.cmake").write_text(TOOLCHAIN)
    run(cmake, "-S", ".", "-B", "m4", "-DCMAKE_TOOLCHAIN_FILE=m4.cmake", folder=folder)
    run(cmake, "--build", "m4", folder=folder)
    machine = Machine(read_elf(folder / "m4" / "firmware.elf"), on)
    machine.go(NEVER)
    return machine.exit_code


@pytest.mark.parametrize("wrong", [0, 1])
def test_cmake_for_a_cortex_m4(wrong: int, exported: Exported, tmp_path: Path) -> None:
    exported("cmake")
    assert in_a_cortex_m4("digits", tmp_path, wrong) == wrong


@pytest.mark.slow
def test_keyword_spotting_for_the_host_and_a_cortex_m4(tmp_path: Path) -> None:
    if "TINYPRUNE_MODELS" not in os.environ:
        pytest.skip("TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite")
    model = Path(os.environ["TINYPRUNE_MODELS"]) / "mlperf_tiny" / "kws.tflite"
    tinyprune.build(model, "stm32f4", emulator="none", output=tmp_path / "built")
    export(tmp_path / "built", "cmake", tmp_path / "cmake")
    run(compiler("cmake"), "-S", "cmake", "-B", "host", folder=tmp_path)
    run(compiler("cmake"), "--build", "host", folder=tmp_path)
    assert "kws: 0 output values differ" in run(tmp_path / "host" / "kws_example", folder=tmp_path)
    assert in_a_cortex_m4("kws", tmp_path) == 0


def test_arduino(exported: Exported, tmp_path: Path) -> None:
    """Laid out by the Arduino library specification; the sketch compiles as C++ against a small Arduino.h."""
    folder = exported("arduino")
    fields = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
    required = "name version author maintainer sentence paragraph category url architectures"
    assert set(required.split()) <= set(fields) and fields["category"] in CATEGORIES
    assert re.fullmatch(r"\d+\.\d+\.\d+", fields["version"]) and re.fullmatch(
        r"[A-Za-z0-9][\w .-]{0,62}", fields["name"]
    )
    assert (folder / "src" / fields["includes"]).is_file()
    (sketch,) = (folder / "examples").glob("*/*.ino")
    assert sketch.stem == sketch.parent.name
    assert {entry.name for entry in folder.iterdir()} == {
        "LICENSE",
        "README.md",
        "examples",
        "library.properties",
        "src",
    }
    (tmp_path / "Arduino.h").write_text(ARDUINO)
    (tmp_path / "sketch.cpp").write_text(
        f'#include "Arduino.h"\n#include "{sketch}"\nint main() {{ setup(); loop(); }}\n'
    )
    run(
        compiler("cc", "gcc"), "-O2", "-c", *sorted(str(file) for file in (folder / "src").glob("*.c")), folder=tmp_path
    )
    objects = [file.name for file in tmp_path.glob("*.o")]
    run(compiler("c++", "g++"), f"-I{folder / 'src'}", "sketch.cpp", *objects, "-o", "sketch", folder=tmp_path)
    assert "differ from the reference: 0" in run(tmp_path / "sketch", folder=tmp_path)


ARDUINO = """#include <cstdio>
struct {
    void begin(int) {}
    operator bool() { return true; }
    void print(const char *text) { printf("%s", text); }
    void print(int value) { printf("%d", value); }
    void println(unsigned long value) { printf("%lu\\n", value); }
} Serial;
unsigned long micros() { return 0; }
void delay(int) {}
"""

ZEPHYR = """
cmake_minimum_required(VERSION 3.13)
project(zephyr C)
set(CONFIG_TINYPRUNE_DIGITS y)
function(zephyr_include_directories)
    include_directories(${ARGN})
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY INCLUDE_DIRECTORIES ${ARGN})
endfunction()
macro(zephyr_library_named name)
    set(library ${name})
    add_library(${name} STATIC)
endmacro()
macro(zephyr_library_sources)
    target_sources(${library} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_include_directories)
    target_include_directories(${library} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_compile_options)
    target_compile_options(${library} PRIVATE ${ARGN})
endmacro()
add_subdirectory(zephyr/zephyr module)
add_executable(app zephyr/example/main.c)
target_link_libraries(app PRIVATE tinyprune_digits)
"""


def test_zephyr(exported: Exported, tmp_path: Path) -> None:
    """A module as Zephyr documents it; its CMake code runs with the functions that Zephyr's would find there."""
    folder = exported("zephyr")
    module = (folder / "zephyr" / "module.yml").read_text()
    assert module == "name: digits\nbuild:\n  cmake: zephyr\n  kconfig: zephyr/Kconfig\n"
    kconfig = (folder / "zephyr" / "Kconfig").read_text()
    assert kconfig.startswith("config TINYPRUNE_DIGITS\n\tbool ") and "\n\thelp\n" in kconfig
    (tmp_path / "CMakeLists.txt").write_text(ZEPHYR)
    run(compiler("cmake"), "-S", ".", "-B", "build", folder=tmp_path)
    run(compiler("cmake"), "--build", "build", folder=tmp_path)
    assert "0 output values differ" in run(tmp_path / "build" / "app", folder=tmp_path)


def test_platformio(exported: Exported, tmp_path: Path) -> None:
    """library.json as PlatformIO documents it, and a compilation by what it says."""
    folder = exported("platformio")
    manifest = json.loads((folder / "library.json").read_text())
    assert set(manifest) == {"name", "version", "description", "license", "frameworks", "platforms", "headers", "build"}
    assert re.fullmatch(r"[\w .-]{1,50}", manifest["name"]) and re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    build = manifest["build"]
    assert (
        set(build) == {"includeDir", "srcDir", "flags"}
        and (folder / build["includeDir"] / manifest["headers"]).is_file()
    )
    sources = [*(folder / build["srcDir"]).glob("*.c"), *(folder / "examples" / "digits").glob("*.c")]
    include = f"-I{folder / build['includeDir']}"
    run(compiler("cc", "gcc"), *build["flags"], include, *sorted(map(str, sources)), "-o", "app", folder=tmp_path)
    assert "0 output values differ" in run(tmp_path / "app", folder=tmp_path)


def test_cmsis_pack(exported: Exported) -> None:
    """The description as the Open-CMSIS-Pack specification has it, and a pack that holds what it names."""
    folder = exported("cmsis-pack")
    package = ElementTree.parse(folder / "tinyprune.digits.pdsc").getroot()
    required = ["vendor", "name", "description", "url", "license", "releases"]
    assert [child.tag for child in package][: len(required)] == required and package.get("schemaVersion")
    assert [package.findtext(tag) for tag in ("vendor", "name")] == ["tinyprune", "digits"]
    version = package.find("releases/release").get("version")  # type: ignore[union-attr]
    component = package.find("components/component")
    assert component is not None and all(component.get(key) for key in ("Cclass", "Cgroup", "Csub", "Cversion"))
    files = {str(file.get("name")): file.get("category") for file in component.iterfind("files/file")}
    assert set(files.values()) == {"include", "header", "source", "doc", "other"}
    with zipfile.ZipFile(folder / f"tinyprune.digits.{version}.pack") as archive:
        inside = set(archive.namelist())
        assert {name for name, category in files.items() if category != "include"} <= inside
        assert {"tinyprune.digits.pdsc", "LICENSE"} <= inside
        assert all(archive.read(name) == (folder / name).read_bytes() for name in inside)
    assert {name for name in inside if name.endswith(".c")} == {
        name for name, category in files.items() if category == "source" or name == "example/main.c"
    }
