"""Which channels of a model belong together: one walk over its graph gives every channel of every tensor a number.

Channels that only exist or go together get the same number: those that an addition pairs, those of a grouped
convolution's group. Channels that cannot go (inputs, outputs, whatever an operator without a rule touches) get FROZEN.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyprune.errors import UnsupportedModelError
from tinyprune.pruning.channel_rules import rule_of
from tinyprune.pruning.groups import IntArray
from tinyprune.pruning.tracing import FROZEN, Tensor, Tracing
from tinyprune.pruning.weights import check_built, layers_of

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class Channels:
    """The final channel numbers of a model.

    `axes` has those along the axes of each weight that has any, by the weight's name; `resized` those of what
    a Reshape gives, by its layer's name; `inputs` those of the inputs of nested models, by the tensor's id; `heads` are
    the numbers that stand for attention heads.
    """

    axes: dict[str, dict[int, IntArray]]
    resized: dict[str, IntArray]
    inputs: dict[int, IntArray]
    heads: frozenset[int]


def channels_of(model: keras.Model) -> Channels:
    """Raises UnsupportedModelError for a model without a graph: a subclassed one."""
    tracing = Tracing({id(layer): path for path, layer in layers_of(model).items()})
    inputs = [np.full(_channel_count(tensor.shape), FROZEN) for tensor in graph_of(model).inputs]
    for channels in _walk(tracing, model, inputs):
        tracing.freeze(channels)
    return Channels(
        axes={
            f"{path}/{name}": {axis: tracing.roots(channels) for axis, channels in axes.items()}
            for path, weights in tracing.weights.items()
            for name, axes in weights.items()
        },
        resized={path: tracing.roots(channels) for path, channels in tracing.resized.items()},
        inputs={tensor: tracing.roots(channels) for tensor, channels in tracing.inputs.items()},
        heads=frozenset(int(root) for heads in tracing.heads for root in tracing.roots(heads)),
    )


def graph_of(model: keras.Model) -> Any:
    """The functional model that `model` is, or that a Sequential wraps. Raises UnsupportedModelError for others,
    TinypruneError for one that is not built."""
    check_built(model)
    graph = getattr(model, "_functional", None) or model
    if not hasattr(graph, "_nodes_by_depth"):
        raise UnsupportedModelError(
            f"model '{model.name}' is subclassed: what its layers do with each other is only known when it runs",
            remedy="write it as a functional model; masks alone go with PruningCallback in a fit of your own",
        )
    return graph


def calls_of(graph: Any) -> Iterator[Any]:
    """The calls (Keras' nodes) of a functional model in an order in which they can run."""
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        yield from (node for node in graph._nodes_by_depth[depth] if not node.is_input)


def is_model(operation: Any) -> bool:
    """Whether this is a functional or Sequential model, as against a layer."""
    return hasattr(operation, "_nodes_by_depth") or hasattr(operation, "_functional")


def _walk(tracing: Tracing, model: Any, inputs: Sequence[IntArray]) -> list[IntArray]:
    graph = graph_of(model)
    known = {id(tensor): channels for tensor, channels in zip(graph.inputs, inputs, strict=True)}
    for tensor, channels in known.items():
        tracing.join(tracing.inputs.setdefault(tensor, channels), channels)
    for call in calls_of(graph):
        tensors = [Tensor(known[id(tensor)], tuple(tensor.shape)) for tensor in call.input_tensors]
        outputs = _called(tracing, call, tensors)
        known.update((id(tensor), channels) for tensor, channels in zip(call.outputs, outputs, strict=True))
    return [known[id(tensor)] for tensor in graph.outputs]


def _called(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> list[IntArray]:
    if is_model(call.operation):
        return _walk(tracing, call.operation, [tensor.channels for tensor in tensors])
    channels = rule_of(call.operation)(tracing, call, tensors)
    if channels is not None:
        return [channels]
    for tensor in tensors:
        tracing.freeze(tensor.channels)
    return [np.full(_channel_count(tensor.shape), FROZEN) for tensor in call.outputs]


def _channel_count(shape: tuple[int | None, ...]) -> int:
    """1 stands for all of them where the number is open: none can go anyway."""
    return shape[-1] if len(shape) > 1 and shape[-1] is not None else 1
