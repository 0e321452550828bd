"""When weights are removed: a schedule lists the steps, each a sparsity and the epochs of fine-tuning after it."""

from collections.abc import Callable
from dataclasses import dataclass

from tinyprune.errors import TinypruneError

RAMP_STEPS = 4
DEFAULT_EPOCHS = 40


@dataclass(frozen=True)
class Step:
    """Prune to `sparsity` (share of weights, 0 to 1), then fine-tune for `epochs`."""

    sparsity: float
    epochs: int


Schedule = Callable[[float, int | None], list[Step]]


def one_shot(sparsity: float, epochs: int | None) -> list[Step]:
    """Everything at once; fine-tuned only if `epochs` says so, which makes this the one that can do without data."""
    return [Step(sparsity, epochs or 0)]


def iterative(sparsity: float, epochs: int | None) -> list[Step]:
    """Four steps on the cubic ramp s * (1 - (1 - t)^3) of Zhu & Gupta (To prune, or not to prune, 2017).

    The ramp removes much while the network is redundant and little near the end. The last step has half of the epochs,
    in which the network recovers.
    """
    total = DEFAULT_EPOCHS if epochs is None else epochs
    if total < RAMP_STEPS:
        raise TinypruneError(
            f"{total} epochs are too few for iterative pruning",
            remedy=f"give at least {RAMP_STEPS} (default {DEFAULT_EPOCHS}), or schedule 'one_shot'",
        )
    each = max(1, total // 2 // (RAMP_STEPS - 1))
    ramp = [sparsity * (1 - (1 - step / RAMP_STEPS) ** 3) for step in range(1, RAMP_STEPS)]
    return [*(Step(level, each) for level in ramp), Step(sparsity, total - each * (RAMP_STEPS - 1))]


SCHEDULES: dict[str, Schedule] = {"iterative": iterative, "one_shot": one_shot}
