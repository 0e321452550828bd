"""A Cortex-M4 in Unicorn, without an NVIC: just enough to boot a firmware, and to take one kind of exception."""

import struct
from typing import Any

import unicorn
from unicorn import arm_const

from tinyprune.board import Board
from tinyprune.toolchain import Elf

BREAKPOINT = 7  # QEMU's EXCP_BKPT
FRAME = tuple(getattr(arm_const, f"UC_ARM_REG_{name}") for name in ("R0", "R1", "R2", "R3", "R12", "LR", "PC", "XPSR"))
EXC_RETURN = 0xFFFFFFF9
HFSR = 0xE000ED2C


class BareBoard:
    """Boots `elf`. With `debugger`, semihosting exits; without, it escalates to HardFault, as on a board by itself."""

    def __init__(self, elf: Elf, board: Board, *, debugger: bool) -> None:
        self.board, self.debugger = board, debugger
        self.uart, self.exit_code, self.faults = bytearray(), None, 0
        self.written: dict[int, int] = {}
        self.core: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.core.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
        for region in board.memory.values():
            self.core.mem_map(region.origin, region.bytes)
        for base in (0x4000_0000, 0xE000_0000):
            self.core.mmio_map(base, 0x1000_0000, self._read, base, self._write, base)
        for segment in elf.segments:
            self.core.mem_write(segment.load_address, segment.data)
        self.core.hook_add(unicorn.UC_HOOK_INTR, self._exception)

    def run(self) -> str:
        """Everything the firmware printed until it exited, or 10 s have passed, or it sleeps."""
        stack, start = struct.unpack("<II", self.core.mem_read(self.board.flash.origin, 8))
        self.core.reg_write(arm_const.UC_ARM_REG_SP, stack)
        self.core.emu_start(start | 1, 0xFFFF_FFFF, timeout=10_000_000, count=3_000_000)
        return self.uart.decode()

    def _read(self, _core: Any, offset: int, _size: int, base: int) -> int:
        address = base + offset
        ready = {register.address: register.reads_set for register in self.board.registers}
        return self.written.get(address, 0) | ready.get(address, 0)

    def _write(self, _core: Any, offset: int, _size: int, value: int, base: int) -> None:
        if base + offset == self.board.uart.transmit_address:
            self.uart.append(value)
        elif base + offset == HFSR:
            self.written[HFSR] = self.written.get(HFSR, 0) & ~value
        else:
            self.written[base + offset] = value

    def _exception(self, core: Any, number: int, _data: object) -> None:
        pc = core.reg_read(arm_const.UC_ARM_REG_PC)
        if self.faults and (pc | 1) & 0xFFFF_FFF0 == EXC_RETURN & 0xFFFF_FFF0:
            self._return_from_fault()
        elif number != BREAKPOINT:
            core.emu_stop()
        elif self.debugger:
            operation, block = (core.reg_read(r) for r in (arm_const.UC_ARM_REG_R0, arm_const.UC_ARM_REG_R1))
            assert operation == 0x20
            reason, self.exit_code = struct.unpack("<II", core.mem_read(block, 8))
            assert reason == 0x20026
            core.emu_stop()
        else:
            self._enter_fault()

    def _enter_fault(self) -> None:
        self.faults += 1
        self.written[HFSR] = 1 << 31
        frame = struct.pack("<8I", *(self.core.reg_read(register) for register in FRAME))
        stack = self.core.reg_read(arm_const.UC_ARM_REG_SP) - len(frame)
        self.core.mem_write(stack, frame)
        self.core.reg_write(arm_const.UC_ARM_REG_SP, stack)
        self.core.reg_write(arm_const.UC_ARM_REG_LR, EXC_RETURN)
        (handler,) = struct.unpack("<I", self.core.mem_read(self.board.flash.origin + 12, 4))
        self.core.reg_write(arm_const.UC_ARM_REG_PC, handler)

    def _return_from_fault(self) -> None:
        stack = self.core.reg_read(arm_const.UC_ARM_REG_SP)
        values = struct.unpack("<8I", self.core.mem_read(stack, 32))
        self.core.reg_write(arm_const.UC_ARM_REG_SP, stack + 32)
        for register, value in zip(FRAME[:6], values[:6], strict=True):
            self.core.reg_write(register, value)
        self.core.reg_write(arm_const.UC_ARM_REG_PC, values[6] | 1)
