"""SIF images of any size, and of a new digest whenever one is wanted.

The layout is the one that Singularity and Apptainer write: a global header of 128 bytes, a table of 48 descriptors at
4096, and one primary partition behind it. All numbers are little-endian and unpadded.
"""

import hashlib
import os
import struct
import time
from pathlib import Path

MIB = 1 << 20
GIB = 1 << 30

TABLE = 4096
DESCRIPTORS = 48
DESCRIPTOR = 585
DATA = 32768
# How many bytes at the end are changed to get another digest: few, so that the new digest is known at once.
TAIL = 4096

PARTITION = 0x4004
RAW, PRIMARY = 4, 2
AMD64 = b"02\0"


def _header(size: int, now: int) -> bytes:
    launch = b"#!/usr/bin/env run-singularity\n".ljust(32, b"\0")
    identity = b"SIF_MAGIC\0" + b"01\0" + AMD64 + os.urandom(16)
    numbers = (now, now, DESCRIPTORS - 1, DESCRIPTORS, TABLE, DESCRIPTORS * DESCRIPTOR, DATA, size - DATA)
    return launch + identity + struct.pack("<8q", *numbers)


def _partition(size: int, now: int) -> bytes:
    length = size - DATA
    numbers = struct.pack("<iBIIIqqqqqqq", PARTITION, 1, 1, 0xF0000001, 0, DATA, length, length, now, now, 0, 0)
    extra = struct.pack("<ii3s", RAW, PRIMARY, AMD64)
    return numbers + b"rootfs.raw".ljust(128, b"\0") + extra.ljust(384, b"\0")


class Image:
    """A SIF image of random bytes in a file, with parts of it in files of their own if asked for."""

    def __init__(self, path: Path, size: int, part_size: int | None = None):
        self.path, self.size = path, size
        self.part_size = part_size or size
        self.parts: list[Path] = []
        self._write()
        if part_size:
            self._split()
        self.renew()

    def _write(self) -> None:
        now = int(time.time())
        head = _header(self.size, now).ljust(TABLE, b"\0") + _partition(self.size, now)
        self._stable, self._stable_md5 = hashlib.sha256(), hashlib.md5()
        with open(self.path, "wb") as file:
            for block in self._blocks(head.ljust(DATA, b"\0")):
                self._stable.update(block)
                self._stable_md5.update(block)
                file.write(block)
            file.write(bytes(TAIL))

    def _blocks(self, head: bytes):
        """Everything but the tail."""
        yield head
        left = self.size - TAIL - len(head)
        while left > 0:
            yield os.urandom(min(left, 4 * MIB))
            left -= 4 * MIB

    def _split(self) -> None:
        with open(self.path, "rb") as file:
            for number in range(1, -(-self.size // self.part_size) + 1):
                part = self.path.with_suffix(f".part{number}")
                part.write_bytes(file.read(self.part_size))
                self.parts.append(part)

    def renew(self) -> "Image":
        """Gives the image new last bytes, and so a digest that no registry has seen. It is in the page cache after."""
        tail = os.urandom(TAIL)
        _overwrite_tail(self.path, tail)
        self.sha256 = _with(self._stable, tail)
        self.md5 = _with(self._stable_md5, tail)
        if self.parts:
            _overwrite_tail(self.parts[-1], tail)
        for path in [self.path, *self.parts]:
            _warm(path)
        return self

    def remove(self) -> None:
        """Deletes its files."""
        for path in [self.path, *self.parts]:
            path.unlink()


def _overwrite_tail(path: Path, tail: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(-TAIL, os.SEEK_END)
        file.write(tail)


def _with(state, tail: bytes) -> str:
    state = state.copy()
    state.update(tail)
    return state.hexdigest()


def _warm(path: Path) -> None:
    with open(path, "rb", buffering=0) as file:
        block = bytearray(4 * MIB)
        while file.readinto(block):
            pass
