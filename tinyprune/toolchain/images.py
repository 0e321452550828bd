"""The flash content of an Elf in the formats that programmers take."""

from collections.abc import Iterator

from tinyprune.toolchain.elf import Elf

ERASED = b"\xff"
_RECORD_BYTES = 16


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
