"""A model of two inputs and two outputs through the whole tool, in Python and on the command line."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tangle import tangle
from tflite_writer import Writer

import tinyprune
from tinyprune import edges, reference
from tinyprune.errors import TinypruneError
from tinyprune.frontend import tflite_import
from tinyprune.ir import Int8
from tinyprune.report.report import Report

Arrays = dict[str, Int8]
OUTPUTS = ["bent", "b"]  # one of them is an input, too


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / "tangle.tflite"
    file.write_bytes(tangle(["a", "b"], OUTPUTS))
    return file


@pytest.fixture(scope="module")
def built(model: Path) -> tuple[Path, Report]:
    folder = model.parent / "out"
    return folder, tinyprune.build(model, "stm32f4", output=folder)


def random_arrays(count: int = 4) -> Arrays:
    random = np.random.default_rng(1)
    return {
        name: random.integers(-128, 128, (count, *shape), np.int8) for name, shape in {"a": (3, 5), "b": (5,)}.items()
    }


def expected(model: Path, given: Arrays) -> Arrays:
    graph = tflite_import.load(model)
    return edges.named(graph, graph.outputs, reference.output(graph, edges.gathered(graph, given)))


def assert_same(ours: Arrays, wanted: Arrays) -> None:
    assert list(ours) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(ours[name], values)


def test_the_build_is_bit_exact(built: tuple[Path, Report]) -> None:
    folder, report = built
    assert report.bit_exact and report.inputs_checked == 3 and report.accuracy is None
    assert np.load(folder / "inputs.npy").shape == (3, 20)


def test_a_run_gives_each_output(model: Path, built: tuple[Path, Report]) -> None:
    given = random_arrays()
    report, outputs = tinyprune.run(built[0], inputs=given)
    assert report.bit_exact and report.inputs_checked == 5
    assert_same(outputs, expected(model, given))
    np.testing.assert_array_equal(outputs["b"], given["b"])


def test_inputs_may_come_in_order(model: Path, built: tuple[Path, Report]) -> None:
    given = random_arrays()
    by_position = {"arr_1": given["b"], "arr_0": given["a"]}
    assert_same(tinyprune.run(built[0], inputs=by_position)[1], expected(model, given))


def test_the_firmware_prints_each_output(model: Path, built: tuple[Path, Report]) -> None:
    from tinyprune import board
    from tinyprune.emulators.machine import Machine
    from tinyprune.toolchain import read_elf

    machine = Machine(read_elf(built[0] / "firmware.elf"), board.load("stm32f4"))
    machine.go(0xFFFF_FFFE)
    graph = tflite_import.load(model)
    sample: Int8 = np.load(built[0] / "inputs.npy")[:1]
    wanted = edges.named(graph, graph.outputs, reference.output(graph, sample))
    lines = machine.uart.decode().splitlines()
    printed = [line for line in lines if line.startswith("tinyprune: output")]
    assert printed == [
        "tinyprune: output of bent",
        f"tinyprune: output {' '.join(map(str, wanted['bent'].reshape(-1)))}",
        "tinyprune: output of b",
        f"tinyprune: output {' '.join(map(str, wanted['b'].reshape(-1)))}",
    ]
    whole = b"".join(values.tobytes() for values in wanted.values())
    assert f"tinyprune: crc32 {zipfile.crc32(whole):08x}" in lines


def test_compare_analyze_and_validate(model: Path, built: tuple[Path, Report], tmp_path: Path) -> None:
    document = tinyprune.compare(model, "stm32f4", output=tmp_path / "both")
    assert all(variant["report"]["bit_exact"] for variant in document["variants"])
    assert (
        tinyprune.analyze(model, "stm32f4").totals.arena_bytes == 16 + 8
    )  # bent in the place of sum, and b to the end
    validation = tinyprune.validate(built[0], inputs=3)
    assert validation.passed and validation.inputs == 3 and validation.accuracy is None
    statuses = {one.name: one.status for one in validation.comparisons}
    assert statuses["firmware"] == "compared" and "failed" not in statuses.values()


def test_data_is_for_one_input(model: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x_train=np.zeros((4, 20), np.float32))
    with pytest.raises(TinypruneError, match=r"tangle has 2 inputs \(a, b\); data is for one"):
        tinyprune.build(model, "stm32f4", data=str(tmp_path / "data.npz"), output=tmp_path / "out")


def test_labels_are_for_one_output(tmp_path: Path) -> None:
    writer = Writer()
    x, y = writer.tensor("x", (1, 4), scale=0.5), writer.tensor("y", (1, 4), scale=1 / 256, zero_point=-128)
    writer.operator("LOGISTIC", [x], [y])
    (tmp_path / "twice.tflite").write_bytes(writer.finish([x], [y, y]))
    data = str(tmp_path / "data.npz")
    np.savez(data, x_test=np.eye(4, dtype=np.float32), y_test=np.arange(4))
    report = tinyprune.build(tmp_path / "twice.tflite", "stm32f4", data=data, output=tmp_path / "out")
    assert report.bit_exact and report.accuracy is None
    validation = tinyprune.validate(tmp_path / "out", data=data)
    assert validation.passed and validation.accuracy is None


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tinyprune", "run", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_npz_files_on_the_command_line(model: Path, built: tuple[Path, Report], tmp_path: Path) -> None:
    given = random_arrays()
    np.savez(tmp_path / "x.npz", **given)
    np.savez(tmp_path / "in_order.npz", given["a"], given["b"])
    for file in ("x.npz", "in_order.npz"):
        result = run(tmp_path, built[0], "--input", file, "--output", "y.npz", "--json")
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["inputs_checked"] == 5
        with np.load(tmp_path / "y.npz") as arrays:
            assert_same(dict(arrays), expected(model, given))


def without(name: str) -> Arrays:
    return {key: values for key, values in random_arrays().items() if key != name}


UNFIT: dict[str, tuple[Arrays, str]] = {
    "too few": (without("b"), "the model has 2 inputs, given are 1 array: a"),
    "too many": ({**random_arrays(), "c": np.zeros((4, 5), np.int8)}, "given are 3 arrays: a, b, c"),
    "another name": ({**without("b"), "bee": np.zeros((4, 5), np.int8)}, "given are 2 arrays: a, bee"),
    "another shape": ({**random_arrays(), "b": np.zeros((4, 6), np.int8)}, "the input b is int8 of shape [4, 6]"),
    "transposed": ({**random_arrays(), "a": np.zeros((3, 5, 4), np.int8)}, "the input a is int8 of shape [3, 5, 4]"),
    "another type": ({**random_arrays(), "b": np.zeros((4, 5), np.uint8)}, "the input b is uint8 of shape [4, 5]"),
    "no number": ({**random_arrays(), "b": np.int8(3)}, "the input b is int8 of shape []"),
    "none": ({**random_arrays(), "b": np.zeros((0, 5), np.int8)}, "the input b is int8 of shape [0, 5]"),
    "another count": (
        {**random_arrays(), "b": np.zeros((3, 5), np.int8)},
        "the numbers of inputs differ: 4 in a, 3 in b",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_arrays_that_do_not_fit(case: str, built: tuple[Path, Report], tmp_path: Path) -> None:
    arrays, reason = UNFIT[case]
    np.savez(tmp_path / "x.npz", **arrays)
    result = run(tmp_path, built[0], "--input", "x.npz")
    assert_one_error(result, reason)
    assert "a int8 of shape [n, 3, 5]; b int8 of shape [n, 5]" in result.stderr


def assert_one_error(result: subprocess.CompletedProcess[str], reason: str) -> None:
    assert result.returncode == 2 and result.stderr.count("error: ") == 1 and "Traceback" not in result.stderr
    assert reason in result.stderr


def test_files_that_do_not_fit(built: tuple[Path, Report], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", random_arrays()["a"])
    assert_one_error(run(tmp_path, built[0], "--input", "x.npy"), "the model has 2 inputs, given are 1 array")
    assert_one_error(run(tmp_path, built[0], "--output", "y.npy"), "cannot write 2 outputs (bent, b) to y.npy")
    np.savez(tmp_path / "x.npz", **random_arrays())
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[100] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(content)
    assert_one_error(run(tmp_path, built[0], "--input", "x.npz"), "cannot read x.npz")
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("a.txt", "no array")
    assert_one_error(
        run(tmp_path, built[0], "--input", "text.npz"),
        "text.npz: it is damaged, or no .npy or .npz file of plain arrays",
    )
