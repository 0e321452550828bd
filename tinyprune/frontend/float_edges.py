"""Float inputs and outputs of an int8 model: the QUANTIZE after an input and the DEQUANTIZE before an output go.

The firmware then takes and gives int8, as `model.h` tells its caller; the arithmetic between is the same.
"""

from __future__ import annotations

from dataclasses import replace

from tinyprune.frontend.tflite_file import FileModel, FileOperator


def drop_float_edges(model: FileModel) -> tuple[FileModel, frozenset[int]]:
    """`model` with int8 tensors for its float inputs and outputs, and which tensors these are.

    A float edge that is used in any other way stays, for the importer to refuse it.
    """
    inputs, outputs, left = list(model.inputs), list(model.outputs), list[FileOperator]()
    for operator in model.operators:
        if _quantizes_input(operator, model):
            inputs[inputs.index(operator.inputs[0])] = operator.outputs[0]
        elif _dequantizes_output(operator, model):
            outputs[outputs.index(operator.outputs[0])] = operator.inputs[0]
        else:
            left.append(operator)
    before, after = (*model.inputs, *model.outputs), (*inputs, *outputs)
    edges = frozenset(new for old, new in zip(before, after, strict=True) if new != old)
    return replace(model, inputs=tuple(inputs), outputs=tuple(outputs), operators=tuple(left)), edges


def _quantizes_input(operator: FileOperator, model: FileModel) -> bool:
    if operator.name != "QUANTIZE" or not _is_between(operator, model, "FLOAT32", "INT8"):
        return False
    (source,) = operator.inputs
    readers = sum(source in other.inputs for other in model.operators)
    return model.inputs.count(source) == 1 and readers == 1 and source not in model.outputs


def _dequantizes_output(operator: FileOperator, model: FileModel) -> bool:
    if operator.name != "DEQUANTIZE" or not _is_between(operator, model, "INT8", "FLOAT32"):
        return False
    (target,) = operator.outputs
    read = any(target in other.inputs for other in model.operators)
    return model.outputs.count(target) == 1 and not read


def _is_between(operator: FileOperator, model: FileModel, source: str, target: str) -> bool:
    if len(operator.inputs) != 1 or len(operator.outputs) != 1 or operator.inputs[0] < 0:
        return False
    kinds = (model.tensors[operator.inputs[0]].type, model.tensors[operator.outputs[0]].type)
    return kinds == (source, target)
