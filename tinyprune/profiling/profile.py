"""`Profile`: the price of a span of any image, and its tables, each a grouping of the same sites."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import tinyprune
from tinyprune import cycles
from tinyprune.board import Board
from tinyprune.cycles import CYCLE_MODELS, Cost, Cycles, Site
from tinyprune.cycles.classes import CLASSES, FETCH
from tinyprune.emulators.run import OUTSIDE, Block, Run
from tinyprune.emulators.span import Counted
from tinyprune.emulators.tables import layer_table
from tinyprune.errors import TinypruneError
from tinyprune.profiling.images import INVOKE
from tinyprune.toolchain.elf import Elf

SCHEMA = 1
INFERENCE = f"{INVOKE} to its return"
NO_FUNCTION = "(no function)"


@dataclass(frozen=True, eq=False)
class Profile:
    """`span` says in words what was counted, `claim` what its cycles are worth; `cycle_model` is None where no cycles
    are claimed. `layers` are empty for an image that is not tinyprune's own; `functions` go by what they cost."""

    image: str
    span: str
    board: Board
    emulator: str
    emulator_version: str
    counted_by: str
    cycle_model: str | None
    claim: str
    elf: Elf
    blocks: tuple[Block, ...]
    cycles: Cycles
    total: Cost
    layers: dict[str, Cost]
    functions: dict[str, Cost]
    classes: dict[str, Cost]


def priced(elf: Elf, board: Board, counted: Counted | Run, span: str = INFERENCE) -> Profile:
    """The price of what was `counted` of `elf`."""
    name, claim = cycles.about(board)
    spent = _cycles(elf, board, counted.blocks)
    return Profile(
        image=elf.path.name,
        span=span,
        board=board,
        emulator=counted.emulator,
        emulator_version=counted.emulator_version,
        counted_by=counted.counted_by,
        cycle_model=name,
        claim=claim,
        elf=elf,
        blocks=counted.blocks,
        cycles=spent,
        total=spent.cost,
        layers=_layers(elf, spent),
        functions=_functions(elf, spent),
        classes=_classes(spent),
    )


def _cycles(elf: Elf, board: Board, blocks: tuple[Block, ...]) -> Cycles:
    """What `blocks` of `elf` take on `board`; TinypruneError where code was executed that the image does not hold."""
    try:
        return cycles.price(blocks, elf.read, CYCLE_MODELS.get(board.core), board.flash_timing)
    except KeyError as error:
        raise TinypruneError(
            f"code was executed that is not in the image: {error.args[0]}",
            remedy="code that a firmware writes itself cannot be profiled",
        ) from error


def _layers(elf: Elf, spent: Cycles) -> dict[str, Cost]:
    """By layer, in execution order; last what is OUTSIDE, such as tp_invoke itself. Empty where the image has none."""
    if "tp_layers" not in elf.symbols:
        return {}
    costs = spent.by(lambda site: site.layer)
    order = [name for name, *_ in layer_table(elf)]
    return {name: costs[name] for name in (*order, OUTSIDE) if name in costs}


def _functions(elf: Elf, spent: Cycles) -> dict[str, Cost]:
    """By function, without those that it calls; the most expensive first."""
    costs = spent.by(lambda site: function_of(elf, site))
    return dict(sorted(costs.items(), key=lambda item: (-weight(item[1]), item[0])))


def _classes(spent: Cycles) -> dict[str, Cost]:
    """By class of instructions, in the order of CLASSES, those that were executed; FETCH last."""
    costs = spent.by(lambda site: site.kind)
    return {name: costs[name] for name in (*CLASSES, FETCH) if name in costs}


def function_of(elf: Elf, site: Site) -> str:
    return elf.function(site.address) or NO_FUNCTION


def calls(profile: Profile, function: str, layer: str) -> int:
    """How often `function` was called within `layer`, the layer's own function included."""
    start = profile.elf.symbols[function].address
    return sum(block.count for block in profile.blocks if block.start == start and block.layer == layer)


def weight(cost: Cost) -> int:
    """Its cycles, or what is known of them: those of the core alone, else the instructions."""
    return cost.cycles or cost.core_cycles or cost.instructions


def document(one: Profile) -> dict[str, Any]:
    """What `tinyprune profile --json` prints."""
    return {
        "schema": SCHEMA,
        "tinyprune": tinyprune.__version__,
        "image": one.image,
        "span": one.span,
        "board": one.board.name,
        "clock_hz": one.board.clock_hz,
        "emulator": {"name": one.emulator, "version": one.emulator_version, "counted_by": one.counted_by},
        "cycle_model": {"name": one.cycle_model, "claim": one.claim},
        **row(one.total),
        **{key: rows(getattr(one, key)) for key in ("layers", "functions", "classes")},
    }


def rows(costs: dict[str, Cost]) -> list[dict[str, Any]]:
    """A table as report.json and the profile's JSON hold it."""
    return [{"name": name, **row(cost)} for name, cost in costs.items()]


def row(cost: Cost) -> dict[str, Any]:
    return {**dataclasses.asdict(cost), "cycles": cost.cycles}
