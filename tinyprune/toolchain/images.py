"""The flash content of an Elf in the formats that programmers take."""

import struct
from collections.abc import Iterator

from tinyprune.toolchain.elf import Elf

ERASED = b"\xff"
_RECORD_BYTES = 16
_UF2_PAGE_BYTES = 256
_UF2_FAMILY_ID_PRESENT = 0x2000


def binary(elf: Elf) -> bytes:
    """The flash content from its lowest address on; gaps hold 0xFF, as erased flash does."""
    base = min(segment.load_address for segment in elf.segments)
    image = bytearray()
    for segment in sorted(elf.segments, key=lambda segment: segment.load_address):
        image += ERASED * (segment.load_address - base - len(image))
        image += segment.data
    return bytes(image)


def intel_hex(elf: Elf) -> str:
    """The flash content as Intel HEX (the specification's revision A of 1988), 16 bytes a record."""
    records: list[str] = []
    upper = 0
    for address, data in _chunks(elf):
        if address >> 16 != upper:
            upper = address >> 16
            records.append(_record(4, 0, upper.to_bytes(2, "big")))  # extended linear address
        records.append(_record(0, address & 0xFFFF, data))
    records.append(_record(1, 0, b""))  # end of file
    return "\n".join(records) + "\n"


def uf2(elf: Elf, family: int) -> bytes:
    """The flash content as UF2 (github.com/microsoft/uf2, README), for the boot loader of the chips of `family`.

    Blocks of 512 bytes hold 256 each, from an address that is a multiple of it: the boot loader erases what it writes.
    """
    base = min(segment.load_address for segment in elf.segments)
    start = base // _UF2_PAGE_BYTES * _UF2_PAGE_BYTES
    content = ERASED * (base - start) + binary(elf)
    content += ERASED * (-len(content) % _UF2_PAGE_BYTES)
    count = len(content) // _UF2_PAGE_BYTES
    blocks = (
        struct.pack(
            "<8I476sI",
            0x0A324655,
            0x9E5D5157,
            _UF2_FAMILY_ID_PRESENT,
            start + number * _UF2_PAGE_BYTES,
            _UF2_PAGE_BYTES,
            number,
            count,
            family,
            content[number * _UF2_PAGE_BYTES : (number + 1) * _UF2_PAGE_BYTES],
            0x0AB16F30,
        )
        for number in range(count)
    )
    return b"".join(blocks)


def _chunks(elf: Elf) -> Iterator[tuple[int, bytes]]:
    """Pieces that end at multiples of 16, so that none crosses a 64 KB boundary."""
    for segment in sorted(elf.segments, key=lambda segment: segment.load_address):
        start = 0
        while start < len(segment.data):
            address = segment.load_address + start
            end = start + _RECORD_BYTES - address % _RECORD_BYTES
            yield address, segment.data[start:end]
            start = end


def _record(kind: int, address: int, data: bytes) -> str:
    body = bytes([len(data)]) + address.to_bytes(2, "big") + bytes([kind]) + data
    checksum = -sum(body) & 0xFF
    return f":{body.hex().upper()}{checksum:02X}"
