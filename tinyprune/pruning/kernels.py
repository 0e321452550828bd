"""Which variables of a Keras model are pruned."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# Depthwise kernels have 9 weights a channel: pruning them saves nothing and costs much accuracy. Biases likewise.
KERNEL_OF = {
    "Conv1D": "kernel",
    "Conv2D": "kernel",
    "Dense": "kernel",
    "SeparableConv1D": "pointwise_kernel",
    "SeparableConv2D": "pointwise_kernel",
}


def prunable_kernels(model: "keras.Model") -> dict[str, Any]:
    """The kernel variables of convolutions and dense layers by layer name, in the model's order.

    Layers of a nested model are named `outer/inner`. Subclasses of the five layer types count, wrappers
    (TimeDistributed, Bidirectional) are left alone.
    """
    return dict(_kernels(model, prefix=""))


def _kernels(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        name = f"{prefix}{layer.name}"
        if hasattr(layer, "layers"):
            yield from _kernels(layer, f"{name}/")
            continue
        kernel = _kernel(layer)
        if kernel is not None:
            yield name, kernel


def _kernel(layer: Any) -> Any:
    for base in type(layer).__mro__:
        if base.__module__.startswith("keras.") and base.__name__ in KERNEL_OF:
            return getattr(layer, KERNEL_OF[base.__name__])
    return None
