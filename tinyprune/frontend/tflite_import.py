"""`.tflite` to `Graph`: checks that it is an int8 model we can run exactly, and builds its layers. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend import tflite_file
from tinyprune.frontend.float_edges import drop_float_edges
from tinyprune.frontend.fold_constants import fold_constants
from tinyprune.frontend.tflite_builders import BUILDERS, supported
from tinyprune.frontend.tflite_file import FileModel, FileOperator
from tinyprune.frontend.tflite_operators import Source, constant_tensor
from tinyprune.ir import Graph, Int8, Layer, Quant, Tensor, layer_inputs


def load(path: Path) -> Graph:
    """The model in the file `path`; the graph is named by the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TinypruneError(f"cannot read {path}: {error.strerror}") from error
    return import_tflite(content, path.stem)


def import_tflite(content: bytes, name: str) -> Graph:
    """The model in the bytes of an int8 `.tflite` file.

    Raises UnsupportedModelError (naming operator and layer) for what cannot be run exactly, TinypruneError for a
    file that is damaged.
    """
    model, float_edges = drop_float_edges(fold_constants(tflite_file.read(content, f"{name}.tflite")))
    return _Importer(model, name, float_edges).graph()


@dataclass(frozen=True, eq=False)
class _Importer:
    model: FileModel
    name: str
    float_edges: frozenset[int]

    def graph(self) -> Graph:
        self.check_edges()
        self.check_operators()
        tensors = {i: self.activation(i) for i in self.activations()}
        self.check_outputs(tensors)
        layers = tuple(layer for operator in self.model.operators for layer in self.layers(operator, tensors))
        constants = self.constants(layers, tensors)
        return Graph(
            name=self.name,
            tensors={tensor.name: tensor for tensor in (*tensors.values(), *constants)},
            layers=layers,
            inputs=tuple(tensors[i].name for i in self.model.inputs),
            outputs=tuple(tensors[i].name for i in self.model.outputs),
            float_edges=frozenset(tensors[i].name for i in self.float_edges),
            constants={tensor.name: values for tensor, values in constants.items()},
        )

    def constants(self, layers: tuple[Layer, ...], computed: Mapping[int, Tensor]) -> dict[Tensor, Int8]:
        """The constants that layers read as operands, with their values."""
        read = {name for layer in layers for name in layer_inputs(layer)}
        found: dict[Tensor, Int8] = {}
        for index, constant in enumerate(self.model.tensors):
            if constant.data is not None and constant.type == "INT8" and index not in computed:
                tensor = constant_tensor(index, constant)
                if tensor.name in read:
                    found[tensor] = constant.data.astype(np.int8).reshape(tensor.shape)
        return found

    def check_edges(self) -> None:
        for kind, ends in (("input", self.model.inputs), ("output", self.model.outputs)):
            if not ends:
                raise UnsupportedModelError(f"{self.name} has no {kind}s")

    def check_outputs(self, computed: Mapping[int, Tensor]) -> None:
        for i in self.model.outputs:
            if i not in computed:
                raise UnsupportedModelError(f"{self.name}: output '{self.model.tensors[i].name}' is never computed")

    def check_operators(self) -> None:
        unsupported = [
            f"{operator.name} (layer {operator.number}, '{self.output_name(operator)}')"
            for operator in self.model.operators
            if operator.name not in BUILDERS
        ]
        if unsupported:
            raise UnsupportedModelError(
                f"{self.name}: not supported: {', '.join(unsupported)}",
                remedy=f"supported: {supported()}",
            )
        if not self.model.operators:
            raise UnsupportedModelError(f"{self.name} has no layers")

    def output_name(self, operator: FileOperator) -> str:
        return self.model.tensors[operator.outputs[0]].name if operator.outputs else "?"

    def activations(self) -> list[int]:
        """The tensors that are computed: the inputs, and each operator's outputs."""
        computed = list(self.model.inputs)
        for operator in self.model.operators:
            computed += operator.outputs
        if len(set(computed)) != len(computed):
            raise TinypruneError(f"{self.name} is damaged: a tensor is written twice")
        return computed

    def activation(self, index: int) -> Tensor:
        tensor = self.model.tensors[index]
        where = f"{self.name}: tensor {index} ('{tensor.name}')"
        if tensor.type != "INT8":
            raise UnsupportedModelError(
                f"{where} is {tensor.type}; int8 models are supported",
                remedy="convert with full integer quantization: inference_input_type = inference_output_type = int8, "
                "or give the .keras file to tinyprune",
            )
        if len(tensor.scale) != 1 or tensor.scale[0] == 0 or len(tensor.zero_point) > 1:
            raise UnsupportedModelError(f"{where} is not quantized with one scale")
        has_batch = tensor.shape[:1] == (1,)
        if 0 in tensor.shape or (index in self.model.inputs and not has_batch):
            raise UnsupportedModelError(
                f"{where} has shape {list(tensor.shape)}; the batch must be 1, no size may be 0"
            )
        shape = tensor.shape if has_batch else (1, *tensor.shape)  # inside of a model an axis may have come first
        zero_point = tensor.zero_point[0] if tensor.zero_point else 0
        if not -128 <= zero_point <= 127:
            raise UnsupportedModelError(f"{where} has zero point {zero_point}, outside int8")
        return Tensor(f"{index}: {tensor.name}", shape, Quant(tensor.scale, zero_point))

    def layers(self, operator: FileOperator, tensors: dict[int, Tensor]) -> tuple[Layer, ...]:
        """One layer; one for each output where there are several."""
        source = Source(self.name, operator.number, operator, self.model.tensors, tensors)
        built = BUILDERS[operator.name](source)
        return built if isinstance(built, tuple) else (built,)
