"""The ways in which a layer with weights can run, and what each of them costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tinyprune import formats, kernels
from tinyprune.errors import TinypruneError
from tinyprune.ir import Graph, Layer, Variant, Weighted, op_name
from tinyprune.tensors import WeightsPlace

PREFERRED_ROWS = 4  # of a strip, where nothing was measured: more gain little, and take scratch


@dataclass(frozen=True, order=True)
class Candidate:
    """A storage format, one of the kernels that read it, the output rows of a strip, and the place of the weights."""

    format: str
    kernel: str
    rows: int
    weights: WeightsPlace

    def __str__(self) -> str:
        rows = f", {self.rows} rows" if self.rows else ""
        return f"{self.format} ({self.kernel}{rows}{'' if self.weights == 'flash' else f', weights in {self.weights}'})"


@dataclass(frozen=True)
class Cost(Candidate):
    """What a layer takes in one of its candidates.

    `operand_bytes` are the weights as the kernel reads them, `flash_bytes` they and all else in flash that is the
    layer's own, `functions` the code that it runs, by name in bytes, which other layers may share. The figures of one
    inference are None where it was not emulated, or the core's cycles are not claimed.
    """

    operand_bytes: int
    flash_bytes: int
    scratch_bytes: int
    functions: Mapping[str, int] = field(default_factory=dict[str, int])
    instructions: int | None = None
    core_cycles: int | None = None
    flash_stalls: int | None = None

    @property
    def candidate(self) -> Candidate:
        return Candidate(self.format, self.kernel, self.rows, self.weights)

    @property
    def resident_bytes(self) -> int:
        """What lies in SRAM all the time."""
        return self.operand_bytes if self.weights == "sram" else 0

    @property
    def cycles(self) -> int | None:
        return None if self.core_cycles is None or self.flash_stalls is None else self.core_cycles + self.flash_stalls


@dataclass(frozen=True)
class Rest:
    """What a firmware takes beside its arena and the layers that have a choice; the stack is what it uses, or, where it
    was not emulated, what it reserves."""

    flash_bytes: int
    static_bytes: int
    stack_bytes: int
    instructions: int | None = None
    cycles: int | None = None

    @property
    def sram_bytes(self) -> int:
        return self.static_bytes + self.stack_bytes


@dataclass(frozen=True)
class Costs:
    """By layer the costs of its candidates, and what the `rest` takes. `basis` says what they rest on, if not on an
    emulated run."""

    of: Mapping[str, tuple[Cost, ...]]
    rest: Rest
    basis: str


def candidates(layer: Weighted, graph: Graph, features: frozenset[str], format_name: str = "auto") -> list[Candidate]:
    """All that a core with `features` can run, in the order of KERNELS; those of one format where that is given, has a
    kernel for the layer, and holds its weights."""
    names = kernels.eligible_formats(layer)
    if format_name != "auto":
        names = [layer.weights.format if refusal(layer, format_name) else format_name]
    return [
        Candidate(name, variant.kernel, variant.rows, variant.weights)
        for name in names
        if (stored := _stored(layer, name)) is not None
        for variant in kernels.variants(stored, graph, features)
    ]


def preferred(layer: Weighted, graph: Graph, features: frozenset[str], format_name: str = "auto") -> list[Candidate]:
    """Of each format the candidate that is likely to be the fastest with its weights in flash: KERNELS lists a format's
    kernels by speed."""
    found: dict[str, Candidate] = {}
    for one in candidates(layer, graph, features, format_name):
        if one.weights != "flash":
            continue
        other = found.get(one.format)
        if not other or other.kernel != one.kernel or _unusual(one) < _unusual(other):
            found[one.format] = one
    return list(found.values())


def _unusual(candidate: Candidate) -> int:
    return abs(candidate.rows - PREFERRED_ROWS)


def with_candidate(layer: Weighted, candidate: Candidate, reason: str = "") -> Weighted:
    """`layer` as `candidate` runs it; `reason` is the report's."""
    weights = formats.pack(candidate.format, formats.unpack(layer.weights), layer.weights.quant, reason)
    return replace(layer, weights=weights, variant=Variant(candidate.kernel, candidate.rows, candidate.weights))


def with_candidates(graph: Graph, chosen: Mapping[str, Candidate], reasons: Mapping[str, str]) -> Graph:
    """`graph` with each layer that `chosen` names as it says."""

    def changed(layer: Layer) -> Layer:
        if not isinstance(layer, Weighted):
            return layer
        return with_candidate(layer, chosen[layer.name], reasons[layer.name])

    return replace(graph, layers=tuple(map(changed, graph.layers)), arena=None)


def refusal(layer: Weighted, format_name: str) -> str:
    """Why `layer` cannot be in that format, in a few words; "" where it can."""
    if format_name not in kernels.formats_for(layer):
        return f"{op_name(layer)} has no {format_name} kernel"
    try:
        formats.pack(format_name, formats.unpack(layer.weights), layer.weights.quant)
    except ValueError as error:
        return str(error)
    return ""


def check_format(graph: Graph, format_name: str) -> None:
    """Raises TinypruneError where layers could run in the format that was asked for, but none has weights for it."""
    layers = [layer for layer in graph.layers if format_name in kernels.formats_for(layer)]
    refusals = [refusal(layer, format_name) for layer in layers if isinstance(layer, Weighted)]
    if refusals and all(refusals):
        raise TinypruneError(
            f"no layer of {graph.name} can be in format {format_name}: layer '{layers[0].name}': {refusals[0]}",
            remedy="prune it in that pattern (as --granularity n_m:2:4 does for nm_2_4), or take --format auto",
        )


def _stored(layer: Weighted, format_name: str) -> Weighted | None:
    """`layer` in that format; None where the format cannot hold these weights."""
    try:
        return with_candidate(layer, Candidate(format_name, "", 0, "flash"))
    except ValueError:
        return None
