"""Ogg pages with a serial number of ours: the same sound gives the same file."""

from __future__ import annotations

import struct

_HEAD = 27
"""Bytes of a page's header before its table of segments (RFC 3533, section 6)."""


def settled(data: bytes, serial: int) -> bytes:
    """``data`` with another stream serial number, which libsndfile draws at random.

    Args:
        data: whole Ogg pages of one stream.
        serial: 32 bits, unsigned.

    Raises:
        ValueError: if they are no Ogg pages.
    """
    pages, at = bytearray(data), 0
    while at < len(pages):
        if pages[at : at + 4] != b"OggS":
            raise ValueError(f"there is no Ogg page at byte {at}")
        segments = pages[at + 26]
        end = at + _HEAD + segments + sum(pages[at + _HEAD : at + _HEAD + segments])
        struct.pack_into("<II", pages, at + 14, serial, int.from_bytes(pages[at + 18 : at + 22], "little"))
        struct.pack_into("<I", pages, at + 22, 0)  # the checksum is that of a page whose checksum is 0
        struct.pack_into("<I", pages, at + 22, checksum(pages[at:end]))
        at = end
    return bytes(pages)


def checksum(page: bytes | bytearray) -> int:
    """CRC-32 of a page: polynomial 0x04c11db7, highest bit first, beginning with 0 (RFC 3533, section 6)."""
    remainder = 0
    for byte in page:
        remainder = ((remainder << 8) & 0xFFFFFFFF) ^ _TABLE[(remainder >> 24) ^ byte]
    return remainder


def _of_byte(byte: int) -> int:
    remainder = byte << 24
    for _ in range(8):
        remainder = (remainder << 1) ^ (0x04C11DB7 if remainder & 0x80000000 else 0)
    return remainder & 0xFFFFFFFF


_TABLE = [_of_byte(byte) for byte in range(256)]
