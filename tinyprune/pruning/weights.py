"""The weights of a Keras model by name, and which of them are pruned."""

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinyprune.errors import TinypruneError

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


def check_built(model: Any) -> None:
    """Raises TinypruneError unless `model` is a Keras model whose weights exist."""
    if not hasattr(model, "built"):
        raise TinypruneError(f"{model!r} is no Keras model", remedy="load it: keras.saving.load_model('model.keras')")
    if not model.built:
        raise TinypruneError(
            f"model '{model.name}' is not built: it has no weights yet",
            remedy="let it begin with keras.Input(shape), or call model.build(input_shape)",
        )


def layers_of(model: "keras.Model") -> dict[str, Any]:
    """Every layer that is not itself a model, once, in the model's order; those of a nested model as `outer/inner`."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for name, layer in _walk(model, prefix=""):
        if id(layer) not in seen:
            seen.add(id(layer))
            found[name] = layer
    return found


def weights_of(model: "keras.Model") -> dict[str, Any]:
    """Every weight variable by name: the layer's name, a slash, and the weight's own, as in `conv/kernel`."""
    named: dict[str, Any] = {}
    for path, layer in layers_of(model).items():
        named.update((f"{path}/{name}", variable) for name, variable in named_weights(layer).items())
    return named


def named_weights(layer: Any) -> dict[str, Any]:
    """The weights of one layer by their own names: `kernel`, or `query/kernel` where the layer has layers inside."""
    paths = [weight.path for weight in layer.weights]
    if not paths:
        return {}
    root = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    return {posixpath.relpath(path, root): weight for path, weight in zip(paths, layer.weights, strict=True)}


def prunable_kernels(model: "keras.Model") -> dict[str, Any]:
    """The kernel variables of convolutions and dense layers by layer name, in the model's order.

    Subclasses of the layer types in KERNEL_OF count, wrappers (TimeDistributed, Bidirectional) are left alone.
    """
    named = {name: kernel_name(layer) for name, layer in layers_of(model).items()}
    layers = layers_of(model)
    return {name: getattr(layers[name], kernel) for name, kernel in named.items() if kernel}


def kernel_name(layer: Any) -> str | None:
    """The name of the layer's kernel if that is pruned: `kernel` or `pointwise_kernel`."""
    for base in type(layer).__mro__:
        if base.__module__.startswith("keras.") and base.__name__ in KERNEL_OF:
            return KERNEL_OF[base.__name__]
    return None


def _walk(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        name = f"{prefix}{layer.name}"
        if hasattr(layer, "layers"):
            yield from _walk(layer, f"{name}/")
        else:
            yield name, layer
