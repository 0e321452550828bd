"""Thumb machine code to the few facts about each instruction that a cycle model asks for."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import capstone
from capstone import arm

CACHED_RUNS = 1 << 14
NARROW_BYTES, WIDE_BYTES = 2, 4


class Kind(Enum):
    """The instruction classes: what a core may give different timings to, and what a report groups by."""

    ALU = "alu"
    MULTIPLY = "multiply"
    MULTIPLY_ACCUMULATE = "multiply-accumulate"
    LONG_MULTIPLY = "long-multiply"
    LONG_MULTIPLY_ACCUMULATE = "long-multiply-accumulate"
    DIVIDE = "divide"
    LOAD = "load"
    STORE = "store"
    LOAD_MULTIPLE = "load-multiple"
    STORE_MULTIPLE = "store-multiple"
    BRANCH = "branch"
    CALL = "call"
    BRANCH_INDIRECT = "branch-indirect"
    TABLE_BRANCH = "table-branch"
    IF_THEN = "if-then"
    BARRIER = "barrier"
    SYSTEM = "system"
    CHANGE_STATE = "change-state"
    FLOAT = "float"
    FLOAT_MULTIPLY_ACCUMULATE = "float-multiply-accumulate"
    FLOAT_DIVIDE = "float-divide"
    FLOAT_MOVE = "float-move"


@dataclass(frozen=True)
class Instruction:
    """One instruction. Registers go by their assembly names; `condition` is "" for one that is always executed.

    `results` are the registers that it computes or loads (not a base register that it updates), `address_registers`
    those that make up the address it accesses. `words` is the number of words that a LOAD_MULTIPLE, STORE_MULTIPLE or
    FLOAT_MOVE moves, and 0 for the rest. `writes_pc` holds for every instruction that can branch.
    """

    address: int
    size_bytes: int
    kind: Kind
    results: frozenset[str] = frozenset()
    address_registers: frozenset[str] = frozenset()
    words: int = 0
    condition: str = ""
    writes_pc: bool = False

    @property
    def is_wide(self) -> bool:
        return self.size_bytes == WIDE_BYTES


# What moves two words is a multiple: DDI0439 3.3.1 gives LDRD the timing of an LDM of two, and 7.2.3 the same to a VLDR
# of a double, see _kind. STREX counts as a load: it "is treated more like an LDR" (3.3.2).
_NAMES = {
    Kind.MULTIPLY: "mul smulbb smulbt smultb smultt smulwb smulwt smmul smmulr smuad smuadx smusd smusdx",
    Kind.MULTIPLY_ACCUMULATE: "mla mls umaal smlabb smlabt smlatb smlatt smlawb smlawt smlalbb smlalbt"
    " smlaltb smlaltt smlad smladx smlald smlaldx smlsd smlsdx smlsld smlsldx smmla smmlar smmls smmlsr",
    Kind.LONG_MULTIPLY: "smull umull",
    Kind.LONG_MULTIPLY_ACCUMULATE: "smlal umlal",
    Kind.DIVIDE: "sdiv udiv",
    Kind.LOAD: "ldr ldrb ldrh ldrsb ldrsh ldrt ldrbt ldrht ldrsbt ldrsht ldrex ldrexb ldrexh strex strexb strexh vldr",
    Kind.STORE: "str strb strh strt strbt strht vstr",
    Kind.LOAD_MULTIPLE: "ldm ldmdb pop ldrd vldmia vldmdb vpop",
    Kind.STORE_MULTIPLE: "stm stmdb push strd vstmia vstmdb vpush",
    Kind.BRANCH: "b cbz cbnz",
    Kind.CALL: "bl",
    Kind.BRANCH_INDIRECT: "bx blx",
    Kind.TABLE_BRANCH: "tbb tbh",
    Kind.IF_THEN: "it",
    Kind.BARRIER: "dmb dsb isb",
    Kind.SYSTEM: "mrs msr",
    Kind.CHANGE_STATE: "cps",
    Kind.FLOAT: "fconsts fmstat",
    Kind.FLOAT_MULTIPLY_ACCUMULATE: "vmla vmls vnmla vnmls vfma vfms vfnma vfnms",
    Kind.FLOAT_DIVIDE: "vdiv vsqrt",
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_BRANCHES = (Kind.BRANCH, Kind.CALL, Kind.BRANCH_INDIRECT, Kind.TABLE_BRANCH)
_BASE_FIRST = ("ldm", "ldmdb", "stm", "stmdb", "vldmia", "vldmdb", "vstmia", "vstmdb")
_ON_STACK = ("push", "pop", "vpush", "vpop")
_WIDE_PREFIXES = (0b11101, 0b11110, 0b11111)  # DDI0403 A5.1: a halfword that starts so begins a 32-bit instruction
_CONDITION_NAMES = ("eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")
_CONDITIONS: dict[int, str] = {getattr(arm, f"ARM_CC_{name.upper()}"): name for name in _CONDITION_NAMES}


@functools.lru_cache(maxsize=CACHED_RUNS)
def decode(address: int, code: bytes) -> tuple[Instruction, ...]:
    """The instructions in `code`, which stands at `address` and is executed from its beginning.

    What the disassembler does not know is taken for an ALU instruction of the size that its first halfword says.
    """
    found: list[Instruction] = []
    position = 0
    while position < len(code):
        rest = code[position:]
        # As many as it can in one call: the disassembler follows IT blocks, but not from one call to the next.
        known = [_instruction(raw) for raw in _disassembler().disasm(rest, address + position)]
        found += known or [_unknown(address + position, rest)]
        position = found[-1].address + found[-1].size_bytes - address
    return tuple(found)


@functools.cache
def _disassembler() -> Any:
    disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    disassembler.detail = True
    return disassembler


def _unknown(address: int, code: bytes) -> Instruction:
    wide = int.from_bytes(code[:2], "little") >> 11 in _WIDE_PREFIXES
    return Instruction(address, WIDE_BYTES if wide else NARROW_BYTES, Kind.ALU)


def _instruction(raw: Any) -> Instruction:
    name: str = raw.insn_name()
    registers = [operand for operand in raw.operands if operand.type == arm.ARM_OP_REG]
    base, moved = (registers[:1], registers[1:]) if name in _BASE_FIRST else ([], registers)
    moved_names: list[str] = [raw.reg_name(operand.reg) for operand in moved]
    kind = _kind(name, moved_names)
    results = frozenset(raw.reg_name(operand.reg) for operand in moved if operand.access & capstone.CS_AC_WRITE)
    return Instruction(
        address=raw.address,
        size_bytes=raw.size,
        kind=kind,
        results=results,
        address_registers=_address_registers(raw, name, base),
        words=_words(kind, moved_names),
        condition=_CONDITIONS.get(raw.cc, "") if kind is not Kind.IF_THEN else "",
        writes_pc=kind in _BRANCHES or "pc" in results,
    )


def _kind(name: str, registers: Sequence[str]) -> Kind:
    if name == "vmov":
        return Kind.FLOAT if all(map(_is_float, registers)) else Kind.FLOAT_MOVE
    if name in ("vldr", "vstr") and _is_double(registers[0]):
        return Kind.LOAD_MULTIPLE if name == "vldr" else Kind.STORE_MULTIPLE
    return _KINDS.get(name, Kind.FLOAT if name.startswith("v") else Kind.ALU)


def _is_double(register: str) -> bool:
    return register[0] == "d"


def _is_float(register: str) -> bool:
    return register[0] in "sd" and register[1:].isdigit()  # not "sp", "sb" (r9) or "sl" (r10)


def _address_registers(raw: Any, name: str, base: Sequence[Any]) -> frozenset[str]:
    if name in _ON_STACK:
        return frozenset(("sp",))
    memory = [operand.mem for operand in raw.operands if operand.type == arm.ARM_OP_MEM]
    numbers = [operand.reg for operand in base] + [part for mem in memory for part in (mem.base, mem.index) if part]
    return frozenset(raw.reg_name(number) for number in numbers)


def _words(kind: Kind, registers: Sequence[str]) -> int:
    if kind is Kind.FLOAT_MOVE:
        return sum(not _is_float(register) for register in registers)
    if kind in (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE):
        return sum(2 if _is_double(register) else 1 for register in registers)
    return 0
