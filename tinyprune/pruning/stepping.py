"""The steps of a plan, one epoch after the other, from the start or from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tinyprune.pruning.checkpoint import Checkpoint, State
from tinyprune.pruning.groups import BoolArray, joined_masks
from tinyprune.pruning.plan import Plan

if TYPE_CHECKING:
    from tinyprune.pruning.fine_tuning import FineTuning

Progress = Callable[[str, float], None]


class Stepping:
    """Carries a plan out on a model that is being fine-tuned."""

    def __init__(self, tuning: FineTuning, plan: Plan, seed: int, progress: Progress | None) -> None:
        self._tuning = tuning
        self._plan = plan
        self._seed = seed
        self._progress = progress
        self._checkpoint: Checkpoint | None = None
        everything = {group.name: np.ones(group.units, dtype=np.bool_) for group in plan.groups}
        self._state = State(step=0, epoch=0, loss=None, kept=everything, history=[], tuning={})

    def continue_from(self, checkpoint: Checkpoint) -> None:
        """Takes up the state in `checkpoint`, if there is one yet, and keeps it up to date from now on."""
        self._checkpoint = checkpoint
        found = checkpoint.load()
        if found is not None:
            self._state = found
            self._tuning.restore(found.tuning)
            self._tuning.mask(joined_masks(self._plan.groups, found.kept), rewind=False)

    def finish(self) -> State:
        """Runs what is left of the plan, and returns where it ends."""
        for number in range(self._state.step, len(self._plan.steps)):
            if self._state.epoch == 0:
                self._begin(number)
            self._train(number)
            self._end(number)
        return self._state

    def _begin(self, number: int) -> None:
        step = self._plan.steps[number]
        kept = self._chosen(number) if step.share else self._state.kept
        self._tuning.mask(joined_masks(self._plan.groups, kept), rewind=step.rewind)
        self._state = replace(self._state, kept=kept)

    def _chosen(self, number: int) -> dict[str, BoolArray]:
        plan, kind = self._plan, self._plan.method.criterion.evidence
        reached = plan.sparsity * plan.steps[number].share
        evidence = self._tuning.evidence(kind, plan.observed, number, reached) if kind else {}
        random = np.random.default_rng([self._seed, number])
        return plan.choose(plan.steps[number], self._tuning.weights(), evidence, self._state.kept, random)

    def _train(self, number: int) -> None:
        step, epoch = self._plan.steps[number], self._state.epoch
        if epoch < step.epochs:
            done = sum(earlier.epochs for earlier in self._plan.steps[:number]) + epoch
            self._tuning.train(step, epoch, done, lambda loss: self._trained(number, loss))

    def _trained(self, number: int, loss: float) -> None:
        step, epoch = self._plan.steps[number], self._state.epoch + 1
        if step.anchor and epoch == step.epochs:
            self._tuning.drop_anchor()
        self._state = replace(self._state, epoch=epoch, loss=loss)
        if self._checkpoint is not None:
            self._checkpoint.save(replace(self._state, tuning=self._tuning.save()))
        if self._progress:
            done = sum(earlier.epochs for earlier in self._plan.steps[:number]) + epoch
            total = sum(each.epochs for each in self._plan.steps)
            reached = f"{self._plan.sparsity * step.share:.0%} sparse"
            self._progress(f"fine-tuned epoch {done} of {total}, {reached}", done / total)

    def _end(self, number: int) -> None:
        step = self._plan.steps[number]
        reached = self._plan.sparsity * step.share
        row: dict[str, float] = {"step": number + 1, "sparsity": reached, "epochs": step.epochs}
        known = {"loss": self._state.loss, "accuracy": self._tuning.accuracy()}
        row.update((name, value) for name, value in known.items() if value is not None)
        history = [*self._state.history, row]
        self._state = replace(self._state, step=number + 1, epoch=0, loss=None, history=history)
