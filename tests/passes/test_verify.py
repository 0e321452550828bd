"""Each rule of a valid graph: breaking it is an InvalidGraphError that names the layer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from chains import every_operator, tensors, two_dense, values

from tinyprune import formats, ir
from tinyprune.ir import Graph, Layer, Padding, Placement, Quant, Softmax, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import MAX_SOFTMAX_DEPTH, InvalidGraphError, live_ranges, verify


def with_layer(graph: Graph, name: str, **changes: Any) -> Graph:
    return replace(
        graph, layers=tuple(replace(layer, **changes) if layer.name == name else layer for layer in graph.layers)
    )


def with_shape(graph: Graph, tensor: str, shape: tuple[int, ...]) -> Graph:
    return replace(graph, tensors={**graph.tensors, tensor: replace(graph.tensors[tensor], shape=shape)})


def layer(graph: Graph, name: str) -> Any:
    (found,) = [one for one in graph.layers if one.name == name]
    return found


def test_a_valid_graph_is_returned_as_it_is() -> None:
    for graph in (every_operator(), plan_memory(every_operator())):
        assert verify(graph) is graph


def test_reading_before_computing() -> None:
    graph = two_dense(values((3, 4), 1), values((2, 3), 2))
    with pytest.raises(InvalidGraphError, match="two: layer two reads 'h' before it is computed"):
        verify(replace(graph, layers=graph.layers[::-1]))


def test_writing_twice() -> None:
    with pytest.raises(InvalidGraphError, match="layer depthwise_1 writes 'a' a second time"):
        verify(with_layer(every_operator(), "depthwise_1", output="a"))


def test_an_output_that_is_never_computed() -> None:
    with pytest.raises(InvalidGraphError, match="output 'nowhere' is never computed"):
        verify(replace(every_operator(), outputs=("nowhere",)))


@pytest.mark.parametrize(
    ("tensor", "shape", "problem"),
    [
        ("a", (1, 8, 7, 3), "conv2d_0 gives .1, 8, 8, 3., not .1, 8, 7, 3."),
        ("a", (1, 8, 8, 4), "conv2d_0 gives"),
        ("d", (1, 3, 4, 3), "max_pool_3 gives"),
        ("f", (1, 13), "reshape_5 gives"),
        ("g", (1, 5), "dense_6 gives"),
        ("m", (1, 4), "mean_8 gives"),
        ("y", (1, 5), "softmax_7 gives"),
    ],
)
def test_a_wrong_output_shape(tensor: str, shape: tuple[int, ...], problem: str) -> None:
    with pytest.raises(InvalidGraphError, match=f"layer {problem}"):
        verify(with_shape(every_operator(), tensor, shape))


def test_adding_shapes_that_do_not_broadcast() -> None:
    with pytest.raises(InvalidGraphError, match="layer add_2 broadcasts shapes"):
        verify(with_layer(every_operator(), "add_2", other="x"))


def test_weights_for_other_channels() -> None:
    graph = every_operator()
    weights = formats.pack("dense", values((3, 3, 3, 5), 1), Quant((1.0,), 0))
    with pytest.raises(InvalidGraphError, match=r"layer conv2d_0 has weights \[3, 3, 3, 5\] for"):
        verify(with_layer(graph, "conv2d_0", weights=weights))


def test_a_bias_or_scales_for_other_channels() -> None:
    graph = every_operator()
    weights = layer(graph, "conv2d_0").weights
    problem = "layer conv2d_0 needs a bias and a scale for each of 3 channels"
    with pytest.raises(InvalidGraphError, match=problem):
        verify(with_layer(graph, "conv2d_0", bias=np.zeros(1, np.int32)))
    with pytest.raises(InvalidGraphError, match=problem):
        verify(with_layer(graph, "conv2d_0", weights=replace(weights, quant=Quant((1.0, 1.0), 0))))


@pytest.mark.parametrize(
    ("name", "window", "problem"),
    [
        ("conv2d_0", Window((9, 9)), "a window larger than its input"),
        ("max_pool_3", Window((3, 3), padding=Padding(3, 1, 1, 1)), "more padding than its window covers"),
        ("average_pool_4", Window((3, 3), padding=Padding(1, 1, 1, 3)), "more padding than its window covers"),
    ],
)
def test_a_window_that_does_not_fit(name: str, window: Window, problem: str) -> None:
    with pytest.raises(InvalidGraphError, match=f"layer {name} has {problem}"):
        verify(with_layer(every_operator(), name, window=window))


@pytest.mark.parametrize("side", [65_535, 65_536])
def test_more_than_sixteen_bits_can_count(side: int) -> None:
    graph = two_dense(np.ones((1, side), np.int8), np.ones((1, 1), np.int8))
    if side == 65_535:
        verify(graph)
    else:
        with pytest.raises(InvalidGraphError, match="layer one counts to 65,536; kernels count to 65,535"):
            verify(graph)


def test_a_format_without_a_kernel() -> None:
    graph = every_operator()
    weights = layer(graph, "depthwise_1").weights
    csr = formats.pack("csr", formats.unpack(weights), weights.quant)
    with pytest.raises(InvalidGraphError, match="layer depthwise_1 cannot run in format csr"):
        verify(with_layer(graph, "depthwise_1", weights=csr))


def test_an_accumulator_that_can_overflow() -> None:
    """The limit is 2**31 - 1 for |bias - zero_point * sum(w)| + 128 * sum(|w|); here the zero point is 3."""
    graph = two_dense(np.array([[100]], np.int8), np.array([[1]], np.int8))
    most = 2**31 - 1 - 128 * 100 + 3 * 100
    verify(with_layer(graph, "one", bias=np.array([most], np.int32)))
    with pytest.raises(InvalidGraphError, match="layer one can overflow its 32-bit accumulator"):
        verify(with_layer(graph, "one", bias=np.array([most + 1], np.int32)))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("dense_6", "can overflow 32 bits when it is requantized"),
        ("add_2", "multiplies by 953.674, which TFLM takes only between 0 and 1"),
        ("mean_8", r"multiplies by 5e\+08, which leaves 32 bits"),
    ],
)
def test_a_requantization_that_can_overflow(name: str, problem: str) -> None:
    """An output scale so fine that the largest accumulator is raised beyond 32 bits."""
    graph = every_operator()
    output = graph.tensors[layer(graph, name).output]
    fine = replace(output, quant=Quant((1e-9,), 0))
    with pytest.raises(InvalidGraphError, match=f"layer {name} {problem}"):
        verify(replace(graph, tensors={**graph.tensors, output.name: fine}))


@pytest.mark.parametrize(("depth", "fits"), [(MAX_SOFTMAX_DEPTH, True), (MAX_SOFTMAX_DEPTH + 1, False)])
def test_the_depth_of_a_softmax(depth: int, fits: bool) -> None:
    layers: tuple[Layer, ...] = (Softmax("softmax_0", "x", "y", 1.0),)
    graph = Graph("deep", tensors(x=(1, depth), y=(1, depth)), layers, ("x",), ("y",))
    if fits:
        verify(graph)
    else:
        with pytest.raises(InvalidGraphError, match="layer softmax_0 is over more than 4095 values"):
            verify(graph)


def moved(graph: Graph, tensor: str, spot: Placement) -> Graph:
    assert graph.arena is not None
    return replace(graph, arena=replace(graph.arena, tensors={**graph.arena.tensors, tensor: spot}))


def test_two_activations_in_one_place() -> None:
    graph = plan_memory(every_operator())
    assert graph.arena is not None
    on_a = Placement(graph.arena.tensors["a"].offset, graph.tensors["b"].bytes)
    with pytest.raises(InvalidGraphError, match="'b' and 'a' overlap in the arena"):
        verify(moved(graph, "b", on_a))


def test_scratch_on_the_layers_own_input() -> None:
    graph = plan_memory(every_operator())
    assert graph.arena is not None
    on_x = Placement(graph.arena.tensors["x"].offset, 18)
    with pytest.raises(InvalidGraphError, match="'scratch of conv2d_0' and 'x' overlap"):
        verify(replace(graph, arena=replace(graph.arena, scratch={"conv2d_0": on_x})))


def test_a_place_outside_the_arena() -> None:
    graph = plan_memory(every_operator())
    assert graph.arena is not None
    with pytest.raises(InvalidGraphError, match="'m' lies outside the arena"):
        verify(moved(graph, "m", Placement(graph.arena.bytes - 2, 3)))


def test_an_activation_lives_from_its_layer_to_its_last_reader() -> None:
    ranges = live_ranges(every_operator())
    assert ranges["x"] == (-1, 0)
    assert ranges["a"] == (0, 2)
    assert ranges["c"] == (2, 8)
    assert ranges["y"] == (7, 9)
    assert ranges["m"] == (8, 8)


@pytest.mark.parametrize(
    ("kind", "scale", "problem"),
    [
        (ir.Sub, 1e-7, "takes only between 0 and 1"),
        (ir.Mul, 1e-6, "leaves 32 bits"),
        (ir.Prelu, 1e-7, "leaves 32 bits"),
        (ir.Maximum, 0.25, "different scales"),
    ],
)
def test_scales_that_an_operator_of_two_inputs_is_not_defined_for(
    kind: type[ir.Binary], scale: float, problem: str
) -> None:
    made = tensors(x=(1, 4), y=(1, 4))
    made["y"] = replace(made["y"], quant=Quant((scale,), 3))
    graph = Graph("scales", made, (kind("two", "x", "x", "y", (-128, 127)),), ("x",), ("y",))
    with pytest.raises(InvalidGraphError, match=f"layer two .*{problem}"):
        verify(graph)
