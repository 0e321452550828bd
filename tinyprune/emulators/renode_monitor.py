"""A Renode process, spoken to through its monitor: one command, one answer. It opens no network port."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from tinyprune.emulators import faults
from tinyprune.emulators.faults import EmulationError
from tinyprune.toolchain.elf import Elf

OPTIONS = ("--disable-xwt", "--console", "--plain", "--hide-log")
SESSION = Path(__file__).with_name("renode_session.cs")
ANSWER_S = 300.0
UART = "uart"
LIMIT_INSTRUCTIONS = 400_000_000
"""Between two stops. Not a time: Renode takes 5 s for them, or a minute while it counts."""

ENDS = {
    "late": f"it did not end within {LIMIT_INSTRUCTIONS:,} instructions (an endless loop?)",
    "nowhere": "jump to where no code is",
}
END = re.compile("(read of|write to) (0x[0-9a-f]{8}) at (0x[0-9a-f]{8})|there|exit|" + "|".join(ENDS))
NUMBER = re.compile("0x[0-9A-Fa-f]+")
FAILED = ("There was an error", "No such command", "Errors during compilation", "Could not")
SP, LR = 13, 14


class Monitor:
    """One Renode with the platform and the image loaded, standing still but within `go` and `call`.

    Is an `inference.Target`. `folder` is where it keeps its files.
    """

    def __init__(self, program: Path, elf: Elf, clock_hz: int, folder: Path) -> None:
        self._elf = elf
        self._exit = elf.symbols["finish"].address
        self._limit_ms = LIMIT_INSTRUCTIONS * 1000 // clock_hz  # its platform takes one clock an instruction
        self._folder = folder
        self._asked = 0
        self._process = subprocess.Popen(
            [str(program), *OPTIONS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,  # `renode` may be a script: what it started must end with it
        )
        assert self._process.stdin and self._process.stdout
        self._writer: IO[bytes] = self._process.stdin
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._receive, args=(self._process.stdout,), daemon=True).start()

    def close(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
        else:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def uart(self) -> str:
        return (self._folder / UART).read_text(encoding="ascii", errors="replace")

    def reset(self) -> None:
        """The machine as at power-on, with the image in flash."""
        self.ask("machine Reset")
        self.ask("sysbus LoadELF @firmware.elf")

    def boot(self) -> int:
        """Runs to the firmware's exit: the exit code. Renode has none itself, so it stops where `finish` begins."""
        self._run("GoTo", self._exit)
        return self.register(0)

    def go(self, until: int) -> None:
        """Runs until it gets to `until`. EmulationError where it does not within the limit, faults, or exits."""
        self._run("GoTo", until)

    def count(self, until: int, switches: str) -> list[tuple[int, ...]]:
        """Goes to `until`; (layer number, start, bytes, count) of each straight run of instructions on the way.

        `switches`: lines of an address, and the number of the layer that runs from a jump there.
        """
        (self._folder / "switches").write_text(switches, encoding="ascii")
        self._run("CountTo", until, f'"{self._folder}"')
        lines = (self._folder / "runs").read_text(encoding="ascii").splitlines()
        return [tuple(map(int, line.split())) for line in lines]

    def call(self, function: int) -> None:
        """Calls `function` on an empty stack; it returns to the entry point, where it stops."""
        stack, back = self._elf.symbols["__stack_top"].address, self._elf.entry
        self._run(f"CallBack {function} {stack}", back)

    def read(self, address: int, size: int) -> bytes:
        file = self._folder / "bytes"
        self.ask(f'sysbus.cpu SaveBytes {address} {size} "{file}"')
        return file.read_bytes()

    def write(self, address: int, data: bytes) -> None:
        (self._folder / "bytes").write_bytes(data)
        self.ask(f"sysbus LoadBinary @bytes {address}")

    def register(self, number: int) -> int:
        return self._number(f"sysbus.cpu GetRegister {number}")

    def _number(self, command: str) -> int:
        answer = self.ask(command)
        number = NUMBER.search(answer)
        if number is None:
            raise EmulationError(f"Renode answers '{command}': {answer}")
        return int(number[0], 16)

    def _run(self, name: str, until: int, more: str = "") -> None:
        command = f"sysbus.cpu {name} {until} {self._exit} {self._limit_ms} {more}"
        answer = self.ask(command)
        end = END.search(answer)
        if end is None:
            raise EmulationError(f"Renode answers '{command}': {answer}")
        if end[0] == "exit" and until != self._exit:
            faults.check(self._elf, self.uart(), self.register(0))
            raise EmulationError(f"the firmware ended before it came to 0x{until:08x}")
        if end[0] not in ("there", "exit"):
            raise self._stopped(end)

    def _stopped(self, end: re.Match[str]) -> EmulationError:
        """The error for an END, which renode_session.cs's GoTo answers."""
        low, high = (self._elf.symbols[name].address for name in ("__stack_limit", "__stack_top"))
        stack_pointer = self.register(SP)
        start = min(max(stack_pointer, low), high)
        stack = faults.words(self.read(start, high - start))
        address = int(end[2], 16) if end[1] else None
        if faults.is_overflow(self._elf, stack_pointer, address):
            return faults.overflow(self._elf, stack_pointer, stack)
        what, pc = ENDS.get(end[0], ""), self._number("sysbus.cpu PC")
        if address is not None:
            pc = int(end[3], 16)
            access = "jump to" if address == pc else end[1]
            what = f"{access} {faults.address_text(address)}, where nothing is"
        return faults.error(self._elf, what, pc, [self.register(LR), *stack])

    def ask(self, command: str) -> str:
        """What Renode answers to one command of its monitor. It never tells failure but in its text."""
        self._asked += 1
        end = f"tinyprune-{self._asked}"
        try:
            self._writer.write(f'{command}\necho "{end}"\n'.encode())
            self._writer.flush()
        except OSError as error:
            raise EmulationError(f"Renode ended at '{command}'") from error
        deadline, said = time.monotonic() + ANSWER_S, list[str]()
        while (line := self._line(deadline, command)) != end:
            said.append(line)
        answer = "\n".join(line for line in said if line and not line.startswith("("))
        if any(word in answer for word in FAILED):
            raise EmulationError(f"Renode refuses '{command}': {answer}")
        return answer

    def _line(self, deadline: float, command: str) -> str:
        try:
            line = self._lines.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            raise EmulationError(f"Renode does not answer '{command}'") from None
        if line is None:
            raise EmulationError(f"Renode ended at '{command}'")
        return line

    def _receive(self, reader: IO[bytes]) -> None:
        """In a thread, as only that can wait for a pipe with a limit on every system."""
        for line in reader:
            self._lines.put(line.decode("utf-8", "replace").strip())
        self._lines.put(None)


def escaped(path: Path) -> str:
    """As the monitor wants it after an `@`."""
    return str(path).replace(" ", "\\ ")
