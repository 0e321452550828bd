"""When weights are removed: a schedule lists the steps, each with the epochs of fine-tuning after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from tinyprune.errors import TinypruneError, unknown_name

RAMP_STEPS = 4
DEFAULT_EPOCHS = 40
LAST_RATE = 1 / 20  # of the first learning rate


@dataclass(frozen=True)
class Step:
    """Prune to `share` of the target sparsity, then fine-tune for `epochs`.

    The learning rate falls from the first to `last_rate` times that along half a cosine. With `rewind` what stays goes
    back to the anchor first: the weights as they came, or those after the step that has `anchor`.
    """

    share: float
    epochs: int
    last_rate: float = LAST_RATE
    rewind: bool = False
    anchor: bool = False


Ramp = Callable[[float, float], float]


def linear(time: float, sparsity: float) -> float:
    """As much in each step."""
    return time


def geometric(time: float, sparsity: float) -> float:
    """The same share of what is left in each step (Frankle & Carbin, The Lottery Ticket Hypothesis, ICLR 2019)."""
    return (1 - (1 - sparsity) ** time) / sparsity if sparsity else time


def cubic(time: float, sparsity: float) -> float:
    """1 - (1 - t)^3: much while the network is redundant, little near the end (Zhu & Gupta, To prune, or not, 2017)."""
    return 1 - (1 - time) ** 3


RAMPS: dict[str, Ramp] = {"cubic": cubic, "linear": linear, "geometric": geometric}


def one_shot(sparsity: float, epochs: int | None, variant: str) -> list[Step]:
    """Everything at once; fine-tuned only if `epochs` says so, which makes this the one that can do without data."""
    return [Step(1.0, epochs or 0)]


def iterative(sparsity: float, epochs: int | None, variant: str) -> list[Step]:
    """Four steps up the ramp that `variant` names; the last has half of the epochs, in which the network recovers."""
    total = _enough(epochs, RAMP_STEPS, "iterative pruning")
    each = max(1, total // 2 // (RAMP_STEPS - 1))
    last = total - each * (RAMP_STEPS - 1)
    shares = _shares(RAMPS[variant], sparsity, RAMP_STEPS)
    return [*(Step(share, each) for share in shares[:-1]), Step(1.0, last)]


def polynomial(sparsity: float, epochs: int | None, variant: str) -> list[Step]:
    """One run of training: the cubic ramp, a step an epoch at the full rate, then as many epochs in which it falls."""
    total = _enough(epochs, 2, "polynomial decay")
    shares = _shares(cubic, sparsity, total // 2)
    return [*(Step(share, 1, last_rate=1.0) for share in shares[:-1]), Step(1.0, total - len(shares) + 1)]


def lottery_ticket(sparsity: float, epochs: int | None, variant: str) -> list[Step]:
    """Four rounds of training, pruning and rewinding, and a last training from the rewound weights.

    Frankle & Carbin, ICLR 2019, whose rounds are geometric. `early` rewinds to the weights after the first epoch
    instead of those that came (Frankle et al., Stabilizing the Lottery Ticket Hypothesis, 2019).
    """
    early = variant == "early"
    total = _enough(epochs, RAMP_STEPS + 1 + early, "lottery-ticket rewinding")
    each = (total - early) // (RAMP_STEPS + 1)
    shares = _shares(geometric, sparsity, RAMP_STEPS)
    first = [Step(0.0, 1, last_rate=1.0, anchor=True)] * early
    middle = [Step(share, each, rewind=share > 0) for share in (0.0, *shares[:-1])]
    return [*first, *middle, Step(1.0, total - early - each * RAMP_STEPS, rewind=True)]


@dataclass(frozen=True)
class Schedule:
    """A row of the registry; `variants` may be asked for as `name:variant`, the first by default."""

    summary: str
    steps: Callable[[float, int | None, str], list[Step]]
    variants: tuple[str, ...] = ()


SCHEDULES: dict[str, Schedule] = {
    "one_shot": Schedule("everything at once, then fine-tuning if epochs are given", one_shot),
    "iterative": Schedule("four steps, each with fine-tuning", iterative, tuple(RAMPS)),
    "polynomial": Schedule("a step an epoch inside of one training, cubic", polynomial),
    "lottery_ticket": Schedule(
        "train, prune, rewind to the weights given or to early ones", lottery_ticket, ("initial", "early")
    ),
}


def planned(text: str, sparsity: float, epochs: int | None) -> list[Step]:
    """The steps of the schedule that `text` names: `polynomial`, `iterative:linear`. Raises TinypruneError."""
    name, _, variant = text.partition(":")
    if name not in SCHEDULES:
        raise unknown_name("schedule", name, SCHEDULES)
    row = SCHEDULES[name]
    if variant and not row.variants:
        raise TinypruneError(f"schedule '{name}' has no variants", remedy=f"give '{name}' alone, not '{text}'")
    if variant and variant not in row.variants:
        raise unknown_name(f"variant of schedule '{name}'", variant, row.variants)
    if epochs is not None and epochs < 0:
        raise TinypruneError(f"{epochs} epochs cannot be", remedy="give 0 or more")
    steps = row.steps(sparsity, epochs, variant or next(iter(row.variants), ""))
    assert all(before.share <= after.share for before, after in pairwise(steps))
    return steps


def _shares(ramp: Ramp, sparsity: float, steps: int) -> list[float]:
    """Strictly inside of (0, 1) but for the last, which is exactly 1: 1 - (1 - 1)^3 need not be."""
    return [*(ramp(step / steps, sparsity) for step in range(1, steps)), 1.0]


def _enough(epochs: int | None, least: int, what: str) -> int:
    total = DEFAULT_EPOCHS if epochs is None else epochs
    if total < least:
        raise TinypruneError(
            f"{total} epochs are too few for {what}",
            remedy=f"give at least {least} (default {DEFAULT_EPOCHS}), or schedule 'one_shot'",
        )
    return total
