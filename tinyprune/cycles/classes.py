"""The classes of instructions by which a profile is told: coarser than the kinds that a core may time differently."""

from __future__ import annotations

from tinyprune.cycles.decode import Instruction, Kind

LOAD, BRANCH = "load", "branch"
FETCH = "instruction fetch"
"""No class of instructions: what the core waits for its code. What it waits for its data is of the loads."""

CLASSES: dict[str, tuple[Kind, ...]] = {
    LOAD: (Kind.LOAD, Kind.LOAD_MULTIPLE),
    "store": (Kind.STORE, Kind.STORE_MULTIPLE),
    "multiply": (
        Kind.MULTIPLY,
        Kind.MULTIPLY_ACCUMULATE,
        Kind.LONG_MULTIPLY,
        Kind.LONG_MULTIPLY_ACCUMULATE,
    ),
    "divide": (Kind.DIVIDE,),
    "alu": (Kind.ALU,),
    BRANCH: (Kind.BRANCH, Kind.CALL, Kind.BRANCH_INDIRECT, Kind.TABLE_BRANCH),
    "if-then": (Kind.IF_THEN,),
    "float": (Kind.FLOAT, Kind.FLOAT_MULTIPLY_ACCUMULATE, Kind.FLOAT_DIVIDE, Kind.FLOAT_MOVE),
    "system": (Kind.BARRIER, Kind.SYSTEM, Kind.CHANGE_STATE),
}
_CLASS_OF = {kind: name for name, kinds in CLASSES.items() for kind in kinds}


def class_of(instruction: Instruction) -> str:
    """Its class. A load to the PC is a load, an ALU instruction that writes it is ALU: their refill is with them."""
    return _CLASS_OF[instruction.kind]
