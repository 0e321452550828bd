"""Which format and kernel each layer gets, and the reason that the report gives."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from chains import every_operator, two_dense, values
from cost_tables import problem
from holdable import holdable

from tinyprune import formats, tuning
from tinyprune.board import ALL_FEATURES
from tinyprune.errors import BudgetError, TinypruneError
from tinyprune.ir import Graph, Weighted, Weights
from tinyprune.lowering import lower
from tinyprune.passes import choose as module
from tinyprune.passes.candidates import Candidate, Cost, Costs, Rest, candidates, preferred
from tinyprune.passes.choose import Goal, choose, total
from tinyprune.passes.plan_memory import plan_memory

FULL, SPARSE = values((6, 9), 1), values((3, 6), 2, sparsity=0.9)
REST = Rest(1000, 100, 200, 10, 10)


def weights(graph: Graph) -> dict[str, Weights]:
    return {layer.name: layer.weights for layer in graph.layers if isinstance(layer, Weighted)}


def picked(graph: Graph) -> dict[str, str]:
    return {name: one.format for name, one in weights(graph).items()}


def dense_cost(name: str, flash: int, cycles: int | None, code: int = 100) -> Cost:
    kernel = f"tp_dense_{name}_s8"
    return Cost(
        name, kernel, 0, "flash", flash, flash, 0, {kernel: code}, cycles, cycles, None if cycles is None else 0
    )


def two_costs(*, code: int = 100) -> Costs:
    """Of `two_dense`: csr takes less of the second layer, dense of the first."""
    one = (dense_cost("dense", 54, 1500, code), dense_cost("csr", 170, 2000, code))
    two = (dense_cost("dense", 400, 800, code), dense_cost("csr", 24, 700, code))
    return Costs({"one": one, "two": two}, REST, "")


def test_each_layer_gets_what_is_fastest() -> None:
    chosen = choose(two_dense(FULL, SPARSE), two_costs(), Goal("cycles"))
    assert picked(chosen) == {"one": "dense", "two": "csr"}
    assert weights(chosen)["one"].reason == "1,500 cycles, csr 2,000"
    assert total(chosen, two_costs(), "cycles") == 1500 + 700 + 10


def test_code_is_paid_for_once() -> None:
    """Each format alone has less code than both: with much of it, the one that suits both layers best wins."""
    graph = two_dense(FULL, SPARSE)
    assert picked(choose(graph, two_costs(code=100), Goal("flash"))) == {"one": "dense", "two": "csr"}
    assert picked(choose(graph, two_costs(code=1000), Goal("flash"))) == {"one": "csr", "two": "csr"}
    assert total(choose(graph, two_costs(code=1000), Goal("flash")), two_costs(code=1000), "flash") == 2194


def test_a_layer_that_gives_way_to_the_whole_says_so() -> None:
    chosen = choose(two_dense(FULL, SPARSE), two_costs(code=1000), Goal("flash"))
    assert weights(chosen)["one"].reason == "170 bytes of flash, dense 54; better for the whole model"


def test_a_budget_moves_the_choice() -> None:
    costs = two_costs()
    graph = two_dense(FULL, SPARSE)
    least = total(choose(graph, costs, Goal("flash")), costs, "flash")
    fastest = choose(graph, costs, Goal("cycles"))
    assert picked(choose(graph, costs, Goal("cycles", flash=least))) == {"one": "dense", "two": "csr"}
    both_dense = Goal("flash", cycles=total(fastest, costs, "cycles") + 100)
    assert total(choose(graph, costs, both_dense), costs, "cycles") <= total(fastest, costs, "cycles") + 100


def test_equal_choices_are_always_the_same_one() -> None:
    """A tie in the objective goes to less of the next measure, then to the earlier candidate."""
    equal = (dense_cost("dense", 50, 700, 0), dense_cost("csr", 50, 700, 0))
    graph, costs = two_dense(FULL, SPARSE), Costs({"one": equal, "two": equal}, REST, "")
    assert picked(choose(graph, costs, Goal("cycles"))) == {"one": "dense", "two": "dense"}
    smaller = (equal[0], replace(equal[1], flash_bytes=49))
    costs = Costs({"one": smaller, "two": equal}, REST, "")
    assert picked(choose(graph, costs, Goal("cycles"))) == {"one": "csr", "two": "dense"}


@pytest.mark.parametrize("seed", range(12))
def test_the_same_costs_give_the_same_choice(seed: int) -> None:
    one = problem(seed)
    for objective in ("cycles", "flash", "sram"):
        first, again = (choose(one.graph, one.costs, Goal(objective)) for _ in range(2))
        assert [layer.variant for layer in first.layers] == [layer.variant for layer in again.layers]  # type: ignore[union-attr]
        assert first.arena == again.arena


@pytest.mark.parametrize("plans", [module.PLANS, 1])
def test_a_plan_above_the_budget_gives_way_to_less_scratch(plans: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps of the arena are not in the program: as if each plan with the fast kernel had a large one."""
    monkeypatch.setattr(module, "PLANS", plans)
    graph = every_operator()
    costs = tuning.estimate(graph, ALL_FEATURES)
    plain = tuning.estimate(graph, frozenset())
    both = Costs({name: (*costs.of[name], *plain.of[name]) for name in costs.of}, Rest(0, 0, 0), "")
    small = choose(graph, both, Goal("sram"))
    assert small.arena is not None

    def with_gaps(chosen: Graph) -> Graph:
        planned = plan_memory(chosen)
        assert planned.arena is not None
        gap = (
            1000
            if any("_dsp_" in layer.variant.kernel for layer in chosen.layers if isinstance(layer, Weighted))
            else 0
        )
        return replace(planned, arena=replace(planned.arena, bytes=planned.arena.bytes + gap))

    monkeypatch.setattr(module, "plan_memory", with_gaps)
    chosen = choose(graph, both, Goal("flash", sram=small.arena.bytes + 500))
    assert not any("_dsp_" in layer.variant.kernel for layer in chosen.layers if isinstance(layer, Weighted))
    with pytest.raises(BudgetError, match=r"bytes of SRAM are needed at least"):
        choose(graph, both, Goal("flash", sram=small.arena.bytes - 4))


def test_the_smallest_plan_is_taken_where_none_is_without_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, gaps = every_operator(), iter([300, 100, 200, 400, 500])
    costs = tuning.estimate(graph, ALL_FEATURES)

    def with_gaps(chosen: Graph) -> Graph:
        planned = plan_memory(chosen)
        assert planned.arena is not None
        return replace(planned, arena=replace(planned.arena, bytes=planned.arena.bytes + next(gaps)))

    without = choose(graph, costs, Goal("sram")).arena
    monkeypatch.setattr(module, "PLANS", 2)
    monkeypatch.setattr(module, "plan_memory", with_gaps)
    taken = choose(graph, costs, Goal("sram")).arena
    assert without is not None and taken is not None and taken.bytes == without.bytes + 100


def test_an_infeasible_budget_is_named_with_what_can_be_reached() -> None:
    graph, costs = two_dense(FULL, SPARSE), two_costs()
    with pytest.raises(BudgetError) as caught:
        choose(graph, costs, Goal("cycles", flash=1100))
    assert "1,278 bytes of flash are needed at least, allowed are 1,100" in caught.value.what
    assert "cycles" not in caught.value.what.split(":")[1]


def test_budgets_that_exclude_each_other_are_both_named() -> None:
    one = (dense_cost("dense", 10, 2000, 0), dense_cost("csr", 100, 1000, 0))
    costs = Costs({"one": one, "two": one}, Rest(0, 0, 0, 0, 0), "")
    with pytest.raises(BudgetError) as caught:
        choose(two_dense(FULL, SPARSE), costs, Goal("cycles", flash=20, cycles=2000))
    assert "200 bytes of flash are needed at least within the other budgets, allowed are 20" in caught.value.what
    assert "4,000 cycles are needed at least within the other budgets, allowed are 2,000" in caught.value.what


def test_a_budget_of_cycles_needs_cycles() -> None:
    graph = two_dense(FULL, SPARSE)
    with pytest.raises(TinypruneError, match="cannot be kept: they are not known"):
        choose(graph, tuning.estimate(graph, ALL_FEATURES), Goal("flash", cycles=1000))


def test_without_measurement_the_bytes_decide_and_the_reason_says_so() -> None:
    graph = two_dense(FULL, SPARSE)
    costs = tuning.estimate(graph, frozenset())
    chosen = choose(graph, costs, Goal("cycles"))
    least = {name: min(some, key=lambda cost: cost.flash_bytes).format for name, some in costs.of.items()}
    assert picked(chosen) == least and least["one"] == "dense" != least["two"]
    assert re.fullmatch(
        r"54 bytes of flash, bitmap \d\d \(of weights alone: nothing was compiled\)", weights(chosen)["one"].reason
    )


def test_the_estimate_is_what_the_weights_take() -> None:
    of = tuning.estimate(two_dense(FULL, SPARSE), frozenset()).of
    estimated = {cost.format: cost.operand_bytes for cost in of["one"]}
    assert estimated["dense"] == 54 and estimated["csr"] == 3 * np.count_nonzero(FULL) + 12


def test_one_format_leaves_a_layer_that_has_no_such_kernel_and_says_why() -> None:
    graph = every_operator()
    forced = choose(graph, tuning.estimate(graph, ALL_FEATURES, "csr"), Goal("cycles", "csr"))
    assert picked(forced) == {"conv2d_0": "csr", "depthwise_1": "dense", "dense_6": "csr"}
    assert weights(forced)["depthwise_1"].reason == "DepthwiseConv2D has no csr kernel"
    assert weights(forced)["dense_6"].reason == "csr was asked for"


def test_only_keeps_other_formats_out() -> None:
    chosen = choose(two_dense(FULL, SPARSE), two_costs(), Goal("cycles"), only="dense")
    assert picked(chosen) == {"one": "dense", "two": "dense"}
    assert weights(chosen)["two"].reason == "800 cycles, csr 700; better for the whole model"


def test_the_values_stay_the_same() -> None:
    graph = two_dense(FULL, SPARSE)
    forced = weights(choose(graph, tuning.estimate(graph, ALL_FEATURES, "csr"), Goal("flash", "csr")))
    np.testing.assert_array_equal(formats.unpack(forced["one"]), FULL)
    np.testing.assert_array_equal(formats.unpack(forced["two"]), SPARSE)


def test_candidates_are_those_of_the_core() -> None:
    graph = every_operator()
    conv = graph.layers[0]
    assert isinstance(conv, Weighted)
    plain, dsp = (candidates(conv, graph, features) for features in (frozenset[str](), ALL_FEATURES))
    assert {"tp_conv2d_dense_s8", "tp_conv2d_csr_s8"} <= {one.kernel for one in plain}
    assert not any("_dsp_" in one.kernel for one in plain)
    assert set(plain) < set(dsp) and any("_dsp_" in one.kernel for one in dsp)
    assert Candidate("dense", "tp_conv2d_dense_s8", 0, "flash") not in preferred(conv, graph, ALL_FEATURES)


@pytest.mark.parametrize(
    ("goal", "message"),
    [({"format": "crs"}, "unknown format 'crs'"), ({"objective": "speed"}, "unknown objective 'speed'")],
)
def test_unknown_names(goal: dict[str, str], message: str) -> None:
    with pytest.raises(TinypruneError, match=message):
        Goal(**goal)  # type: ignore[arg-type]


def test_a_budget_is_something() -> None:
    with pytest.raises(TinypruneError, match="a budget of 0 bytes of flash is none"):
        Goal(flash=0)


def test_a_format_that_its_weights_do_not_fit_is_refused_for_a_layer_or_for_the_model() -> None:
    graph = two_dense(FULL, holdable("nm_2_4", SPARSE))
    made = lower(graph, "nm_2_4")
    assert picked(made) == {"one": "dense", "two": "nm_2_4"}
    assert re.fullmatch(r"nm_2_4 holds 2 of 4 weights, not [34]", weights(made)["one"].reason)
    with pytest.raises(TinypruneError, match=r"(?s)no layer of two can be in format nm_1_4: layer 'one'.*granularity"):
        lower(two_dense(FULL, FULL[:3, :6]), "nm_1_4")


def test_what_takes_longer_with_other_inputs_is_only_taken_where_it_is_asked_for() -> None:
    graph = two_dense(FULL, SPARSE)
    layers = [layer for layer in graph.layers if isinstance(layer, Weighted)]
    assert all(one.format != "csc" for layer in layers for one in candidates(layer, graph, ALL_FEATURES))
    assert picked(lower(graph, "csc")) == {"one": "csc", "two": "csc"}
