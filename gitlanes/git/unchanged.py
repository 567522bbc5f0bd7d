"""Files that surely are what the index has, told as git tells it without starting it.

It only ever says yes: of an index of another form, and of a file whose times are others, git
has to say more.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Mapping

from gitlanes.git.raw import id_of

# What an index entry begins with: times of change and of content, device, inode, mode, owner,
# group, size. The id, 16 bits of flags and the path follow.
_STAT = struct.Struct(">10I")
_VERSIONS = (2, 3)
_WORD = 0xFFFFFFFF
# Flags: a path of this length or more has another form, as has what is staged or hidden.
_LONG = 0xFFF
# Each path is looked for in the whole index.
_MOST = 32
# A file that was written in the same instant as the index is read, unless it is larger.
_READ = 1 << 20


def surely(git_dir: str, top: str, wanted: Mapping[bytes, tuple[str, str]]) -> bool:
    """Say whether index and files are surely as wanted, ``{path: (mode, id)}``."""
    if len(wanted) > _MOST:
        return False
    try:
        with open(os.path.join(git_dir, "index"), "rb") as file:
            written, data = os.fstat(file.fileno()).st_mtime_ns, file.read()
        return (
            data[:4] == b"DIRC"
            and int.from_bytes(data[4:8]) in _VERSIONS
            and all(_is(data, written, top, path, *item) for path, item in wanted.items())
        )
    except (OSError, ValueError):
        return False


def _is(data: bytes, written: int, top: str, path: bytes, mode: str, oid: str) -> bool:
    if len(path) >= _LONG:
        return False
    known = bytes.fromhex(oid) + len(path).to_bytes(2) + path + b"\0"
    at = data.find(known) - _STAT.size
    if at < 12 or (at - 12) % 8 or data.find(known, at + _STAT.size + 1) >= 0:
        return False
    place = os.path.join(os.fsencode(top), path)
    there = os.lstat(place)
    seconds, rest = divmod(there.st_mtime_ns, 10**9)
    changed = divmod(there.st_ctime_ns, 10**9)
    number = int(mode, 8)
    found = (*changed, seconds, rest, there.st_ino, number, there.st_uid, there.st_gid)
    *times, _, inode, its_mode, uid, gid, size = _STAT.unpack_from(data, at)
    return (
        (*times, inode, its_mode, uid, gid, size)
        == tuple(x & _WORD for x in (*found, there.st_size))
        and _kind(there.st_mode) == number
        and (there.st_mtime_ns < written or _has(place, there, oid))
    )


def _has(place: bytes, there: os.stat_result, oid: str) -> bool:
    """Say whether a file, or link, has the very content of a blob."""
    if there.st_size > _READ:
        return False
    if stat.S_ISLNK(there.st_mode):
        content = os.readlink(place)
    else:
        with open(place, "rb") as file:
            content = file.read()
    return id_of("blob", content) == oid


def _kind(mode: int) -> int | None:
    """Return the mode that git gives a file or link; None for what is neither."""
    if stat.S_ISLNK(mode):
        return 0o120000
    return (0o100755 if mode & 0o100 else 0o100644) if stat.S_ISREG(mode) else None
