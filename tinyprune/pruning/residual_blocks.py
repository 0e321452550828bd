"""Residual blocks: branches that an addition puts on top of their own input, so that the model works without them.

A branch is a unit if nothing else reads from inside of it, and if its output is zero once its weights are: then the
masked model computes exactly what the model without the branch does. Blocks inside of nested models stay.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyprune.pruning.channels import calls_of, graph_of, is_model
from tinyprune.pruning.groups import Group, Member
from tinyprune.pruning.structures import STATISTICS
from tinyprune.pruning.weights import kernel_name, layers_of, named_weights

if TYPE_CHECKING:
    import keras

ZERO_AT_ZERO = {"linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "tanh", "softsign"}
PASSES_ZERO = {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "ReLU", "LeakyReLU", "ELU", "Activation"}
_CONVOLUTIONS = {f"{kind}{rank}D" for kind in ("Conv", "DepthwiseConv", "SeparableConv") for rank in (1, 2)}
MAKES_ZERO = {*_CONVOLUTIONS, "Dense", "MultiHeadAttention"}
NORMALIZATIONS = {"BatchNormalization", "LayerNormalization"}


@dataclass(frozen=True, eq=False)
class Block:
    """The operation that adds, which of its inputs is the shortcut (0 or 1), and the layers of the branch."""

    addition: Any
    shortcut: int
    layers: tuple[Any, ...]


def blocks(model: keras.Model, pattern: tuple[int, int]) -> list[Group]:
    """A group of one unit for each residual block, by the name of its addition.

    Raises UnsupportedModelError for a subclassed model.
    """
    paths = {id(layer): path for path, layer in layers_of(model).items()}
    groups: list[Group] = []
    for block in residual_blocks(model):
        judged = [layer for layer in block.layers if kernel_name(layer)]
        if judged:
            members = tuple(member for layer in block.layers for member in _members(paths[id(layer)], layer))
            names = tuple(paths[id(layer)] for layer in judged)
            shape = next(member.shape for member in members if member.scored)
            groups.append(Group(block.addition.name, 1, names, shape, members))
    return groups


def residual_blocks(model: keras.Model) -> list[Block]:
    """In the order in which they run."""
    graph = graph_of(model)
    calls = list(calls_of(graph))
    uses = Counter(id(call.operation) for call in calls)
    found = (_block(graph, calls, call, shortcut) for call in calls if _adds_two(call) for shortcut in (0, 1))
    return [block for block in found if block and all(uses[id(layer)] == 1 for layer in block.layers)]


def _members(path: str, layer: Any) -> list[Member]:
    kernels = (kernel_name(layer), "gamma")
    shapes = {name: tuple(int(side) for side in weight.shape) for name, weight in named_weights(layer).items()}
    return [
        Member(f"{path}/{name}", shape, np.zeros((1,) * len(shape), np.intp), name in kernels)
        for name, shape in shapes.items()
        if not name.endswith(STATISTICS)
    ]


def _adds_two(call: Any) -> bool:
    ours = type(call.operation).__module__.startswith("keras.") and type(call.operation).__name__ == "Add"
    return ours and len(call.input_tensors) == 2 and call.input_tensors[0].shape == call.input_tensors[1].shape


def _block(graph: Any, calls: list[Any], addition: Any, shortcut: int) -> Block | None:
    kept, dropped = addition.input_tensors[shortcut], addition.input_tensors[1 - shortcut]
    before = _ancestors(calls, kept)
    branch = [call for call in _ancestors(calls, dropped) if call not in before]
    if not any(tensor is kept for call in branch for tensor in call.input_tensors):
        return None
    inside = {id(tensor) for call in branch for tensor in call.outputs}
    readers = [call for call in calls if any(id(tensor) in inside for tensor in call.input_tensors)]
    alone = all(reader is addition or reader in branch for reader in readers)
    if not alone or inside & {id(tensor) for tensor in graph.outputs} or any(is_model(c.operation) for c in branch):
        return None
    layers = tuple(call.operation for call in branch if getattr(call.operation, "weights", None))
    return Block(addition.operation, shortcut, layers) if _can_be_zero(branch, dropped) else None


def _ancestors(calls: list[Any], tensor: Any) -> list[Any]:
    """The calls that `tensor` is computed by, in their order."""
    needed, found = {id(tensor)}, list[Any]()
    for call in reversed(calls):
        if needed & {id(output) for output in call.outputs}:
            needed |= {id(given) for given in call.input_tensors}
            found.append(call)
    return found[::-1]


def _can_be_zero(branch: list[Any], tensor: Any) -> bool:
    """Whether `tensor` is zero once all weights of the branch are, whatever goes into it."""
    call = next((call for call in branch if any(tensor is output for output in call.outputs)), None)
    if call is None or not type(call.operation).__module__.startswith("keras."):
        return False
    layer, kind = call.operation, type(call.operation).__name__
    zero_at_zero = getattr(getattr(layer, "activation", None), "__name__", "linear") in ZERO_AT_ZERO
    if kind in PASSES_ZERO:
        return zero_at_zero and _can_be_zero(branch, call.input_tensors[0])
    if kind in NORMALIZATIONS:
        return bool(layer.scale)
    return zero_at_zero and kind in MAKES_ZERO
