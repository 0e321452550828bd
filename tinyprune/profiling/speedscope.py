"""A profile as a flame graph for https://www.speedscope.app: layers in execution order, in each its functions.

Format: src/lib/file-format-spec.ts of speedscope; "the file format schema".
"""

from __future__ import annotations

import json
from typing import Any

import tinyprune
from tinyprune.cycles import Cost
from tinyprune.emulators.run import LAYER_PREFIX, OUTSIDE
from tinyprune.profiling.profile import Profile, function_of
from tinyprune.toolchain.source_lines import SourceLines

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
FIGURES = {
    "cycles": "cycles",
    "core_cycles": "core cycles",
    "flash_stalls": "flash stalls",
    "instructions": "instructions",
}


def speedscope(profile: Profile, lines: SourceLines) -> str:
    """The text of a `.speedscope.json` file, with a profile for each figure that is known."""
    stacks = _stacks(profile)
    frames = list(dict.fromkeys(name for stack in stacks for name in stack))
    samples = [[frames.index(name) for name in stack] for stack in stacks]
    known = [figure for figure in FIGURES if getattr(profile.total, figure) is not None]
    document = {
        "$schema": SCHEMA,
        "name": profile.image,
        "exporter": f"tinyprune@{tinyprune.__version__}",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(profile, lines, name) for name in frames]},
        "profiles": [
            _weighted(FIGURES[figure], samples, [getattr(cost, figure) for cost in stacks.values()]) for figure in known
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _stacks(profile: Profile) -> dict[tuple[str, ...], Cost]:
    """The layer and the function in it, in execution order; outside of layers the function alone."""
    order = {name: i for i, name in enumerate(profile.layers)}
    costs = profile.cycles.by(lambda site: (site.layer, function_of(profile.elf, site)))
    inner = sorted(costs.items(), key=lambda item: order.get(item[0][0], 0))
    return {_stack(layer, function): cost for (layer, function), cost in inner}


def _stack(layer: str, function: str) -> tuple[str, ...]:
    outer = LAYER_PREFIX + layer
    return (function,) if layer == OUTSIDE or function == outer else (outer, function)


def _frame(profile: Profile, lines: SourceLines, name: str) -> dict[str, Any]:
    symbol = profile.elf.symbols.get(name)
    place = lines.at(symbol.address) if symbol else None
    return {"name": name, "file": place[0], "line": place[1]} if place else {"name": name}


def _weighted(name: str, samples: list[list[int]], weights: list[int]) -> dict[str, Any]:
    return {
        "type": "sampled",
        "name": name,
        "unit": "none",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }
