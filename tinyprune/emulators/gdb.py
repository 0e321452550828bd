"""A client of gdb's remote protocol, as emulators and debug probes serve it: stop, read, write, call.

Source of the packets: "GDB Remote Serial Protocol", appendix E of the gdb manual.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import IO

from tinyprune.emulators import faults
from tinyprune.emulators.faults import LIMIT_S
from tinyprune.toolchain.elf import Elf

SP, LR, PC = 13, 14, 15
MOST_BYTES = 1024  # a packet; QEMU's holds 4096 characters
ANSWER_S = 10.0


class ConnectionLost(Exception):
    """The server closed its end."""


class Debugger:
    """A firmware that a gdb server holds; it stands still but within `go` and `call`. Is an `inference.Target`."""

    def __init__(self, elf: Elf, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._elf = elf
        self._writer = writer
        self.exit_code: int | None = None
        self._bytes: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._receive, args=(reader,), daemon=True).start()
        self._ask("qXfer:features:read:target.xml:0,800")  # QEMU sets no register of a client that has not asked

    def read(self, address: int, size: int) -> bytes:
        parts = (min(MOST_BYTES, size - done) for done in range(0, size, MOST_BYTES))
        return b"".join(self._read_part(address + i * MOST_BYTES, part) for i, part in enumerate(parts))

    def _read_part(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self._ask(f"m{address:x},{size:x}"))

    def write(self, address: int, data: bytes) -> None:
        for done in range(0, len(data), MOST_BYTES):
            part = data[done : done + MOST_BYTES]
            self._ask(f"M{address + done:x},{len(part):x}:{part.hex()}")

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self._ask(f"p{number:x}")), "little")

    def set_register(self, number: int, value: int) -> None:
        self._ask(f"P{number:x}={value.to_bytes(4, 'little').hex()}")

    def call(self, function: int) -> None:
        """Calls `function` on an empty stack; it returns to the entry point, where it stops."""
        self.set_register(SP, self._elf.symbols["__stack_top"].address)
        self.set_register(LR, self._elf.entry | 1)
        self.set_register(PC, function)
        self.go(self._elf.entry)
        if self.exit_code is not None:
            raise faults.exited(function)

    def go(self, until: int | None = None, limit_s: float = LIMIT_S, goal: str = faults.END) -> None:
        """Runs until it gets to the address `until` or exits, with `exit_code`.

        Raises EmulationError where neither happens within `limit_s` seconds; `goal` is what it says then that the
        firmware did not do.
        """
        if until is not None:
            self._ask(f"Z0,{until:x},2")
        self._send("c")
        stop = self._answer(limit_s)
        if stop is None:
            raise self._no_end(limit_s, goal)
        if stop.startswith("W"):
            self.exit_code = int(stop[1:3], 16)
        elif until is not None:
            self._ask(f"z0,{until:x},2")

    def _no_end(self, limit_s: float, goal: str) -> faults.EmulationError:
        self._send_raw(b"\x03")
        self._answer(ANSWER_S)
        low, high = faults.stack_bounds(self._elf, self.register(SP))
        start = min(max(self.register(SP), low), high)
        returns = [self.register(LR), *faults.words(self.read(start, high - start))]
        return faults.no_end(self._elf, limit_s, self.register(PC), returns, goal)

    def _ask(self, packet: str) -> str:
        self._send(packet)
        answer = self._answer(ANSWER_S)
        if not answer or (answer[0] == "E" and len(answer) == 3):
            raise ConnectionLost(f"the gdb server answers '{answer}' to '{packet[:40]}'")
        return answer

    def _send(self, packet: str) -> None:
        self._send_raw(f"${packet}#{sum(packet.encode()) & 0xFF:02x}".encode())

    def _send_raw(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            self._writer.flush()
        except OSError as error:
            raise ConnectionLost("the gdb server closed its end") from error

    def _receive(self, reader: IO[bytes]) -> None:
        """In a thread, as only that can wait for a pipe with a limit on every system."""
        while data := reader.read(1):
            self._bytes.put(data)
        self._bytes.put(b"")

    def _answer(self, limit_s: float) -> str | None:
        """The next packet; None where none begins within `limit_s`."""
        try:
            while self._byte(limit_s) != b"$":
                pass
            text = bytearray()
            while (byte := self._byte(ANSWER_S)) != b"#":
                text += byte
            for _ in range(2):
                self._byte(ANSWER_S)  # the checksum: a pipe loses nothing
            with contextlib.suppress(ConnectionLost):  # who exits need not hear it
                self._send_raw(b"+")
        except queue.Empty:
            return None
        return text.decode("ascii")

    def _byte(self, limit_s: float) -> bytes:
        byte = self._bytes.get(timeout=limit_s)
        if not byte:
            raise ConnectionLost("the gdb server closed its end")
        return byte
