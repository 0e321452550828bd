"""Random graphs of layers that may run in place, with residuals, views and several readers of one activation."""

import numpy as np

from tinyprune.ir import Add, AveragePool, Graph, Layer, MaxPool, Mean, Padding, Quant, Reshape, Softmax, Tensor, Window

WHOLE = (-128, 127)
NEAR = 3  # layers read one of so many activations that were computed last


class Flow:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.tensors = {"x": Tensor("x", (1, 6, 5, 3), Quant((0.1,), -4))}
        self.layers: list[Layer] = []

    def graph(self, layers: int) -> Graph:
        while len(self.layers) < layers:
            kind = self.random.choice(["add", "reshape", "max_pool", "average_pool", "softmax", "mean"], p=WEIGHTS)
            getattr(self, kind)()
        outputs = {list(self.tensors)[-1], str(self.random.choice(list(self.tensors)))}
        return Graph("flow", self.tensors, tuple(self.layers), ("x",), tuple(sorted(outputs)))

    def pick(self) -> Tensor:
        return self.tensors[str(self.random.choice(list(self.tensors)[-NEAR:]))]

    def output(self, shape: tuple[int, ...], quant: Quant) -> tuple[str, str]:
        """The names of a new layer and its output."""
        name = f"t{len(self.layers)}"
        self.tensors[name] = Tensor(name, shape, quant)
        return f"layer_{len(self.layers)}", name

    def add(self) -> None:
        one = self.pick()
        other = str(self.random.choice([t.name for t in self.tensors.values() if t.shape == one.shape][-NEAR:]))
        layer, output = self.output(one.shape, Quant((float(self.random.uniform(0.1, 0.3)),), 7))
        self.layers.append(Add(layer, one.name, other, output, WHOLE))

    def reshape(self) -> None:
        source = self.pick()
        shape = (1, *(int(size) for size in self.random.permutation(source.shape[1:])))
        layer, output = self.output(shape, source.quant)
        self.layers.append(Reshape(layer, source.name, output))

    def max_pool(self) -> None:
        self.pool(MaxPool)

    def average_pool(self) -> None:
        self.pool(AveragePool)

    def pool(self, kind: type[MaxPool | AveragePool]) -> None:
        source, pads = self.pick(), self.random.integers(0, 2, 4) * self.random.integers(0, 2)
        window = Window((2, 2), stride=(1, 1 + int(self.random.random() < 0.2)), padding=Padding(*map(int, pads)))
        height, width = window.output(source.shape[1], source.shape[2])
        if min(height, width) >= 1:
            layer, output = self.output((1, height, width, source.shape[3]), source.quant)
            self.layers.append(kind(layer, source.name, output, window, WHOLE))

    def softmax(self) -> None:
        source = self.pick()
        layer, output = self.output(source.shape, Quant((1 / 256,), -128))
        self.layers.append(Softmax(layer, source.name, output, 1.0))

    def mean(self) -> None:
        source = self.pick()
        layer, output = self.output((1, 1, 1, source.shape[3]), source.quant)
        self.layers.append(Mean(layer, source.name, output))


WEIGHTS = [0.35, 0.2, 0.15, 0.15, 0.12, 0.03]


def random_flow(seed: int, layers: int) -> Graph:
    return Flow(seed).graph(layers)
