"""A minimal Cortex-M system on Unicorn: the board's memories, registers that keep what is written, UART and exit."""

from __future__ import annotations

import struct
from typing import Any

import unicorn
from unicorn import arm_const

from tinyprune.board import Board
from tinyprune.emulators import faults
from tinyprune.emulators.faults import LIMIT_S, EmulationError
from tinyprune.emulators.span import vector_table
from tinyprune.toolchain.elf import Elf

CORES: dict[str, int] = {
    "cortex-m0": arm_const.UC_CPU_ARM_CORTEX_M0,
    "cortex-m0plus": arm_const.UC_CPU_ARM_CORTEX_M0,  # the same instructions
    "cortex-m3": arm_const.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm_const.UC_CPU_ARM_CORTEX_M4,
    "cortex-m4f": arm_const.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm_const.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm_const.UC_CPU_ARM_CORTEX_M33,
}
PERIPHERALS = (0x4000_0000, 0x2000_0000)  # DDI0403 B3.1: the address map of ARMv7-M
SYSTEM_CONTROL = (0xE000_0000, 0x10_0000)
EXCEPTION_BREAKPOINT = 7  # as QEMU, and so Unicorn, number them
SEMIHOSTING = b"\xab\xbe"  # BKPT 0xAB
SYS_EXIT, SYS_EXIT_EXTENDED = 0x18, 0x20
APPLICATION_EXIT = 0x20026
FPU_ON = 0x4000_0000
PAGE = 0x1000
ARGUMENTS = tuple(getattr(arm_const, f"UC_ARM_REG_R{i}") for i in range(4))  # AAPCS32 6.4
ACCESSES = {
    unicorn.UC_MEM_READ_UNMAPPED: "read of",
    unicorn.UC_MEM_WRITE_UNMAPPED: "write to",
    unicorn.UC_MEM_FETCH_UNMAPPED: "jump to",
}


class Machine:
    """One emulated board with an image loaded."""

    def __init__(self, elf: Elf, board: Board) -> None:
        self.elf = elf
        self.board = board
        self.uart = bytearray()
        self.exit_code: int | None = None
        self._problem = ""
        self._bad_address: int | None = None
        self._registers: dict[int, int] = {}
        self._reads_set = {register.address: register.reads_set for register in board.registers}
        self.core: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.core.ctl_set_cpu_model(CORES[board.core])
        self._map_memory()
        self.core.hook_add(unicorn.UC_HOOK_INTR, self._exception)
        self.core.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._invalid)
        self.reset()

    def _map_memory(self) -> None:
        for region in self.board.memory.values():
            self.core.mem_map(region.origin, -(-region.bytes // PAGE) * PAGE)
        for segment in self.elf.segments:
            self.core.mem_write(segment.load_address, segment.data)
        for base, size in (PERIPHERALS, SYSTEM_CONTROL):
            self.core.mmio_map(base, size, self._read, base, self._write, base)

    def _read(self, core: Any, offset: int, size: int, base: int) -> int:
        address = base + offset
        return self._registers.get(address, 0) | self._reads_set.get(address, 0)

    def _write(self, core: Any, offset: int, size: int, value: int, base: int) -> None:
        address = base + offset
        if address == self.board.uart.transmit_address:
            self.uart.append(value & 0xFF)
        else:
            self._registers[address] = value

    def _exception(self, core: Any, number: int, data: object) -> None:
        pc = self.register(arm_const.UC_ARM_REG_PC)
        if number == EXCEPTION_BREAKPOINT and self.read(pc, 2) == SEMIHOSTING:
            self._semihosting()
            self.core.reg_write(arm_const.UC_ARM_REG_PC, (pc + 2) | 1)
        else:
            self._problem = f"exception {number}"
            self.core.emu_stop()

    def _invalid(self, core: Any, access: int, address: int, size: int, value: int, data: object) -> bool:
        """Unicorn asks what to do about an access where nothing is: it is a fault."""
        self._bad_address = address
        self._problem = f"{ACCESSES.get(access, 'access to')} {faults.address_text(address)}, where nothing is"
        return False

    def _semihosting(self) -> None:
        operation, argument = (self.register(r) for r in (arm_const.UC_ARM_REG_R0, arm_const.UC_ARM_REG_R1))
        if operation in (SYS_EXIT, SYS_EXIT_EXTENDED):
            reason, code = (
                struct.unpack("<II", self.read(argument, 8)) if operation == SYS_EXIT_EXTENDED else (argument, 0)
            )
            self.exit_code = code if reason == APPLICATION_EXIT else 1
            self.core.emu_stop()

    def register(self, number: int) -> int:
        return int(self.core.reg_read(number))

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.core.mem_read(address, size))

    def write(self, address: int, data: bytes) -> None:
        self.core.mem_write(address, data)

    def reset(self) -> None:
        """As the core does: the stack pointer and the first address come from the vector table.

        Of an image without one, they are the end of the SRAM, and the entry point.
        """
        table = vector_table(self.elf, self.board)
        stack, start = self.board.sram.end, self.elf.entry
        if table is not None:
            stack, start = struct.unpack("<II", self.read(table, 8))
        self.core.reg_write(arm_const.UC_ARM_REG_SP, stack)
        self.core.reg_write(arm_const.UC_ARM_REG_PC, start | 1)
        self.core.reg_write(arm_const.UC_ARM_REG_FPEXC, FPU_ON)

    def go(self, until: int, limit_s: float = LIMIT_S, goal: str = faults.END) -> None:
        """Runs from where the machine stands until it gets to the address `until`, or exits, with `exit_code`.

        Raises EmulationError for a fault, and where neither happens within `limit_s` seconds; 0 is without limit.
        `goal` is what it says then that the firmware did not do.
        """
        self.exit_code = None
        pc = self.register(arm_const.UC_ARM_REG_PC)
        self.core.ctl_flush_tb()  # code that was translated for another `until` would run past this one
        try:
            self.core.emu_start(pc | 1, until, timeout=int(limit_s * 1_000_000))
        except unicorn.UcError as error:
            undefined = error.errno == unicorn.UC_ERR_INSN_INVALID
            self._problem = self._problem or (faults.UNDEFINED if undefined else str(error))
        pc = self.register(arm_const.UC_ARM_REG_PC)
        if self._problem:
            raise self._fault(pc)
        if pc != until and self.exit_code is None:
            raise faults.no_end(self.elf, limit_s, pc, self._returns(), goal)

    def call(self, function: int) -> None:
        """Calls `function` as the firmware's main would; it returns to the entry point, where the machine halts."""
        self.core.reg_write(arm_const.UC_ARM_REG_SP, self.elf.symbols["__stack_top"].address)
        self.enter(function)
        self.go(self.elf.entry)
        if self.exit_code is not None:
            raise faults.exited(function)

    def place(self) -> None:
        """Puts the content of each segment where the firmware uses it, as its start-up code would."""
        for segment in self.elf.segments:
            self.core.mem_write(segment.address, segment.data)

    def enter(self, function: int) -> None:
        """Goes to the beginning of `function`, which will return to the entry point; its arguments are 0."""
        for register in ARGUMENTS:
            self.core.reg_write(register, 0)
        self.core.reg_write(arm_const.UC_ARM_REG_LR, self.elf.entry | 1)
        self.core.reg_write(arm_const.UC_ARM_REG_PC, function | 1)

    def returns_to(self) -> int:
        """Where the function that the machine stands at the beginning of will return to."""
        return self.register(arm_const.UC_ARM_REG_LR) & ~1

    def finished(self) -> int:
        """The exit code. Raises EmulationError where the firmware has not ended, or not as it should."""
        if self.exit_code is None:
            raise EmulationError("the firmware ended without saying so")
        faults.check(self.elf, self.uart.decode("ascii", "replace"), self.exit_code)
        return self.exit_code

    def _fault(self, pc: int) -> EmulationError:
        stack_pointer = self.register(arm_const.UC_ARM_REG_SP)
        if faults.is_overflow(self.elf, stack_pointer, self._bad_address):
            return faults.overflow(self.elf, stack_pointer, self._stack())
        return faults.error(self.elf, self._problem, pc, self._returns())

    def _returns(self) -> list[int]:
        """What may be return addresses: the link register, and the words of the stack."""
        return [self.register(arm_const.UC_ARM_REG_LR), *self._stack()]

    def _stack(self) -> list[int]:
        """The words of the stack; where no symbols tell its bounds, those nearest to the stack pointer."""
        pointer = self.register(arm_const.UC_ARM_REG_SP)
        low, high = faults.stack_bounds(self.elf, pointer)
        start = min(max(pointer, low), high)
        memory = next((m for m in self.board.memory.values() if m.origin <= start < m.end), None)
        return faults.words(self.read(start, min(high, memory.end) - start)) if memory else []
