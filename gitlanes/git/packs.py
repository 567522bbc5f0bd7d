"""Many new objects as one pack, as git keeps what it fetches: a file for each costs more."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha1
from pathlib import Path

_KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
# How hard to compress, as git's own upkeep does it anew: trees are ids, which hardly get smaller.
_LEVELS = {"tree": 0}
# Bits of a window and zlib's measure of memory that do for most commits and trees.
_WINDOW, _MEMORY = 12, 5


class Pack:
    """A pack of {id: (kind, content)}, to be written into a directory of packs.

    ``keep`` is the file that has a `git repack` leave it alone, as long as no ref names what is
    in it: whoever writes the pack has to `release` it.
    """

    def __init__(self, directory: Path, objects: Mapping[str, tuple[str, bytes]]):
        self._directory = directory
        oids = sorted(objects)
        places, parts, at = list[int](), [b"PACK" + struct.pack(">II", 2, len(oids))], 12
        for oid in oids:
            kind, data = objects[oid]
            part = part_of(kind, data, _LEVELS.get(kind, 1))
            places.append(at)
            parts.append(part)
            at += len(part)
        sums = [zlib.crc32(part) for part in parts[1:]]
        self._body = _summed(b"".join(parts))
        self._index = _index(oids, sums, places, self._body[-20:])
        self._name = f"pack-{self._body[-20:].hex()}"
        self.keep = directory / f"{self._name}.keep"

    def write(self, *, durable: bool) -> None:
        """Write it so that git sees all of it or nothing; raises OSError."""
        self.keep.write_bytes(b"gitlanes: until refs name what is in here\n")
        for suffix, data in ((".pack", self._body), (".idx", self._index)):
            _put(self._directory / f"{self._name}{suffix}", data, durable=durable)

    def release(self) -> None:
        """Let git treat it as any other pack."""
        self.keep.unlink(missing_ok=True)


def _put(path: Path, data: bytes, *, durable: bool) -> None:
    """Put a file into its place as a whole; what a kill leaves, `git prune` removes."""
    fresh = path.with_name(f"tmp_{path.name}_{os.getpid()}")
    try:
        with open(fresh, "wb", opener=_read_only) as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise


def _read_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o444)


def _summed(data: bytes) -> bytes:
    return data + sha1(data, usedforsecurity=False).digest()


def part_of(kind: str, data: bytes, level: int = 1) -> bytes:
    """Return an object as packs have it; its size is spelled with seven bits to a byte."""
    size = len(data)
    head, size = _KINDS[kind] << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(head | 128)
        head, size = size & 127, size >> 7
    out.append(head)
    return bytes(out) + _deflated(data, level)


def _deflated(data: bytes, level: int) -> bytes:
    """Return what `zlib.compress` does, but by less memory where the data are few.

    For its 256 kB a young process asks the system each time: 50 of 60 microseconds.
    """
    if len(data) > 1 << _WINDOW:
        return zlib.compress(data, level)
    stream = zlib.compressobj(level, zlib.DEFLATED, _WINDOW, _MEMORY)
    return stream.compress(data) + stream.flush()


def _index(oids: list[str], sums: list[int], places: list[int], pack: bytes) -> bytes:
    """Return the index of a pack below 2 GB: ids in their order, sums, where each object is."""
    names = [bytes.fromhex(oid) for oid in oids]
    upto = [0] * 256
    for name in names:
        upto[name[0]] += 1
    for byte in range(1, 256):
        upto[byte] += upto[byte - 1]
    table = struct.pack(f">{256 + 2 * len(oids)}I", *upto, *sums, *places)
    return _summed(
        b"\377tOc" + struct.pack(">I", 2) + table[:1024] + b"".join(names) + table[1024:] + pack
    )
