"""QEMU (`qemu-system-arm`): its fixed machines, with blocks counted by a plugin of ours."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyprune.board import Board, Region
from tinyprune.emulators import faults, host_library, inference
from tinyprune.emulators.counting import Place, Tally, blocks, layer_switches
from tinyprune.emulators.faults import EmulationError
from tinyprune.emulators.gdb import LR, PC, ConnectionLost, Debugger
from tinyprune.emulators.run import OUTSIDE, Run, stack_bytes
from tinyprune.emulators.span import Counted, Span, never_there
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf

PROGRAM = "qemu-system-arm"
COUNTED_BY = "TCG plugin"
PLUGINS = (
    "take a QEMU that was built with plugins, such as Debian's (7.2 and 10.0 are known to work), or another --emulator"
)
EXIT_S = 10
STDERR_CHARACTERS = 400
PLUGIN = Path(__file__).with_name("qemu_plugin.c")
REMEDY = "Debian and Ubuntu: `apt install qemu-system-arm`; macOS: `brew install qemu`"


@dataclass(frozen=True)
class Machine:
    """A machine of QEMU's: `serial` is the number of the UART that the firmware prints on."""

    name: str
    cores: tuple[str, ...]
    memory: tuple[Region, ...]
    serial: int


# hw/arm/stm32f405_soc.h: 1 MB flash, 192 KB SRAM in one piece, no CCM
MACHINES: Mapping[str, Machine] = {
    "stm32f4": Machine(
        "netduinoplus2",
        ("cortex-m4", "cortex-m4f"),
        (Region(0x0800_0000, 0x10_0000), Region(0x2000_0000, 0x3_0000)),
        serial=1,
    ),
}


def version() -> str:
    result = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\S+)", result.stdout)
    if found is None:
        raise ToolMissingError(f"{PROGRAM} does not tell its version: {result.stderr.strip()}", remedy=REMEDY)
    return found[1]


def _program() -> str:
    program = shutil.which(PROGRAM)
    if program is None:
        raise ToolMissingError(f"{PROGRAM} is not installed", remedy=REMEDY)
    return program


def refusal(elf: Elf, board: Board) -> str:
    machine = MACHINES.get(board.family)
    if machine is None or board.core not in machine.cores:
        return f"QEMU has no machine for {board.title}; there is one for {', '.join(MACHINES)}"
    for name, section in elf.sections.items():
        if not any(m.origin <= section.address and section.address + section.bytes <= m.end for m in machine.memory):
            memory = next((n for n, m in board.memory.items() if m.origin <= section.address < m.end), "no memory")
            return (
                f"its {name} is at 0x{section.address:08x} ({memory} of {board.title}), "
                f"where QEMU's {machine.name} has none"
            )
    return ""


def run(elf: Elf, board: Board, inputs: Int8) -> Run:
    """As `Emulator.run` says."""
    machine = MACHINES[board.family]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uart, exit_code, tallies = _boot(elf, machine, folder)
        outputs, layer_outputs = _outputs(elf, machine, folder, inputs)
    return Run(
        emulator="qemu",
        emulator_version=version(),
        counted_by=COUNTED_BY,
        uart=uart,
        exit_code=exit_code,
        blocks=blocks(elf, tallies),
        outputs=outputs,
        layer_outputs=layer_outputs,
        stack_bytes=stack_bytes(uart),
    )


def count(elf: Elf, board: Board, span: Span) -> Counted:
    """As `Emulator.count` says. First without counting, to know that the span ends, and where."""
    if span.called:
        raise EmulationError("qemu calls no functions by itself", remedy="take --emulator unicorn, or --begin SYM")
    machine = MACHINES[board.family]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _session(elf, machine, folder) as debugger:
            end = _at_begin(debugger, span)
            debugger.go(end, goal=f"get through {span}")
            if debugger.exit_code is not None and span.end is not None:
                raise never_there(span.end, debugger.exit_code)
        layers, options = _plugin_options(elf, folder, span.begin.address)
        with _session(elf, machine, folder, "-plugin", f"{options},end={end}") as debugger:
            _at_begin(debugger, span)
            with contextlib.suppress(ConnectionLost):  # the plugin ends QEMU where the span ends
                debugger.go()
        tallies = _tallies(folder / "tallies", layers)
    return Counted("qemu", version(), COUNTED_BY, blocks(elf, tallies))


def _at_begin(debugger: Debugger, span: Span) -> int:
    """Goes to where `span` begins; returns the address where it ends."""
    if debugger.register(PC) != span.begin.address:
        debugger.go(span.begin.address, goal=f"get to {span.begin.name}")
    if debugger.exit_code is not None:
        raise never_there(span.begin, debugger.exit_code)
    return span.end.address if span.end else debugger.register(LR) & ~1


def _boot(elf: Elf, machine: Machine, folder: Path) -> tuple[str, int, dict[Place, Tally]]:
    """UART text, exit code and what the first tp_invoke executes, of one boot."""
    layers, options = _plugin_options(elf, folder, elf.symbols["tp_invoke"].address)
    with _session(elf, machine, folder, "-plugin", options) as debugger:
        debugger.go()
    exit_code = debugger.exit_code
    assert exit_code is not None  # without a breakpoint nothing else ends it
    faults.check(elf, _uart(folder), exit_code)
    return _uart(folder), exit_code, _tallies(folder / "tallies", layers)


def _plugin_options(elf: Elf, folder: Path, function: int) -> tuple[list[str], str]:
    """The layers by their numbers in the plugin's tallies, and how to start it: it counts from `function` on."""
    switches = layer_switches(elf)
    layers = [OUTSIDE, *sorted(set(switches.values()) - {OUTSIDE})]
    lines = (f"{address} {layers.index(layer)}\n" for address, layer in switches.items())
    (folder / "switches").write_text("".join(lines), encoding="ascii")
    library = str(_plugin()).replace(",", ",,")  # as QEMU wants it in an option
    return layers, f"{library},function={function},switches=switches,out=tallies"


def _outputs(elf: Elf, machine: Machine, folder: Path, inputs: Int8) -> tuple[Int8, dict[str, Int8]]:
    with _session(elf, machine, folder) as debugger:
        debugger.go(elf.symbols["tp_invoke"].address)
        try:
            return inference.outputs(debugger, elf, inputs)
        except EmulationError as error:
            raise faults.reported(elf, _uart(folder)) or error from None  # the firmware itself knows best


def _uart(folder: Path) -> str:
    return (folder / "uart").read_text(encoding="ascii", errors="replace")


def _tallies(file: Path, layers: list[str]) -> dict[Place, Tally]:
    rows = (map(int, line.split()) for line in file.read_text(encoding="ascii").splitlines())
    return {(layers[n], start, size): Tally(count, taken, entered) for n, start, size, count, taken, entered in rows}


def _plugin() -> Path:
    library = next(host_library.candidates(PLUGIN, defines=(f"QEMU_PLUGIN_API={_plugin_api()}",)), None)
    if library is None:
        raise ToolMissingError(
            "no C compiler for this machine, which QEMU's block counter needs",
            remedy="install cc, or `pip install tinyprune[zig]`",
        )
    return library


def _plugin_api() -> int:
    """The oldest version of the plugin API that this QEMU takes, and that the plugin knows."""
    major, minor = (int(part) for part in version().split(".")[:2])
    return 1 if major < 9 else 2 if (major, minor) == (9, 0) else 3


@contextlib.contextmanager
def _session(elf: Elf, machine: Machine, folder: Path, *options: str) -> Generator[Debugger]:
    """The machine with the image loaded, at reset, in `folder`, where its UART goes into the file `uart`."""
    serials = ["-serial", "null"] * machine.serial + ["-serial", "file:uart"]
    command = [_program(), "-M", machine.name, "-display", "none", "-monitor", "none", *serials]
    command += ["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", *options]
    command += ["-kernel", str(elf.path.resolve()), "-S", "-gdb", "stdio"]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
    assert process.stdin and process.stdout
    try:
        debugger = Debugger(elf, process.stdout, process.stdin)
        yield debugger
        if debugger.exit_code is not None:
            process.wait(EXIT_S)  # the plugin writes its tallies last
    except ConnectionLost as error:
        raise _ended(folder) from error
    finally:
        process.kill()
        process.wait()


def _ended(folder: Path) -> EmulationError:
    """QEMU left without a word to the debugger."""
    said = (folder / "stderr").read_text(encoding="utf-8", errors="replace").strip()[:STDERR_CHARACTERS]
    if "plugin" in said:
        return EmulationError(f"this QEMU does not take the plugin that counts: {said}", remedy=PLUGINS)
    return EmulationError(f"QEMU gave up: {said or 'it says nothing'}")
