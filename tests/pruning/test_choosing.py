"""Criteria, scopes, granularities and limits: numpy only, exact counts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tinyprune.errors import TinypruneError
from tinyprune.pruning import choosing
from tinyprune.pruning.choosing import Limits
from tinyprune.pruning.criteria import CRITERIA, Observation
from tinyprune.pruning.groups import NO_UNIT, Group, Member, joined_masks
from tinyprune.pruning.scopes import SCOPES, Candidates

FloatArray = np.ndarray

# few distinct values, so that ties are the rule
kernels = arrays(np.float32, array_shapes(max_side=6), elements=st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]))
shares = st.floats(0, 1, exclude_max=True)


def element_group(name: str, kernel: FloatArray) -> Group:
    units = np.arange(kernel.size).reshape(kernel.shape)
    return Group(name, kernel.size, (name,), kernel.shape, (Member(name, kernel.shape, units),))


def masks(
    weights: Mapping[str, FloatArray],
    sparsity: float,
    kept: Mapping[str, FloatArray] | None = None,
    scope: str = "uniform",
    **limits: Any,
) -> dict[str, Any]:
    """The masks of one-element units by magnitude."""
    groups = [element_group(name, kernel) for name, kernel in weights.items()]
    before = {name: np.ones(w.size, bool) if kept is None else kept[name].ravel() for name, w in weights.items()}
    seen = {name: observation(kernel) for name, kernel in weights.items()}
    method = choosing.method("magnitude", "element", scope, Limits(**limits))
    targets = choosing.targets(groups, method.limits, sparsity, list(weights))
    return joined_masks(groups, method.choose(groups, seen, before, targets))


def observation(weight: FloatArray, evidence: FloatArray | None = None, seed: int = 0) -> Observation:
    told = np.zeros(0, np.float32) if evidence is None else evidence
    return Observation(weight, told, np.random.default_rng(seed))


def removed(kernel: FloatArray, sparsity: float) -> int:
    return min(round(sparsity * kernel.size), kernel.size - 1)


@given(kernels, shares)
def test_exactly_the_rounded_share_of_smallest_weights_goes(kernel: FloatArray, sparsity: float) -> None:
    mask = masks({"a": kernel}, sparsity)["a"]
    assert (~mask).sum() == removed(kernel, sparsity)
    assert np.abs(kernel[~mask]).max(initial=0) <= np.abs(kernel[mask]).min(initial=np.inf)


def test_of_equal_weights_the_first_go() -> None:
    assert masks({"a": np.ones((2, 3), np.float32)}, 2 / 3)["a"].tolist() == [[False] * 3, [False, True, True]]


@given(kernels, shares, shares)
def test_what_is_removed_stays_removed(kernel: FloatArray, first: float, second: float) -> None:
    low, high = sorted((first, second))
    before = masks({"a": kernel}, low)
    after = masks({"a": np.where(before["a"], kernel, np.float32(100))}, high, before)["a"]
    assert not (after & ~before["a"]).any()
    assert (~after).sum() == removed(kernel, high)


@given(st.lists(kernels, min_size=1, max_size=4), shares)
def test_global_removes_the_share_of_all_layers_together(layers: list[FloatArray], sparsity: float) -> None:
    named = {str(number): layer for number, layer in enumerate(layers)}
    found = masks(named, sparsity, scope="global")
    total = sum(layer.size for layer in layers)
    gone = np.concatenate([np.abs(named[name][~mask]) for name, mask in found.items()])
    assert gone.size == min(round(sparsity * total), total - len(layers))
    movable = [np.abs(named[name][mask]) for name, mask in found.items() if mask.sum() > 1]
    assert gone.max(initial=0) <= np.concatenate([[np.inf], *movable]).min()


def test_uniform_and_global_differ_and_no_layer_dies() -> None:
    layers = {"small": np.full(10, 0.1, np.float32), "large": np.full(10, 1.0, np.float32)}
    assert {name: mask.sum() for name, mask in masks(layers, 0.5).items()} == {"small": 5, "large": 5}
    found = masks(layers, 0.5, scope="global")
    assert {name: mask.sum() for name, mask in found.items()} == {"small": 1, "large": 9}
    found = masks(layers, 0.5, scope="global", min_density=0.3)
    assert {name: mask.sum() for name, mask in found.items()} == {"small": 3, "large": 7}


def candidates(**shapes: tuple[int, ...]) -> dict[str, Candidates]:
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    return {n: Candidates(np.arange(sizes[n], dtype=float), 0.9, sizes[n], shape) for n, shape in shapes.items()}


def test_erk_keeps_small_kernels_denser_at_the_same_total() -> None:
    shapes = {"stem": (3, 3, 1, 8), "middle": (3, 3, 32, 32), "head": (64, 10)}
    counts = SCOPES["erk"].counts(candidates(**shapes))
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    density = {name: 1 - counts[name] / sizes[name] for name in shapes}
    assert sum(counts.values()) == pytest.approx(0.9 * sum(sizes.values()), abs=2)
    assert density["stem"] == 1
    assert (
        density["head"] / density["middle"] == pytest.approx((74 / 640) / (70 / 9216), rel=0.01) or density["head"] == 1
    )


def test_erk_follows_its_formula_where_nothing_is_capped() -> None:
    counts = SCOPES["erk"].counts(candidates(wide=(400, 400), narrow=(200, 200)))
    density = {"wide": 1 - counts["wide"] / 160_000, "narrow": 1 - counts["narrow"] / 40_000}
    assert density["narrow"] / density["wide"] == pytest.approx(2, rel=1e-3)
    assert sum(counts.values()) == pytest.approx(0.9 * 200_000, abs=2)


def test_per_layer_takes_names_and_patterns_and_the_rest_loses_the_sparsity() -> None:
    layers = {name: np.arange(10, dtype=np.float32) for name in ("stem", "conv_1", "conv_2", "head")}
    found = masks(layers, 0.1, scope="per_layer", layers={"conv_2": 0.8, "conv_*": 0.5, "head": 0.0})
    assert {name: mask.sum() for name, mask in found.items()} == {"stem": 9, "conv_1": 5, "conv_2": 2, "head": 10}
    with pytest.raises(TinypruneError, match=r"(?s)unknown prunable layer or pattern 'cnov_\*'.*conv_1"):
        masks(layers, 0.1, scope="per_layer", layers={"cnov_*": 0.5})


@pytest.mark.parametrize(("scope", "layers"), [("per_layer", {}), ("uniform", {"a": 0.5})])
def test_scope_per_layer_and_its_sparsities_belong_together(scope: str, layers: dict[str, float]) -> None:
    with pytest.raises(TinypruneError, match="belong together"):
        choosing.method("magnitude", "element", scope, Limits(layers=layers))


@pytest.mark.parametrize("limits", [{"min_density": 1.1}, {"min_channels": 0}, {"round_to": 0}, {"layers": {"a": 1.0}}])
def test_limits_out_of_range(limits: dict[str, Any]) -> None:
    with pytest.raises(TinypruneError):
        Limits(**limits)


def test_exclusion_by_name_pattern_and_position() -> None:
    groups = [element_group(name, np.ones(3)) for name in ("stem", "conv_1", "conv_2", "head")]
    names = [group.name for group in groups]

    def left(*exclude: str) -> list[str]:
        return [group.name for group in choosing.included(groups, Limits(exclude=exclude), names)]

    assert left("first", "last") == ["conv_1", "conv_2"]
    assert left("conv_*", "stem") == ["head"]
    with pytest.raises(TinypruneError, match="'body'"):
        left("body")


@given(st.integers(1, 40), shares, st.integers(1, 9))
def test_round_to_keeps_a_multiple_or_everything(size: int, sparsity: float, multiple: int) -> None:
    mask = masks({"a": np.arange(size, dtype=np.float32)}, sparsity, round_to=multiple)["a"]
    plain = size - removed(np.ones(size), sparsity)
    assert mask.sum() >= plain
    assert mask.sum() == size or (mask.sum() % multiple == 0 and mask.sum() - plain < multiple)


def test_a_group_sums_what_is_scored_and_masks_all_its_members() -> None:
    made = Member("conv/kernel", (3, 2), np.array([[0, 1]]))
    read = Member("next/kernel", (3, 4), np.array([[0], [1], [NO_UNIT]]), scored=False)
    group = Group("conv", 2, ("conv",), (3, 2), (made, read))
    values = {"conv/kernel": np.arange(6, dtype=np.float32).reshape(1, 3, 2), "next/kernel": np.ones((1, 3, 4))}
    assert group.sums(values).tolist() == [[6, 9]]
    assert group.sizes(values).tolist() == [3, 3]
    found = group.masks(np.array([False, True]))
    assert found["conv/kernel"].tolist() == [[False, True]] * 3
    assert found["next/kernel"].tolist() == [[False] * 4, [True] * 4, [True] * 4]


def scores(criterion: str, weight: FloatArray, evidence: FloatArray | None = None) -> list[float]:
    """The scores of the columns of `weight`."""
    shape = weight.shape
    group = Group("g", shape[-1], ("g",), shape, (Member("g", shape, np.arange(shape[-1])),))
    row = CRITERIA[criterion]
    told = {"g": row.contributions(observation(weight.astype(np.float32), evidence))}
    return [float(score) for score in row.combine(group.sums(told), group.sizes(told))]


def test_criteria_by_hand() -> None:
    w = np.array([[1.0, -2.0], [3.0, 0.0]], np.float32)
    batches = np.array([[[1.0, 1.0], [-1.0, 1.0]], [[3.0, 1.0], [1.0, 5.0]]], np.float32)
    assert scores("magnitude", w) == [2, 1]
    assert scores("magnitude_l2", w) == [5, 2]
    assert scores("gradient", w, batches) == [2, 2]
    assert scores("taylor", w, batches) == [((1 - 3) ** 2 + (3 + 3) ** 2) / 2, 4]
    assert scores("movement", w, batches[1:]) == [4, 6]
    assert scores("l0", w, np.zeros((1, 2, 2), np.float32)) == [0.5, 0.5]
    assert scores("l1", w, batches[:1] * -2) == [2, 2]
    assert scores("bn_scale", w[0]) == [1, 2]


def test_fpgm_takes_the_filter_between_the_others() -> None:
    w = np.array([[0.0, 5.0, 10.0], [0.0, 0.1, 0.0]], np.float32)
    found = scores("fpgm", w)
    assert found.index(min(found)) == 1
    assert found[0] == pytest.approx(np.hypot(5, 0.1) + 10)


def test_random_depends_on_the_seed_alone() -> None:
    row, w = CRITERIA["random"], np.ones((4, 4), np.float32)
    first, again, other = (row.contributions(observation(w, seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.array_equal(first, row.contributions(observation(w * 7, seed=1)))


@pytest.mark.parametrize("criterion", ["fpgm", "bn_scale"])
def test_criteria_of_channels_refuse_elements(criterion: str) -> None:
    with pytest.raises(TinypruneError, match=f"criterion '{criterion}' judges whole channels"):
        choosing.method(criterion, "element", "uniform", Limits())


def test_every_criterion_names_its_paper() -> None:
    for name, row in CRITERIA.items():
        told = row.contributions.__doc__ or ""
        assert row.summary and (name == "random" or any(str(year) in told for year in range(1990, 2030))), name
