"""Operators that move values: tflite-micro, the reference and the kernels on the host agree on every element."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from tflite_writer import Option, Writer
from tflm import run_tflm

from tinyprune import board as boards
from tinyprune import emulators, ir, reference, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.frontend import tflite_import
from tinyprune.frontend.views import View, block_copy
from tinyprune.ir import BlockCopy, Graph, Int8
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import InvalidGraphError, verify
from tinyprune.pipeline import Target, compile_graph, lower

Make = Callable[[Writer, int], int]  # adds operators that read a tensor, and returns the tensor that they end in
SCALE, ZERO_POINT = 0.5, -7


def tensor(writer: Writer, shape: tuple[int, ...]) -> int:
    return writer.tensor(f"t{len(writer.tensors)}", shape, scale=SCALE, zero_point=ZERO_POINT)


def constant(writer: Writer, values: object, dtype: type = np.int32) -> int:
    array = np.asarray(values, dtype)
    name = "INT8" if dtype is np.int8 else "INT32"
    scale = SCALE if dtype is np.int8 else None
    return writer.tensor(f"c{len(writer.tensors)}", array.shape, name, scale, ZERO_POINT, data=array)


def model(shape: tuple[int, ...], make: Make) -> bytes:
    writer = Writer()
    x = tensor(writer, shape)
    return writer.finish([x], [make(writer, x)])


def check(content: bytes, samples: int = 3) -> None:
    graph = verify(tflite_import.import_tflite(content, "moves"))
    shape = graph.tensors[graph.inputs[0]].shape[1:]
    inputs: Int8 = np.random.default_rng(0).integers(-128, 128, (samples, *shape), np.int8)
    expected = reference.run(graph, inputs)
    golden = run_tflm(content, inputs)
    host = run_host(lower(graph, "dense"), inputs)
    for layer in graph.layers:
        computed = expected[layer.output]
        index = int(layer.output.split(":")[0])
        np.testing.assert_array_equal(computed.reshape(samples, -1), golden[index].reshape(samples, -1))
        np.testing.assert_array_equal(computed, host.layers[layer.name])


def one(name: str, output: tuple[int, ...], *constants: object, **options: Option) -> Make:
    """One operator with constant operands."""

    def make(writer: Writer, x: int) -> int:
        y = tensor(writer, output)
        writer.operator(name, [x, *(constant(writer, values) for values in constants)], [y], **options)
        return y

    return make


ONE = {
    "pad": ((1, 3, 5, 2), one("PAD", (1, 6, 5, 4), [[0, 0], [1, 2], [0, 0], [2, 0]])),
    "pad features": ((1, 7), one("PAD", (1, 12), [[0, 0], [2, 3]])),
    "pad nothing": ((1, 7), one("PAD", (1, 7), [[0, 0], [0, 0]])),
    "squeeze": ((1, 3, 1, 2), one("SQUEEZE", (1, 3, 2), SqueezeDims=[2])),
    "expand_dims": ((1, 3, 2), one("EXPAND_DIMS", (1, 1, 3, 2), 1)),
    "transpose": ((1, 3, 5, 2), one("TRANSPOSE", (1, 2, 3, 5), [0, 3, 1, 2])),
    "transpose rows": ((1, 3, 5, 2), one("TRANSPOSE", (1, 5, 3, 2), [0, 2, 1, 3])),
    "transpose batch": ((1, 3, 5, 2), one("TRANSPOSE", (2, 5, 3, 1), [3, 2, 1, 0])),
    "transpose 5": ((1, 3, 2, 2, 5), one("TRANSPOSE", (2, 5, 2, 1, 3), [2, 4, 3, 0, 1])),
    "slice": ((1, 6, 5, 4), one("SLICE", (1, 3, 5, 1), [0, 2, 0, 3], [1, 3, -1, 1])),
    "strided": (
        (1, 7, 5, 4),
        one("STRIDED_SLICE", (1, 3, 2, 4), [0, 1, -3, 0], [1, 99, -1, 0], [1, 2, 1, 1], BeginMask=1, EndMask=8),
    ),
    "reversed": (
        (1, 7, 5, 4),
        one("STRIDED_SLICE", (1, 4, 2, 4), [0, 0, 3, 3], [1, 0, -99, -99], [1, -2, -2, -1], BeginMask=2, EndMask=2),
    ),
    "shrunk": (
        (1, 7, 5, 4),
        one("STRIDED_SLICE", (1, 5), [0, -2, 0, 2], [1, 3, 0, 0], [1, 1, 1, 3], EndMask=4, ShrinkAxisMask=10),
    ),
    "shrunk to a vector": (
        (1, 7),
        one("STRIDED_SLICE", (3,), [0, 1], [1, 7], [1, 2], ShrinkAxisMask=1),
    ),
    "to a matrix": ((1, 3, 4, 1), one("SQUEEZE", (3, 4))),
}


@pytest.mark.parametrize("name", ONE)
def test_one_operator(name: str) -> None:
    check(model(*ONE[name]))


@pytest.mark.parametrize(("align", "half"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize(
    ("size", "wanted"), [((3, 5), (6, 10)), ((5, 7), (8, 3)), ((2, 9), (1, 27)), ((30, 1), (50, 1))]
)
def test_resize(size: tuple[int, int], wanted: tuple[int, int], align: bool, half: bool) -> None:
    resize = one("RESIZE_NEAREST_NEIGHBOR", (1, *wanted, 3), wanted, AlignCorners=align, HalfPixelCenters=half)
    check(model((1, *size, 3), resize), samples=2)


def test_pad_with_a_value_of_its_own() -> None:
    def make(writer: Writer, x: int) -> int:
        y = tensor(writer, (1, 4, 4, 2))
        sides, value = constant(writer, [[0, 0], [1, 1], [1, 0], [0, 0]]), constant(writer, [99], np.int8)
        writer.operator("PADV2", [x, sides, value], [y])
        return y

    check(model((1, 2, 3, 2), make))


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
def test_split_and_concatenation_in_reverse(axis: int) -> None:
    def make(writer: Writer, x: int) -> int:
        shape = [1, 4, 4, 4]
        shape[axis] = 2
        parts = [tensor(writer, tuple(shape)) for _ in range(2)]
        writer.operator("SPLIT", [constant(writer, axis), x], parts, NumSplits=2)
        shape[axis] = 8
        y = tensor(writer, tuple(shape))
        writer.operator("CONCATENATION", [parts[1], x, parts[0]], [y], Axis=axis)
        return y

    check(model((1, 4, 4, 4), make))


@pytest.mark.parametrize("sizes", [[1, 4, 2], [1, -1, 2]])
def test_split_v(sizes: list[int]) -> None:
    def make(writer: Writer, x: int) -> int:
        parts = [tensor(writer, (1, size, 3)) for size in (1, 4, 2)]
        writer.operator("SPLIT_V", [x, constant(writer, sizes), constant(writer, -2)], parts, NumSplits=3)
        y = tensor(writer, (1, 7, 3))
        writer.operator("CONCATENATION", parts[::-1], [y], Axis=1)
        return y

    check(model((1, 7, 3), make))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_unpack_and_pack_in_reverse(axis: int) -> None:
    def make(writer: Writer, x: int) -> int:
        shape = [1, 3, 4, 2]
        count = shape.pop(axis)
        parts = [tensor(writer, tuple(shape)) for _ in range(count)]
        writer.operator("UNPACK", [x], parts, Num=count, Axis=axis)
        at = 1 if axis == 0 else -2
        shape.insert(at + (len(shape) + 1 if at < 0 else 0), count)
        y = tensor(writer, tuple(shape))
        writer.operator("PACK", parts[::-1], [y], ValuesCount=count, Axis=at)
        return y

    check(model((1, 3, 4, 2), make))


def many(writer: Writer, x: int) -> int:
    """Padding, two halves, one of them turned over and twice as large, put together."""
    padded = one("PAD", (1, 4, 6, 3), [[0, 0], [0, 1], [1, 1], [0, 0]])(writer, x)
    halves = [tensor(writer, (1, 4, 3, 3)) for _ in range(2)]
    writer.operator("SPLIT", [constant(writer, 2), padded], halves, NumSplits=2)
    turned = one("TRANSPOSE", (1, 3, 4, 3), [0, 2, 1, 3])(writer, halves[1])
    resized = one("RESIZE_NEAREST_NEIGHBOR", (1, 4, 5, 3), [4, 5], HalfPixelCenters=True)(writer, turned)
    y = tensor(writer, (1, 4, 8, 3))
    writer.operator("CONCATENATION", [resized, halves[0]], [y], Axis=2)
    return y


def in_one_piece(writer: Writer, x: int) -> int:
    """Rows that are cut out where they lie, and joined, some of them where they were padded."""
    halves = [tensor(writer, (1, 2, 4, 3)) for _ in range(2)]
    writer.operator("SPLIT", [constant(writer, 1), x], halves, NumSplits=2)
    padded = one("PAD", (1, 4, 4, 3), [[0, 0], [2, 0], [0, 0], [0, 0]])(writer, halves[0])
    y = tensor(writer, (1, 6, 4, 3))
    writer.operator("CONCATENATION", [padded, halves[1]], [y], Axis=1)
    return y


@pytest.mark.parametrize(("make", "shape"), [(many, (1, 3, 4, 3)), (in_one_piece, (1, 4, 4, 3))])
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_firmware_in_the_emulator(toolchain_name: str, make: Make, shape: tuple[int, ...], tmp_path: Path) -> None:
    try:
        on = Target(boards.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    inputs = np.random.default_rng(0).integers(-128, 128, (2, *shape[1:]), np.int8)
    graph = lower(verify(tflite_import.import_tflite(model(shape, make), "moves")), "dense")
    expected = reference.run(graph, inputs)
    run = emulators.run(on.emulator, compile_graph(graph, inputs[0], on, tmp_path), on.board, inputs)
    for layer in graph.layers:
        outputs = run.layer_outputs[layer.name].reshape(expected[layer.output].shape)
        np.testing.assert_array_equal(outputs, expected[layer.output], err_msg=layer.name)
    np.testing.assert_array_equal(run.outputs.reshape(expected[graph.outputs[0]].shape), expected[graph.outputs[0]])


def test_many_operators_in_a_row() -> None:
    check(model((1, 3, 4, 3), many))


def random_view(random: np.random.Generator, shape: tuple[int, ...]) -> View:
    """Axes in any order, of each some indices, forwards or backwards."""
    view = View.of(shape).transposed(tuple(int(axis) for axis in random.permutation(len(shape))))
    for axis, size in enumerate(view.shape):
        step = int(random.choice([1, 2, -1, -3]))
        count = int(random.integers(1, (size - 1) // abs(step) + 2))
        slack = size - 1 - (count - 1) * abs(step)
        first = int(random.integers(0, slack + 1))
        view = view.sliced(axis, first if step > 0 else size - 1 - first, count, step)
    return view


def test_random_blocks() -> None:
    random = np.random.default_rng(0)
    shape = (3, 4, 2, 5, 3, 4)
    quant = ir.Quant((1.0,), 0)
    tensors, layers = [ir.Tensor("x", (1, *shape), quant)], list[ir.Layer]()
    for number in range(40):
        view = random_view(random, shape)
        whole, gathers = View.of(view.shape), number % 2 == 0
        copies = (block_copy(0, view, whole) if gathers else block_copy(0, whole, view),)
        tensors.append(ir.Tensor(f"t{number}", (1, *(view.shape if gathers else shape)), quant))
        layers.append(ir.Move(f"move_{number}", ("x",), f"t{number}", copies, None if gathers else 99))
    graph = verify(Graph("random", {t.name: t for t in tensors}, tuple(layers), ("x",), (tensors[-1].name,)))
    inputs = random.integers(-128, 128, (1, *shape), np.int8)
    expected = reference.run(graph, inputs)
    host = run_host(verify(plan_memory(graph)), inputs)
    for layer in layers:
        np.testing.assert_array_equal(expected[layer.output], host.layers[layer.name])


def test_a_block_outside_of_its_tensor_is_no_graph() -> None:
    tensors = {name: ir.Tensor(name, (1, 4), ir.Quant((1.0,), 0)) for name in ("x", "y")}
    for copy in (
        BlockCopy(0, (4,), 0, (2,), 0, (1,)),
        BlockCopy(0, (4,), 2, (-1,), 0, (1,)),
        BlockCopy(1, (4,), 0, (1,), 0, (1,)),
    ):
        graph = Graph("bad", tensors, (ir.Move("move", ("x",), "y", (copy,)),), ("x",), ("y",))
        with pytest.raises(InvalidGraphError, match=r"reads outside|has no input"):
            verify(graph)
