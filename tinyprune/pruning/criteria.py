"""How much each weight matters: a criterion says what each element contributes, and how a unit's elements add up.

Whatever has the lowest score goes first. A criterion is a function of one weight and of what was
observed of it, and one row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tinyprune.pruning.groups import FloatArray, IntArray

EvidenceKind = Literal["gradients", "movement", "l0", "l1"]
Scores = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Observation:
    """A weight as it is, and the criterion's evidence: (k, *shape) from k batches or one training, else empty."""

    weight: FloatArray
    evidence: FloatArray
    random: np.random.Generator


@dataclass(frozen=True)
class Criterion:
    """A row of the registry.

    `contributions` gives (k, *shape); `combine` makes scores (units,) of their sums (k, units) and the units' sizes.
    `evidence` is what must be observed while the model runs on data. `reads` is the weight that is judged: the kernel,
    or the scale of batch normalization. Some judge whole channels only.
    """

    summary: str
    contributions: Callable[[Observation], FloatArray]
    combine: Callable[[Scores, IntArray], Scores]
    evidence: EvidenceKind | None = None
    reads: Literal["kernel", "gamma"] = "kernel"
    channels_only: bool = False


def magnitude(seen: Observation) -> FloatArray:
    """|w|; of a filter its mean absolute weight.

    Han et al., Learning both Weights and Connections, NeurIPS 2015; filters: Li et al., Pruning Filters for Efficient
    ConvNets, ICLR 2017.
    """
    return np.abs(seen.weight)[None]


def magnitude_l2(seen: Observation) -> FloatArray:
    """w^2; of a filter its mean square (He et al., Soft Filter Pruning, IJCAI 2018)."""
    return np.square(seen.weight)[None]


def gradient(seen: Observation) -> FloatArray:
    """|w * dL/dw|, L the mean loss over the data (Lee et al., SNIP, ICLR 2019, equation 3)."""
    return np.abs(seen.weight * seen.evidence.mean(axis=0))[None]


def taylor(seen: Observation) -> FloatArray:
    """w * dL/dw by batch, to be squared: the first-order change of the loss without the unit.

    Molchanov et al., Importance Estimation for Neural Network Pruning, CVPR 2019: equation 8 for a weight, 11 for a
    filter, whose contributions are added before they are squared.
    """
    return seen.weight[None] * seen.evidence


def bn_scale(seen: Observation) -> FloatArray:
    """|gamma| of the batch normalization behind a convolution (Liu et al., Network Slimming, ICCV 2017)."""
    return np.abs(seen.weight)[None]


def fpgm(seen: Observation) -> FloatArray:
    """A filter's distance to all others of its layer: what lies near the geometric median can be replaced.

    He et al., Filter Pruning via Geometric Median, CVPR 2019, equation 5; shared out evenly over the filter's weights.
    """
    filters = seen.weight.reshape(-1, seen.weight.shape[-1]).T.astype(np.float64)
    squares = np.sum(filters**2, axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * filters @ filters.T, 0)).sum(axis=1)
    return np.broadcast_to(distances / filters.shape[1], seen.weight.shape).astype(np.float32)[None]


def movement(seen: Observation) -> FloatArray:
    """-sum of w * dL/dw over the steps of training: weights that move away from zero stay, whatever their size.

    Sanh et al., Movement Pruning, NeurIPS 2020, equation 2.
    """
    return seen.evidence


def l0(seen: Observation) -> FloatArray:
    """The learned location of the weight's hard concrete gate, as a probability that it is open.

    Louizos et al., Learning Sparse Neural Networks through L0 Regularization, ICLR 2018.
    """
    return (1 / (1 + np.exp(-seen.evidence))).astype(np.float32)


def l1(seen: Observation) -> FloatArray:
    """|w| after training with the soft threshold of an L1 penalty, which takes the same from each weight in each step.

    Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996; the proximal step: Daubechies et al., 2004.
    """
    return np.abs(seen.evidence)


def noise(seen: Observation) -> FloatArray:
    """Uniform noise: the baseline that any criterion has to beat."""
    return seen.random.random((1, *seen.weight.shape), np.float32)


def _mean(sums: Scores, sizes: IntArray) -> Scores:
    """A unit's mean over its elements, so that layers with many weights a unit are not thought better for it."""
    return sums.mean(axis=0) / np.maximum(sizes, 1)


def _total(sums: Scores, sizes: IntArray) -> Scores:
    """What all elements of a unit do to the loss together."""
    return sums.mean(axis=0)


def _squared(sums: Scores, sizes: IntArray) -> Scores:
    return np.square(sums).mean(axis=0)


CRITERIA: dict[str, Criterion] = {
    "magnitude": Criterion("smallest |w|; filters: L1 norm", magnitude, _mean),
    "magnitude_l2": Criterion("smallest w^2; filters: L2 norm", magnitude_l2, _mean),
    "gradient": Criterion("smallest |w * gradient| (SNIP)", gradient, _total, "gradients"),
    "taylor": Criterion("least first-order change of the loss", taylor, _squared, "gradients"),
    "bn_scale": Criterion("smallest scale of batch normalization", bn_scale, _mean, reads="gamma", channels_only=True),
    "fpgm": Criterion("filters nearest to the geometric median", fpgm, _total, channels_only=True),
    "movement": Criterion("weights that training moves towards zero", movement, _total, "movement"),
    "l0": Criterion("learned hard concrete gates", l0, _mean, "l0"),
    "l1": Criterion("what a soft threshold shrinks first", l1, _mean, "l1"),
    "random": Criterion("by chance: the baseline to beat", noise, _mean),
}
