"""Pruning inside of a training of your own. Imports Keras: import this module only once Keras is needed."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from tinyprune.errors import TinypruneError
from tinyprune.pruning.choosing import Limits, check_seed, layer_names
from tinyprune.pruning.groups import BoolArray, joined_masks
from tinyprune.pruning.mask_keeper import MaskKeeper
from tinyprune.pruning.plan import Plan, make_plan
from tinyprune.pruning.schedules import Step, cubic
from tinyprune.pruning.weights import weights_of


class PruningCallback(keras.callbacks.Callback):
    """Prunes while `fit` trains, along the cubic ramp of `schedule="polynomial"`, and keeps what is removed at zero.

    From the start of epoch `begin` to that of epoch `end` the sparsity rises to `sparsity`; the epochs after that
    recover. Any optimizer, `train_step` and dtype policy goes; with `steps_per_execution` above 1, masks apply once an
    execution. In a loop without `fit`, call `set_model`, then `on_epoch_begin(epoch)` and, after each step of the
    optimizer, `on_train_batch_end(batch)`.

    Nothing but the model has to be saved: a training that goes on with `fit(initial_epoch=...)` on a saved model takes
    the zeros in its kernels for removed. The model stays as large as it was: to remove channels for good, hand it
    to `shrink`.

    `criterion` is one that needs no data; the other arguments are those of `prune`.
    """

    def __init__(
        self,
        sparsity: float | None = None,
        *,
        begin: int = 0,
        end: int,
        criterion: str = "magnitude",
        granularity: str = "element",
        scope: str = "uniform",
        min_density: float = 0.0,
        min_channels: int = 1,
        round_to: int = 1,
        exclude: Sequence[str] = (),
        layers: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        """Raises TinypruneError where `end` is before `begin`, or for the seed; `set_model` raises it for all else."""
        super().__init__()
        if not 0 <= begin <= end:
            raise TinypruneError(f"pruning cannot go from epoch {begin} to epoch {end}", remedy="begin <= end")
        check_seed(seed)
        self._begin, self._end, self._seed = begin, end, seed
        limits = Limits(min_density, min_channels, round_to, layer_names(exclude), dict(layers or {}))
        self._options: tuple[Any, ...] = (sparsity, criterion, granularity, scope, "one_shot", None, limits)
        self._plan: Plan | None = None
        self._kept: dict[str, BoolArray] | None = None

    def set_model(self, model: "keras.Model") -> None:
        """Called by `fit`. Raises TinypruneError for arguments that `prune` would refuse for `model`."""
        super().set_model(model)
        self._plan = make_plan(model, *self._options)
        if self._plan.method.criterion.evidence:
            raise TinypruneError(
                "a PruningCallback has no data to judge by", remedy="give criterion 'magnitude', or call prune"
            )
        self._keeper = MaskKeeper(model, {})

    @property
    def masks(self) -> dict[str, BoolArray]:
        """By weight name, True where an element stays; empty before anything is removed."""
        return {} if self._plan is None or self._kept is None else joined_masks(self._plan.groups, self._kept)

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Removes as much as is due."""
        assert self._plan is not None
        weights = {name: np.asarray(weight) for name, weight in weights_of(self.model).items()}
        if self._kept is None:
            self._kept = self._found(weights) if epoch > self._begin else self._everything()
        share = self._share(epoch)
        if share:
            random = np.random.default_rng([self._seed, epoch])
            self._kept = self._plan.choose(Step(share, 0), weights, {}, self._kept, random)
        self._keeper.update(self.masks)

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Zeroes what the optimizer moved."""
        self._keeper.apply()

    def on_train_end(self, logs: object = None) -> None:
        """Zeroes what an optimizer with `use_ema` put back."""
        self._keeper.on_train_end()

    def _share(self, epoch: int) -> float:
        if epoch < self._begin:
            return 0.0
        return cubic(min(1.0, (epoch - self._begin + 1) / (self._end - self._begin + 1)), 0.0)

    def _everything(self) -> dict[str, BoolArray]:
        assert self._plan is not None
        return {group.name: np.ones(group.units, dtype=np.bool_) for group in self._plan.groups}

    def _found(self, weights: Mapping[str, Any]) -> dict[str, BoolArray]:
        """The units that are not zero throughout."""
        assert self._plan is not None
        sizes = {name: np.not_equal(weight, 0)[None].astype(np.float32) for name, weight in weights.items()}
        return {group.name: group.sums(sizes)[0] > 0 for group in self._plan.groups}
