"""A profile in the format of callgrind, which KCachegrind and callgrind_annotate open.

Format: "Callgrind Format Specification", chapter 6 of the Valgrind documentation.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyprune.cycles import Cost, Site, total
from tinyprune.emulators.run import LAYER_PREFIX, OUTSIDE
from tinyprune.profiling.images import INVOKE
from tinyprune.profiling.profile import NO_FUNCTION, Profile, calls, function_of
from tinyprune.toolchain.source_lines import SourceLines

UNKNOWN = "???"
EVENTS = {
    "Cycles": ("cycles", "Cycles"),
    "Core": ("core_cycles", "Cycles of the core alone"),
    "Stalls": ("flash_stalls", "Cycles that the core waits for the flash"),
    "Instructions": ("instructions", "Instructions executed"),
}


def callgrind(profile: Profile, lines: SourceLines) -> str:
    """The text of a `callgrind.out` file: costs by address and line.

    The calls are those of tp_invoke to its layers and, as blocks do not tell who called whom, of each layer to every
    function that runs in it, with the costs of that function alone.
    """
    names = [name for name, (figure, _) in EVENTS.items() if getattr(profile.total, figure) is not None]
    writer = _Writer(profile, lines, names)
    head = [
        "# callgrind format",
        "version: 1",
        "creator: tinyprune",
        f"cmd: {profile.image}",
        f"desc: Trigger: {profile.span}",
        f"desc: Timing: {profile.claim}",
        "positions: instr line",
        *(f"event: {name} : {EVENTS[name][1]}" for name in names),
        f"events: {' '.join(names)}",
        f"summary: {writer.figures(profile.total)}",
        "",
        f"ob={profile.image}",
    ]
    return "\n".join([*head, *writer.functions(), f"totals: {writer.figures(profile.total)}", ""])


class _Writer:
    def __init__(self, profile: Profile, lines: SourceLines, names: list[str]) -> None:
        self._profile = profile
        self._lines = lines
        self._figures = [EVENTS[name][0] for name in names]
        self._sites: dict[str, list[Site]] = {}
        for site in profile.cycles.sites:
            self._sites.setdefault(function_of(profile.elf, site), []).append(site)

    def figures(self, cost: Cost) -> str:
        return " ".join(str(getattr(cost, figure)) for figure in self._figures)

    def functions(self) -> Iterator[str]:
        for name in self._profile.functions:
            first = min(site.address for site in self._sites[name])
            file = self._at(first)[0]
            yield f"fl={file}"
            yield f"fn={name}"
            yield from self._own(name, file)
            yield from self._calls(name)
            yield ""

    def _own(self, name: str, file: str) -> Iterator[str]:
        """The costs of each address; lines of another file, which were inlined, say so."""
        by_address: dict[int, list[Cost]] = {}
        for site in self._sites[name]:
            by_address.setdefault(site.address, []).append(site.cost)
        current = file
        for address, costs in sorted(by_address.items()):
            place, line = self._at(address)
            if place != current:
                current = place
                yield f"fe={place}" if place == file else f"fi={place}"
            yield f"0x{address:x} {line} {self.figures(total(costs))}"
        if current != file:
            yield f"fe={file}"

    def _calls(self, caller: str) -> Iterator[str]:
        for callee, count, cost in self._called_by(caller):
            start, here = (self._profile.elf.symbols[name].address for name in (callee, caller))
            file, line = self._at(start)
            yield from (f"cfi={file}", f"cfn={callee}", f"calls={count} 0x{start:x} {line}")
            yield f"0x{here:x} {self._at(here)[1]} {self.figures(cost)}"

    def _called_by(self, caller: str) -> Iterator[tuple[str, int, Cost]]:
        """The functions, how often they were called, and what they took by these calls."""
        layers = {LAYER_PREFIX + name: name for name in self._profile.layers if name != OUTSIDE}
        if caller == INVOKE:
            invoked = calls(self._profile, INVOKE, OUTSIDE)
            for function, layer in layers.items():
                if calls(self._profile, function, layer) == invoked:  # by nobody else
                    yield function, invoked, self._profile.layers[layer]
        elif caller in layers:
            for function, sites in self._sites.items():
                inside = [site.cost for site in sites if site.layer == layers[caller]]
                if function not in (caller, NO_FUNCTION) and inside:
                    yield function, calls(self._profile, function, layers[caller]), total(inside)

    def _at(self, address: int) -> tuple[str, int]:
        return self._lines.at(address) or (UNKNOWN, 0)
