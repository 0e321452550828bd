"""Which format a layer's weights get, and the reason that the report gives."""

import numpy as np
import pytest
from chains import every_operator, two_dense, values

from tinyprune import formats, tuning
from tinyprune.errors import TinypruneError
from tinyprune.ir import Dense, Graph, Weighted, Weights
from tinyprune.kernels import KERNELS
from tinyprune.passes.choose_formats import Costs, choose_formats, force_format

FULL, SPARSE = values((6, 9), 1), values((3, 6), 2, sparsity=0.9)


def weights(graph: Graph) -> dict[str, Weights]:
    return {layer.name: layer.weights for layer in graph.layers if isinstance(layer, Weighted)}


def test_each_layer_gets_its_cheapest_format() -> None:
    costs = Costs("cycles", {"one": {"dense": 1500, "csr": 2000}, "two": {"dense": 800, "csr": 700}})
    chosen = weights(choose_formats(two_dense(FULL, SPARSE), costs))
    assert {name: one.format for name, one in chosen.items()} == {"one": "dense", "two": "csr"}
    assert chosen["one"].reason == "dense 1,500 cycles, against csr 2,000"


def test_a_tie_goes_to_dense() -> None:
    costs = Costs("bytes", {name: {"csr": 7, "dense": 7} for name in ("one", "two")})
    chosen = weights(choose_formats(two_dense(FULL, SPARSE), costs))
    assert {one.format for one in chosen.values()} == {"dense"}


def test_the_cost_in_flash_is_what_the_formats_take() -> None:
    costs = tuning.flash_costs(two_dense(FULL, SPARSE))
    assert costs.of["one"].items() >= {"dense": 54, "csr": 3 * np.count_nonzero(FULL) + 12}.items()
    assert costs.of["two"].items() >= {"dense": 18, "csr": 3 * np.count_nonzero(SPARSE) + 6}.items()
    assert costs.of["one"].keys() == costs.of["two"].keys() == {name for kind, name in KERNELS if kind is Dense}


def test_a_layer_with_one_candidate_says_so() -> None:
    graph = every_operator()
    chosen = weights(choose_formats(graph, tuning.flash_costs(graph)))
    assert chosen["depthwise_1"].reason == "dense is the only one"


def test_force_leaves_a_layer_that_has_no_such_kernel_and_says_why() -> None:
    forced = weights(force_format(every_operator(), "csr"))
    assert {name: one.format for name, one in forced.items()} == {
        "conv2d_0": "csr",
        "depthwise_1": "dense",
        "dense_6": "csr",
    }
    assert forced["depthwise_1"].reason == "DepthwiseConv2D has no csr kernel"
    assert forced["dense_6"].reason == "csr was asked for"


def test_the_values_stay_the_same() -> None:
    forced = weights(force_format(two_dense(FULL, SPARSE), "csr"))
    np.testing.assert_array_equal(formats.unpack(forced["one"]), FULL)
    np.testing.assert_array_equal(formats.unpack(forced["two"]), SPARSE)


def test_an_unknown_format_is_named_with_the_known_ones() -> None:
    with pytest.raises(TinypruneError, match="unknown format 'crs'") as caught:
        force_format(two_dense(FULL, SPARSE), "crs")
    assert "csr" in caught.value.remedy
