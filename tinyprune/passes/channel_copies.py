"""Layers that move whole channels: padding of rows and columns, joining and splitting along any axis.

A block copy counts elements. Where each run of it stays inside of a pixel, or covers whole pixels, it moves the same
channels at every pixel; so it can be told again with fewer channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinyprune.ir import BlockCopy, Move
from tinyprune.passes.masks import Live, Mask
from tinyprune.reference.moves import Axis, block_copy


@dataclass(frozen=True)
class ChannelCopy:
    """`count` channels at each of some pixels, from channel `read` of an input to channel `write` of the output.

    `pixels` are the loops: how many, and how far on in the input and the output, in pixels, from the first pixels.
    """

    source: int
    pixels: tuple[Axis, ...]
    first_read: int
    first_written: int
    read: int
    write: int
    count: int


def channel_copies(layer: Move, inputs: Sequence[int], output: int) -> list[ChannelCopy] | None:
    """The copies of `layer`, whose tensors have so many channels; None where one moves values between channels."""
    copies = [_channel_copy(copy, inputs[copy.source], output) for copy in layer.copies]
    whole = [copy for copy in copies if copy is not None]
    return whole if len(whole) == len(copies) else None


def _channel_copy(copy: BlockCopy, channels_in: int, channels_out: int) -> ChannelCopy | None:
    axes = list(zip(copy.shape, copy.input_strides, copy.output_strides, strict=True))
    run = axes.pop()[0] if axes[-1][1:] == (1, 1) else 1
    (first_read, read), (first_written, write) = (
        divmod(copy.input_offset, channels_in),
        divmod(copy.output_offset, channels_out),
    )
    if channels_in == channels_out and read == write == 0 and run % channels_in == 0:
        axes.append((run // channels_in, channels_in, channels_in))
        run = channels_in
    aligned = all(i % channels_in == 0 and o % channels_out == 0 for _, i, o in axes)
    if not aligned or read + run > channels_in or write + run > channels_out:
        return None
    pixels = tuple((extent, i // channels_in, o // channels_out) for extent, i, o in axes)
    return ChannelCopy(copy.source, pixels, first_read, first_written, read, write, run)


def needs(layer: Move, live: Live) -> dict[str, Mask] | None:
    """What must stay because of the channels of the output that stay: where they come from, and one that is copied.

    An input may keep a channel that the output does not. None where `layer` does not move whole channels.
    """
    copies = channel_copies(layer, [live[name].size for name in layer.inputs], live[layer.output].size)
    if copies is None:
        return None
    outputs = live[layer.output].copy()
    if outputs.any() and not any(outputs[copy.write : copy.write + copy.count].any() for copy in copies):
        outputs[copies[0].write] = True  # a layer that only fills has no kernel
    needed = {name: np.zeros_like(live[name]) for name in layer.inputs}
    for copy in copies:
        needed[layer.inputs[copy.source]][copy.read :][: copy.count] |= outputs[copy.write :][: copy.count]
    return {**needed, layer.output: outputs}


def compacted(layer: Move, live: Live) -> Move:
    """`layer` between tensors that have only their channels in `live`; without the inputs that nothing comes from."""
    copies = channel_copies(layer, [live[name].size for name in layer.inputs], live[layer.output].size)
    if copies is None:
        return layer
    left = [one for copy in copies for one in _narrowed(copy, live[layer.inputs[copy.source]], live[layer.output])]
    used = sorted({copy.source for copy in left})
    renumbered = tuple(replace(copy, source=used.index(copy.source)) for copy in left)
    return replace(layer, inputs=tuple(layer.inputs[source] for source in used), copies=renumbered)


def _narrowed(copy: ChannelCopy, inputs: Mask, outputs: Mask) -> list[BlockCopy]:
    """A copy for each run of channels that lie side by side in both tensors still."""
    kept = np.flatnonzero(outputs[copy.write : copy.write + copy.count])
    reads = np.cumsum(inputs)[copy.read + kept] - 1
    writes = np.cumsum(outputs)[copy.write + kept] - 1
    apart = np.flatnonzero(np.diff(reads) != 1) + 1
    channels_in, channels_out = int(inputs.sum()), int(outputs.sum())
    pixels = [(extent, i * channels_in, o * channels_out) for extent, i, o in copy.pixels]
    return [
        block_copy(
            copy.source,
            [*pixels, (len(read), 1, 1)],
            copy.first_read * channels_in + int(read[0]),
            copy.first_written * channels_out + int(write[0]),
        )
        for read, write in zip(np.split(reads, apart), np.split(writes, apart), strict=True)
        if len(read)
    ]
