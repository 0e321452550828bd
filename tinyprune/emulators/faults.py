"""What ends a run before its time, told the same way in every emulator: what happened, in which function and layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tinyprune.emulators.run import LAYER_PREFIX
from tinyprune.errors import TinypruneError
from tinyprune.toolchain.elf import Elf

LIMIT_S = 8.0
"""Wall time that an emulator gets between two stops; Unicorn and QEMU run more than 10^9 instructions in it."""

END = "end"
NULL_PAGE_BYTES = 4096
BELOW_STACK_BYTES = 4096
STACK_READ_BYTES = 4096
UNDEFINED = "undefined instruction"
CAUSES = {  # DDI0403 B3.2.15: bits of the configurable fault status register
    0: "jump to where the MPU lets nothing be executed",
    1: "data access refused by the MPU",
    8: "jump to where nothing is",
    9: "data access where nothing is",
    10: "write where nothing is, some instructions earlier",
    16: UNDEFINED,
    17: "jump to an address without the Thumb bit",
    18: "return from an exception that was none",
    19: "floating-point instruction while the FPU is off",
    24: "unaligned access",
    25: "division by zero",
}


class EmulationError(TinypruneError):
    """The firmware did something that ends a run: a fault, or no end; or it cannot run in this emulator."""


def error(elf: Elf, what: str, pc: int | None, returns: Iterable[int] = ()) -> EmulationError:
    """What happened at `pc`, None where that was lost; `returns` may be return addresses, innermost first."""
    calls = list(_calls(elf, returns))
    place = "" if pc is None else f" at 0x{pc:08x}"
    function = elf.function(pc) if pc is not None else next((callee for _, callee in calls if callee), None)
    if function is None and calls:
        function, place = calls[0][0], f"{place}, called"
    names = [function, *(name for call in calls for name in call)]
    layer = next((n.removeprefix(LAYER_PREFIX) for n in names if n and n.startswith(LAYER_PREFIX)), None)
    inside = f" in layer {layer}" if layer else ""
    return EmulationError(
        f"the firmware stopped{place} in {function or 'no known function'}{inside}: {what}",
        remedy=f"see it with gdb and {elf.path.name}, or report it where the code is tinyprune's own",
    )


def no_end(elf: Elf, seconds: float, pc: int, returns: Iterable[int], goal: str) -> EmulationError:
    """It ran for `seconds` without doing what `goal` says, and was at `pc` then."""
    return error(elf, f"it did not {goal} within {seconds:g} s (an endless loop?)", pc, returns)


def exited(function: int) -> EmulationError:
    return EmulationError(f"the firmware exited within the call of 0x{function:08x}")


def check(elf: Elf, uart: str, exit_code: int) -> None:
    """Raises what `reported` gives, or else that the firmware ended without being done."""
    if fault := reported(elf, uart):
        raise fault
    if exit_code != 0 or "tinyprune: done" not in uart:
        raise EmulationError(f"the firmware ended with exit code {exit_code} and without 'tinyprune: done'")


def reported(elf: Elf, uart: str) -> EmulationError | None:
    """What the firmware's own fault handler printed, if it did (startup.c)."""
    line = re.search(r"^tinyprune: fault (.*)$", uart, re.MULTILINE)
    return _reported(elf, line[1]) if line else None


def _reported(elf: Elf, text: str) -> EmulationError:
    """From the line of handle_hard_fault() in startup.c: names and values, and after `calls` values alone."""
    values = {name: int(digits, 16) for name, digits in re.findall(r"(\w+) 0x([0-9a-f]{8})", text)}
    returns = [int(digits, 16) for digits in re.findall(r"0x([0-9a-f]{8})", text.partition("calls")[2])]
    if "cfsr" not in values:
        return EmulationError(f"the firmware stopped: {text}")
    if text.startswith("stack overflow") or is_overflow(elf, values["sp"], values.get("address")):
        return overflow(elf, values["sp"], returns)
    causes = [cause for bit, cause in CAUSES.items() if values["cfsr"] >> bit & 1] or [f"CFSR 0x{values['cfsr']:08x}"]
    where = f" ({address_text(values['address'])})" if "address" in values else ""
    return error(elf, " and ".join(causes) + where, values["pc"], [values["lr"], *returns])


def is_overflow(elf: Elf, stack_pointer: int, address: int | None) -> bool:
    """Whether the stack had no room: for what was pushed, at `address`, or for the registers of an exception."""
    limit = elf.symbols.get("__stack_limit")
    if limit is None:  # an image of others
        return False
    pushed = address is not None and limit.address - BELOW_STACK_BYTES <= address < limit.address
    return pushed or stack_pointer < limit.address


def overflow(elf: Elf, stack_pointer: int, stack: Iterable[int]) -> EmulationError:
    """Where the core could no longer push its registers: the calls in `stack` alone tell where it was."""
    return error(elf, f"stack overflow, the stack pointer is 0x{stack_pointer:08x}", None, stack)


def stack_bounds(elf: Elf, stack_pointer: int) -> tuple[int, int]:
    """Where the stack begins and ends; in an image of others, whose symbols do not tell, a part near its pointer."""
    if {"__stack_limit", "__stack_top"} <= elf.symbols.keys():
        return elf.symbols["__stack_limit"].address, elf.symbols["__stack_top"].address
    return stack_pointer, stack_pointer + STACK_READ_BYTES


def address_text(address: int) -> str:
    return f"0x{address:08x}" + (", a null pointer" if address < NULL_PAGE_BYTES else "")


def words(stack: bytes) -> list[int]:
    """The 32-bit words of a piece of stack, lowest address, that is innermost call, first."""
    return [int.from_bytes(stack[i : i + 4], "little") for i in range(0, len(stack) - 3, 4)]


def _calls(elf: Elf, returns: Iterable[int]) -> Iterator[tuple[str, str | None]]:
    """(caller, callee) of each value that is a return address: the instruction before it is a call.

    The callee is None where it was called through a register.
    """
    for value in returns:
        caller = elf.function(value - 3) if value & 1 else None  # holds the call; what follows may be another's
        if caller is None:
            continue
        before = value - 5 if elf.function(value - 5) == caller else value - 3
        high, low = (int.from_bytes(elf.read(place, 2), "little") for place in (before, value - 3))
        if high >> 11 == 0b11110 and low >> 14 == 0b11 and low & 0x1000:  # BL: DDI0403 A7.7.18
            yield caller, elf.function(value - 1 + _offset(high, low))
        elif low & 0xFF87 == 0x4780:  # BLX register: A7.7.19
            yield caller, None


def _offset(high: int, low: int) -> int:
    """Of a BL, from the instruction after it."""
    sign = high >> 10 & 1
    i1, i2 = (1 - ((low >> bit & 1) ^ sign) for bit in (13, 11))
    offset = i1 << 23 | i2 << 22 | (high & 0x3FF) << 12 | (low & 0x7FF) << 1
    return offset - (sign << 24)
