"""A Renode process, spoken to through its monitor: one command, one answer. It opens no network port."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

from tinyprune.emulators import faults
from tinyprune.emulators.faults import LIMIT_S, EmulationError
from tinyprune.toolchain.elf import Elf

OPTIONS = ("--disable-xwt", "--console", "--plain")
SESSION = Path(__file__).with_name("renode_session.cs")
ANSWER_S = 60.0
COUNTING_S = 100.0
"""What is counted has ended before, without the counting, which takes ten times as long."""

FAILED = ("There was an error", "No such command", "Errors during compilation", "Could not")
ABORT = re.compile(r"CPU abort \[PC=0x([0-9A-Fa-f]+)\]: (.*)")
ACCESS = re.compile(r"\[cpu: 0x([0-9A-Fa-f]+)\] (Read|Write)\w+ (?:to|from) non existing peripheral at 0x([0-9A-Fa-f]+)")
SP, LR = 13, 14


class Monitor:
    """One Renode with the platform and the image loaded, standing still but within `go` and `call`.

    Is an `inference.Target`. `folder` is where it keeps its files.
    """

    def __init__(self, program: Path, elf: Elf, folder: Path) -> None:
        self._elf = elf
        self._folder = folder
        self._asked = 0
        self._problem: EmulationError | None = None
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
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def reset(self) -> None:
        """The machine as at power-on, with the image in flash."""
        self.ask("machine Reset")
        self.ask("sysbus LoadELF @firmware.elf")

    def go(self, until: int, limit_s: float = LIMIT_S) -> None:
        """Runs until it gets to `until`. EmulationError where it does not within `limit_s`, or the core gives up."""
        self._run(f"sysbus.cpu GoTo {until} {limit_s * 1000:.0f}", limit_s)

    def count(self, until: int, switches: str) -> list[tuple[int, ...]]:
        """Goes to `until`; (layer number, start, bytes, count) of each straight run of instructions on the way.

        `switches`: lines of an address, and the number of the layer that runs from a jump there.
        """
        (self._folder / "switches").write_text(switches, encoding="ascii")
        self._run(f'sysbus.cpu CountTo {until} {COUNTING_S * 1000:.0f} "{self._folder}"', COUNTING_S)
        lines = (self._folder / "runs").read_text(encoding="ascii").splitlines()
        return [tuple(map(int, line.split())) for line in lines]

    def call(self, function: int) -> None:
        """Calls `function` on an empty stack; it returns to the entry point, where it stops."""
        self.ask(f"sysbus.cpu SetRegister {SP} {self._elf.symbols['__stack_top'].address}")
        self.ask(f"sysbus.cpu SetRegister {LR} {self._elf.entry | 1}")
        self.ask(f"sysbus.cpu PC {function | 1}")
        self.go(self._elf.entry & ~1)

    def read(self, address: int, size: int) -> bytes:
        file = self._folder / "bytes"
        self.ask(f'sysbus.cpu SaveBytes {address} {size} "{file}"')
        return file.read_bytes()

    def write(self, address: int, data: bytes) -> None:
        (self._folder / "bytes").write_bytes(data)
        self.ask(f"sysbus LoadBinary @bytes {address}")

    def register(self, number: int) -> int:
        return int(self.ask(f"sysbus.cpu GetRegister {number}"), 16)

    def _run(self, command: str, limit_s: float) -> None:
        if self.ask(command, limit_s + ANSWER_S) == "False":
            low, high = (self._elf.symbols[name].address for name in ("__stack_limit", "__stack_top"))
            start = min(max(self.register(SP), low), high)
            returns = [self.register(LR), *faults.words(self.read(start, high - start))]
            raise faults.no_end(self._elf, limit_s, int(self.ask("sysbus.cpu PC"), 16), returns)

    def ask(self, command: str, limit_s: float = ANSWER_S) -> str:
        """What Renode answers to one command of its monitor. It never tells failure but in its text."""
        self._asked += 1
        end = f"tinyprune-{self._asked}"
        self._writer.write(f'{command}\necho "{end}"\n'.encode())
        self._writer.flush()
        deadline, said = time.monotonic() + limit_s, list[str]()
        while (line := self._line(deadline, command)) != end:
            if problem := self._told(line):
                raise problem
            said.append(line)
        answer = "\n".join(line for line in said if line and not line.startswith("("))
        if any(word in answer for word in FAILED):
            raise EmulationError(f"Renode refuses '{command}': {answer}")
        return answer

    def _told(self, line: str) -> EmulationError | None:
        """The fault that a line of Renode's log tells of."""
        if access := ACCESS.search(line):
            what = f"{access[2].lower()} of {faults.address_text(int(access[3], 16))}, where nothing is"
            return faults.error(self._elf, what, int(access[1], 16))
        if abort := ABORT.search(line):
            return faults.error(self._elf, abort[2], int(abort[1], 16))
        return None

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
