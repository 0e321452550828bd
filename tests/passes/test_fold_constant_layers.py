"""What depends on constants alone is computed once, and what nobody needs not at all."""

import numpy as np
import pytest
from host import run_host
from moving import Moving, random_moving
from networks import adversarial_inputs

from tinyprune import ir, reference
from tinyprune.passes import intervals
from tinyprune.passes.fold_constant_layers import fold_constant_layers
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.remove_unused import remove_unused
from tinyprune.passes.simplify import simplify
from tinyprune.passes.verify import verify

TABLE = np.random.default_rng(0).integers(-128, 128, 256, np.int8)


def chain() -> tuple[Moving, str]:
    """An input, and a constant that went through a layer of every cheap kind."""
    net = Moving((1, 4, 4, 2), zero_point=3)
    c = net.constant(net.weights((1, 2, 4, 2), 0))
    c = net.lookup(net.concat(c, net.clamped(c, (-5, 80)), axis=1), TABLE)
    return net, net.reshape(net.transpose(net.add(c, c), (0, 2, 1, 3)), (1, 4, 4, 2))


def test_a_constant_subgraph_becomes_one_constant() -> None:
    net, constant = chain()
    graph = net.graph(net.add(net.input, constant))
    small = verify(remove_unused(verify(fold_constant_layers(verify(graph)))))
    assert [ir.op_name(layer) for layer in small.layers] == ["Add"]
    assert {*small.constants} == {constant}
    assert {*small.tensors} == {net.input, constant, *graph.outputs}
    inputs = adversarial_inputs(graph)
    values = reference.run(graph, inputs)
    np.testing.assert_array_equal(np.broadcast_to(small.constants[constant], inputs.shape), values[constant])
    run = run_host(verify(plan_memory(small)), inputs)
    np.testing.assert_array_equal(run.output, values[graph.outputs[0]])


def test_an_output_that_is_constant_is_still_computed() -> None:
    net, constant = chain()
    graph = net.graph(constant)
    small = remove_unused(fold_constant_layers(graph))
    assert [layer.output for layer in small.layers] == [constant]
    inputs = adversarial_inputs(graph)
    run = run_host(verify(plan_memory(verify(small))), inputs)
    np.testing.assert_array_equal(run.output, reference.output(graph, inputs))


def test_what_reads_the_input_too_is_no_constant() -> None:
    net, constant = chain()
    graph = net.graph(net.add(net.add(net.input, constant), constant))
    small = remove_unused(fold_constant_layers(graph))
    assert [layer.name for layer in small.layers] == [layer.name for layer in graph.layers[-2:]]


def test_gigantic_constants_are_left_to_the_firmware(monkeypatch: pytest.MonkeyPatch) -> None:
    net, constant = chain()
    graph = net.graph(net.add(net.input, constant))
    monkeypatch.setattr(intervals, "MOST_VALUES", 31)
    assert len(fold_constant_layers(graph).layers) == len(graph.layers) - 1  # the first one has 16 values


def test_layers_without_readers_go_with_all_that_only_they_need() -> None:
    net = Moving((1, 4, 4, 2))
    y = net.conv(net.input, 3)
    net.softmax(net.dense(net.add(y, net.constant(net.weights((1, 4, 4, 3), 0))), 4))
    graph = net.graph(y)
    small = verify(remove_unused(graph))
    assert small.layers == graph.layers[:1]
    assert {*small.tensors} == {net.input, y}
    assert not small.constants


def test_random_networks_keep_their_outputs() -> None:
    fewer = 0
    for seed in range(80):
        graph = verify(random_moving(seed))
        small, inputs = simplify(graph), adversarial_inputs(graph, 12)
        np.testing.assert_array_equal(reference.output(small, inputs), reference.output(graph, inputs))
        fewer += len(small.layers) < len(graph.layers)
    assert fewer > 40
