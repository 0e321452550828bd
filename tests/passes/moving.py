"""Networks that pad, join, split and look up tables between their other layers."""

from __future__ import annotations

import numpy as np
from networks import Network

from tinyprune import ir
from tinyprune.frontend.views import View, block_copy
from tinyprune.ir import Clamp, Graph, Int8, Padding, Quant, Window

INPUTS = np.arange(-128, 128)


class Moving(Network):
    def pad(self, source: str, padding: Padding, fill: int | None = None, channels: tuple[int, int] = (0, 0)) -> str:
        """With the zero point, or `fill`; `channels` are added before and after those of the source."""
        tensor = self.tensors[source]
        _, height, width, depth = tensor.shape
        rows, columns = height + padding.top + padding.bottom, width + padding.left + padding.right
        target = self.tensor((1, rows, columns, depth + sum(channels)), tensor.quant)
        inner = View.of(self.shape(target)).sliced(1, padding.top, height).sliced(2, padding.left, width)
        copy = block_copy(0, View.of(tensor.shape), inner.sliced(3, channels[0], depth))
        self.move("pad", (source,), target, copy, fill=tensor.zero_point if fill is None else fill)
        return target

    def concat(self, *sources: str, axis: int = 3) -> str:
        shapes, sizes = [self.shape(name) for name in sources], [self.shape(name)[axis] for name in sources]
        target = self.tensor((*shapes[0][:axis], sum(sizes), *shapes[0][axis + 1 :]), self.tensors[sources[0]].quant)
        whole = View.of(self.shape(target))
        starts = [sum(sizes[:number]) for number in range(len(sizes))]
        views = [whole.sliced(axis, start, size) for start, size in zip(starts, sizes, strict=True)]
        copies = (block_copy(number, View.of(shapes[number]), view) for number, view in enumerate(views))
        self.move("concat", sources, target, *copies)
        return target

    def slice(self, source: str, axis: int, start: int, count: int) -> str:
        view = View.of(self.shape(source)).sliced(axis, start, count)
        target = self.tensor(view.shape, self.tensors[source].quant)
        self.move("slice", (source,), target, block_copy(0, view, View.of(view.shape)))
        return target

    def transpose(self, source: str, axes: tuple[int, ...]) -> str:
        view = View.of(self.shape(source)).transposed(axes)
        target = self.tensor(view.shape, self.tensors[source].quant)
        self.move("transpose", (source,), target, block_copy(0, view, View.of(view.shape)))
        return target

    def move(
        self, kind: str, inputs: tuple[str, ...], target: str, *copies: ir.BlockCopy, fill: int | None = None
    ) -> None:
        self.layers.append(ir.Move(self.name(kind), inputs, target, copies, fill))

    def lookup(self, source: str, table: Int8, quant: Quant | None = None) -> str:
        target = self.tensor(self.shape(source), quant or self.tensors[source].quant)
        self.layers.append(ir.Lut(self.name("lookup"), source, target, "test", table))
        return target

    def clamped(self, source: str, clamp: Clamp) -> str:
        return self.lookup(source, np.clip(INPUTS, *clamp).astype(np.int8))

    def binary(self, kind: type[ir.Binary], a: str, b: str, quant: Quant | None = None) -> str:
        target = self.tensor(np.broadcast_shapes(self.shape(a), self.shape(b)), quant)
        self.layers.append(kind(self.name(kind.__name__.lower()), a, b, target, (-128, 127)))
        return target

    def valid(self, source: str, size: int, channels: int, depthwise: bool = False, stride: int = 1) -> str:
        """A convolution that does not pad, with random weights."""
        depth = self.shape(source)[3]
        shape = (1, size, size, depth * channels) if depthwise else (channels, size, size, depth)
        axis = 3 if depthwise else 0
        weights = self.weights(shape, axis)
        window = Window((size, size), (stride, stride))
        target = self.tensor((1, *window.output(*self.shape(source)[1:3]), shape[axis]))
        kind = ir.DepthwiseConv2D if depthwise else ir.Conv2D
        packed, bias = self.packed(weights, axis), self.bias(weights, axis, None)
        self.layers.append(kind(self.name("valid"), source, target, packed, bias, window, (-128, 127)))
        return target


def random_table(random: np.random.Generator) -> Int8:
    """A clamp, a rising table, or any."""
    low, high = sorted(int(end) for end in random.integers(-128, 128, 2))
    any_values = random.integers(-128, 128, 256, np.int8)
    tables = [np.clip(INPUTS, low, high).astype(np.int8), np.sort(any_values), any_values]
    return tables[random.integers(3)]


def random_moving(seed: int) -> Graph:
    """A few blocks of every kind, with dead channels, constants, and outputs that nobody reads."""
    random = np.random.default_rng(seed)
    net = Moving((1, 6, 6, int(random.integers(1, 4))), seed, kill=float(random.choice([0.2, 0.5, 0.8])))
    x = net.conv(net.input, int(random.integers(2, 8)))
    for _ in range(random.integers(2, 7)):
        x = BLOCKS[random.integers(len(BLOCKS))](net, x, random)
    x = net.mean(x) if random.random() < 0.5 else net.flatten(x)
    return net.graph(net.softmax(net.dense(net.dense(x, 5), 4)))


def _conv(net: Moving, x: str, random: np.random.Generator) -> str:
    return net.conv(x, int(random.integers(1, 8)), size=int(random.choice([1, 3])))


def _padded(net: Moving, x: str, random: np.random.Generator) -> str:
    pads = Padding(*(int(side) for side in random.integers(0, 4, 4)))
    fill = None if random.random() < 0.7 else int(random.integers(-128, 128))
    padded = net.pad(x, pads, fill, channels=(0, 0) if random.random() < 0.7 else (1, 2))
    if random.random() < 0.2:
        padded = net.pad(padded, Padding(1, 0, 0, 1))
    y = net.valid(padded, 3, int(random.integers(1, 3)), depthwise=bool(random.integers(2)), stride=2)
    if random.random() < 0.2:
        y = net.binary(ir.Mul, y, net.valid(padded, 3, net.shape(y)[3], stride=2))
    return y if min(net.shape(y)[1:3]) > 2 else net.pad(y, Padding(2, 2, 2, 2))


def _joined(net: Moving, x: str, random: np.random.Generator) -> str:
    """With something of the same scale: itself, a constant, or what a pool made of it."""
    axis = int(random.choice([1, 2, 3]))
    others = [x, net.pool(ir.MaxPool, x, Padding(0, 1, 0, 1)), _constant_like(net, x, random)]
    return net.concat(*(others[i] for i in random.permutation(3)[:2]), axis=axis)


def _split(net: Moving, x: str, random: np.random.Generator) -> str:
    axis = int(random.choice([1, 2, 3]))
    size = net.shape(x)[axis]
    if size < 4:
        return net.concat(x, x)
    at = int(random.integers(2, size - 1))
    first, second = net.slice(x, axis, 0, at), net.slice(x, axis, at, size - at)
    order = [first, second] if random.random() < 0.5 else [second, net.clamped(first, (-100, 90))]
    return net.concat(*order, axis=axis)


def _looked_up(net: Moving, x: str, random: np.random.Generator) -> str:
    for _ in range(random.integers(1, 4)):
        x = net.lookup(x, random_table(random), None if random.random() < 0.6 else Quant((0.4,), 5))
    return x


def _transposed(net: Moving, x: str, random: np.random.Generator) -> str:
    axes = [(0, 2, 1, 3), (0, 1, 3, 2)][random.integers(2)]
    return x if min(net.shape(x)) > 8 else net.transpose(x, axes)


def _computed(net: Moving, x: str, random: np.random.Generator) -> str:
    """With a constant that is itself computed from one, or with itself."""
    kind = [ir.Sub, ir.Mul, ir.Maximum, ir.Minimum, ir.Add, ir.Prelu][random.integers(6)]
    quant = net.tensors[x].quant
    constant = net.clamped(_constant_like(net, x, random), (-90, 90))
    shaped = net.slice(constant, 3, 0, 1) if random.random() < 0.3 else constant
    other = x if random.random() < 0.2 else shaped
    same = kind in (ir.Maximum, ir.Minimum)
    return net.binary(kind, *((x, other) if random.random() < 0.5 else (other, x)), quant if same else Quant((2.0,), 3))


def _constant_like(net: Moving, x: str, random: np.random.Generator) -> str:
    name = net.tensor(net.shape(x), net.tensors[x].quant)
    net.constants[name] = random.integers(-128, 128, net.shape(x), np.int8)
    return name


BLOCKS = (_conv, _conv, _padded, _padded, _joined, _split, _looked_up, _transposed, _computed)
