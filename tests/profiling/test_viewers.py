"""The files for viewers: to the letter of their formats, and holding what the profile holds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tinyprune import profile
from tinyprune.profiling.callgrind import callgrind
from tinyprune.profiling.profile import Profile
from tinyprune.toolchain.source_lines import SourceLines, source_lines

NUMBER = r"(?:0x[0-9a-f]+|\d+)"
# The grammar of "Callgrind Format Specification", as far as one part with instruction addresses and lines needs it.
HEADER = re.compile(r"(#.*|(version|creator|cmd|desc|positions|event|events|summary|totals): .+|)")
BODY = re.compile(rf"(ob|fl|fi|fe|fn|cfi|cfn)=.+|calls={NUMBER} {NUMBER} {NUMBER}|{NUMBER}( {NUMBER})+|totals: .+|")


def costs(text: str) -> tuple[Counter[str], Counter[str], list[str]]:
    """Cycles by function, its own and those with its calls, and the names of the events."""
    own, inclusive = Counter[str](), Counter[str]()
    function, called = "", False
    events = re.search(r"^events: (.*)$", text, re.MULTILINE)
    assert events
    for line in text.splitlines():
        if line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            called = True
        elif re.fullmatch(rf"{NUMBER}( {NUMBER})+", line):
            inclusive[function] += int(line.split()[2])
            own[function] += 0 if called else int(line.split()[2])
            called = False
    return own, inclusive, events[1].split()


def test_callgrind_to_the_letter(ours: Path) -> None:
    text = (ours / "callgrind.out.firmware").read_text()
    head, _, body = text.partition("ob=")
    assert all(HEADER.fullmatch(line) for line in head.splitlines())
    assert all(BODY.fullmatch(line) for line in f"ob={body}".splitlines())


def test_callgrind_holds_the_profile(ours: Path) -> None:
    one = profile(ours)
    text = (ours / "callgrind.out.firmware").read_text()
    own, inclusive, events = costs(text)
    assert events == ["Cycles", "Core", "Stalls", "Instructions"]
    assert own == {name: cost.cycles for name, cost in one.functions.items()}
    assert inclusive["tp_invoke"] == one.total.cycles
    assert inclusive["tp_layer_conv2d_1"] == one.layers["conv2d_1"].cycles
    total = f"{one.total.cycles} {one.total.core_cycles} {one.total.flash_stalls} {one.total.instructions}"
    assert f"\nsummary: {total}\n" in text and f"\ntotals: {total}\n" in text
    assert one.claim in text and str(ours) not in text


def test_callgrind_names_the_lines_of_the_source(ours: Path) -> None:
    text = (ours / "callgrind.out.firmware").read_text()
    files = set(re.findall(r"^f[lie]=(.*)$", text, re.MULTILINE)) - {"???"}
    assert {"model.c", "kernels/tp_requantize.h"} <= files
    for file in files:
        assert (ours / file).is_file(), file


def test_callgrind_without_sources_or_cycles(theirs: Path) -> None:
    one = profile(theirs, "stm32f4")
    own, inclusive, _ = costs(callgrind(one, SourceLines(())))
    assert own == inclusive == {name: cost.cycles for name, cost in one.functions.items()}


def test_callgrind_annotate_reads_it(ours: Path) -> None:
    if not (annotate := shutil.which("callgrind_annotate")):
        pytest.skip("callgrind_annotate is not on PATH")
    one = profile(ours)
    command = [annotate, "--threshold=100", "--inclusive=yes", "callgrind.out.firmware"]
    text = subprocess.run(command, cwd=ours, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^{one.total.cycles:,} \(100\.0%\).*PROGRAM TOTALS$", text, re.MULTILINE)
    assert re.search(rf"^ *{one.total.cycles:,} .*model\.c:tp_invoke", text, re.MULTILINE)


def check_speedscope(document: dict[str, Any], one: Profile) -> None:
    """What its file-format-spec.ts asks for of a file with sampled profiles."""
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = document["shared"]["frames"]
    assert all(frame.keys() <= {"name", "file", "line", "col"} for frame in frames)
    assert document["activeProfileIndex"] in range(len(document["profiles"]))
    for sampled in document["profiles"]:
        assert sampled.keys() == {"type", "name", "unit", "startValue", "endValue", "samples", "weights"}
        assert sampled["type"] == "sampled" and sampled["unit"] == "none"
        assert len(sampled["samples"]) == len(sampled["weights"])
        assert all(i in range(len(frames)) for stack in sampled["samples"] for i in stack)
        assert sampled["endValue"] - sampled["startValue"] == sum(sampled["weights"])
    cycles = document["profiles"][0]
    by_function, by_root = Counter[str](), Counter[str]()
    for stack, weight in zip(cycles["samples"], cycles["weights"], strict=True):
        by_function[frames[stack[-1]]["name"]] += weight
        by_root[frames[stack[0]]["name"]] += weight
    assert by_function == {name: cost.cycles for name, cost in one.functions.items()}
    for name, cost in one.layers.items():
        assert by_root[f"tp_layer_{name}" if name else "tp_invoke"] == cost.cycles


def test_speedscope(ours: Path, theirs: Path, tmp_path: Path) -> None:
    check_speedscope(json.loads((ours / "firmware.speedscope.json").read_text()), profile(ours))
    one = profile(theirs, "stm32f4", output=tmp_path / "out")
    check_speedscope(json.loads((tmp_path / "out" / "theirs.speedscope.json").read_text()), one)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"callgrind.out.theirs", "theirs.speedscope.json"}


def test_speedscope_shows_layers_in_the_order_of_execution(ours: Path) -> None:
    document = json.loads((ours / "firmware.speedscope.json").read_text())
    frames = [frame["name"] for frame in document["shared"]["frames"]]
    roots = list(dict.fromkeys(frames[stack[0]] for stack in document["profiles"][0]["samples"]))
    assert roots == [f"tp_layer_{name}" if name else "tp_invoke" for name in profile(ours).layers]


def test_lines_of_the_source(theirs: Path) -> None:
    lines, one = source_lines(theirs), profile(theirs, "stm32f4")
    text = (theirs.parent / "theirs.c").read_text().splitlines()
    for name in ("triangle", "main"):
        symbol = one.elf.symbols[name]
        found = [lines.at(address) for address in range(symbol.address, symbol.address + symbol.bytes, 2)]
        places = [place for place in found if place]  # compilers give some instructions no line
        assert {Path(file).name for file, _ in places} == {"theirs.c"} and len(places) > len(found) / 2
        begins = next(i for i, line in enumerate(text, 1) if line.startswith("KEPT") and f" {name}(" in line)
        assert all(begins <= line <= begins + 6 for _, line in places)
    assert lines.at(0x2000_0000) is None


def test_the_same_build_gives_the_same_files(ours: Path, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in ours.glob("*firmware*") if file.suffix != ".map"}
    profile(ours)
    assert {name: (ours / name).read_bytes() for name in before} == before
