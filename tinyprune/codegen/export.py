"""A model as a library for somebody else's firmware: plain C, or laid out for a build system. One row of FORMS each."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tinyprune import paths
from tinyprune.codegen import c
from tinyprune.codegen.files import Files
from tinyprune.codegen.model import model_kernels, model_values
from tinyprune.codegen.templates import render
from tinyprune.ir import Graph, Int8

ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest: same input, same bytes


@dataclass(frozen=True)
class Library:
    """What every form is laid out from. `private` are the model's source, the kernels and their headers, by name."""

    name: str
    values: Mapping[str, Any]
    header: str
    private: Mapping[str, str]
    sample: str

    def template(self, name: str, **more: object) -> str:
        return render(f"export/{name}", {**self.values, **more})

    def sources(self, folder: str = "src") -> list[str]:
        return [f"{folder}/{name}" for name in self.private if name.endswith(".c")]

    def headers(self, folder: str = "src") -> list[str]:
        return [f"{folder}/{name}" for name in self.private if name.endswith(".h")]


def export_files(graph: Graph, form: str, version: str, sample: Int8, expected: Int8) -> Files:
    """The model of `graph`, ready for code, with the kernels that it calls, laid out as FORMS says for `form`.

    `sample` is one input and `expected` the reference's output for it, both flat: what the example runs and compares.
    """
    return FORMS[form](_library(graph, version, sample, expected))


def identifier(name: str) -> str:
    """`name` as the beginning of C names: lower case, no digit first, and not one of the kernels' `tp_`."""
    plain = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_") or "model"
    return f"model_{plain}" if plain[0].isdigit() or plain.startswith("tp_") else plain


def _library(graph: Graph, version: str, sample: Int8, expected: Int8) -> Library:
    name = identifier(graph.name)
    values: dict[str, Any] = {
        **model_values(graph, version),
        "name": name,
        "macro": name.upper(),
        "sample": c.numbers(sample.reshape(-1).tolist()),
        "sample_bytes": sample.size,
        "expected": c.numbers(expected.reshape(-1).tolist()),
        "expected_bytes": expected.size,
    }
    kernels = {PurePosixPath(path).name: str(content) for path, content in model_kernels(values).items()}
    return Library(
        name,
        values,
        render("export/model.h.j2", values),
        {f"{name}.c": render("export/model.c.j2", values), **kernels},
        render("export/sample.h.j2", values),
    )


def _documents(library: Library, use: str) -> Files:
    return {
        "README.md": library.template("README.md.j2", use=use),
        "LICENSE": paths.license().read_text(encoding="utf-8"),
    }


def _folders(library: Library, example: str = "example") -> Files:
    """`include/` for the user, `src/` for the library, and the example."""
    return {
        f"include/{library.name}.h": library.header,
        **{f"src/{name}": content for name, content in library.private.items()},
        f"{example}/main.c": library.template("example.c.j2"),
        f"{example}/{library.name}_sample.h": library.sample,
    }


def _c(library: Library) -> Files:
    return {
        f"{library.name}.h": library.header,
        **library.private,
        "example.c": library.template("example.c.j2"),
        f"{library.name}_sample.h": library.sample,
        **_documents(library, "All of it: `cc -O3 *.c -o example`."),
    }


def _cmake(library: Library) -> Files:
    use = f"`add_subdirectory({library.name})`, `target_link_libraries(app PRIVATE tinyprune::{library.name})`."
    return {
        **_folders(library),
        "CMakeLists.txt": library.template("CMakeLists.txt.j2", sources=library.sources()),
        **_documents(library, use),
    }


def _arduino(library: Library) -> Files:
    """As the Arduino library specification, 1.5 and later, has it."""
    example = f"examples/{library.name}_sample"
    return {
        "library.properties": library.template("library.properties.j2"),
        f"src/{library.name}.h": library.header,
        **{f"src/{name}": content for name, content in library.private.items()},
        f"{example}/{library.name}_sample.ino": library.template("example.ino.j2"),
        f"{example}/{library.name}_sample.h": library.sample,
        **_documents(library, "Put this folder into `libraries/` of your sketchbook."),
    }


def _zephyr(library: Library) -> Files:
    """A module, as Zephyr's documentation of modules has it."""
    use = f"Add this folder to `ZEPHYR_EXTRA_MODULES`, and set `CONFIG_TINYPRUNE_{library.name.upper()}=y`."
    return {
        **_folders(library),
        "zephyr/module.yml": library.template("module.yml.j2"),
        "zephyr/CMakeLists.txt": library.template("zephyr_CMakeLists.txt.j2", sources=library.sources()),
        "zephyr/Kconfig": library.template("Kconfig.j2"),
        **_documents(library, use),
    }


def _platformio(library: Library) -> Files:
    """As PlatformIO's documentation of library.json has it."""
    manifest = {
        "name": library.name,
        "version": library.values["version"],
        "description": f"The neural network {library.name}, int8, exported by tinyprune",
        "license": "Apache-2.0",
        "frameworks": "*",
        "platforms": "*",
        "headers": f"{library.name}.h",
        "build": {"includeDir": "include", "srcDir": "src", "flags": ["-O3"]},
    }
    return {
        **_folders(library, f"examples/{library.name}"),
        "library.json": json.dumps(manifest, indent=2) + "\n",
        **_documents(library, "Put this folder into `lib/` of your project."),
    }


def _cmsis_pack(library: Library) -> Files:
    """A software component, as the Open-CMSIS-Pack specification has it: the files, and the pack of them."""
    lists = {"sources": library.sources(), "headers": library.headers()}
    content: Files = {
        **_folders(library),
        f"tinyprune.{library.name}.pdsc": library.template("pack.pdsc.j2", **lists),
        **_documents(library, "`cpackget add` the .pack file, and select the component in your project."),
    }
    return {**content, f"tinyprune.{library.name}.{library.values['version']}.pack": _zip(content)}


def _zip(files: Files) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


FORMS: dict[str, Callable[[Library], Files]] = {
    "c": _c,
    "cmake": _cmake,
    "arduino": _arduino,
    "zephyr": _zephyr,
    "platformio": _platformio,
    "cmsis-pack": _cmsis_pack,
}
