"""What must hold of a model whose channels were removed; shared by the tests and by `make verify`."""

from typing import Any

import numpy as np
from random_functional import random_model

from tinyprune.pruning import prune
from tinyprune.pruning.structures import STATISTICS

TOLERANCE = 1e-5  # of the largest output


def difference(seed: int) -> float:
    """The largest difference of outputs between a random model's masked and its smaller form, of the largest output.

    Raises AssertionError unless exactly the masked elements are gone.
    """
    from tinyprune.pruning.copying import copy_of
    from tinyprune.pruning.mask_keeper import MaskKeeper

    model = random_model(seed)
    random = np.random.default_rng(seed)
    sparsity = float(random.uniform(0.2, 0.9))
    scope = str(random.choice(["uniform", "global"]))
    smaller, result = prune(
        model, None, sparsity, granularity="channel", schedule="one_shot", criterion="random", scope=scope, seed=seed
    )
    masked = copy_of(model)
    MaskKeeper(masked, result.masks)
    assert result.parameters_after == promised(model, result.masks), f"seed {seed}: parameters"
    assert [x.shape for x in smaller.inputs] == [x.shape for x in model.inputs]
    x = [random.uniform(-1, 1, (2, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]
    expected, got = _outputs(masked, x), _outputs(smaller, x)
    scale = max(1.0, *(float(np.abs(each).max()) for each in expected))
    return max(float(np.abs(a - b).max()) for a, b in zip(expected, got, strict=True)) / scale


def promised(model: Any, masks: dict[str, Any]) -> int:
    """The elements that masks leave, with as many statistics of batch normalization as it has offsets left."""
    from tinyprune.pruning.weights import weights_of

    total = 0
    for name, weight in weights_of(model).items():
        mask = masks.get(name)
        if name.endswith(STATISTICS):
            mask = masks.get(f"{name.rpartition('/')[0]}/beta")
        total += int(np.prod(weight.shape)) if mask is None else int(mask.sum())
    return total


def _outputs(model: Any, x: list[Any]) -> list[Any]:
    outputs = model(x if len(x) > 1 else x[0], training=False)
    return [np.asarray(each) for each in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
