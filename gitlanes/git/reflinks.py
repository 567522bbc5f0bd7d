"""Copies of files and directories that share their blocks where the file system can do that."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from contextlib import suppress

# Linux' request to let a file share all blocks of another one.
_FICLONE = 0x40049409
_BLOCK = 1 << 20


def copy_file(source: bytes, target: bytes) -> None:
    """Copy a plain file, with its rights and its time, to where nothing is; no link is followed."""
    begin = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        found = os.fstat(begin)
        end = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            if not _shared(begin, end):
                _copied(begin, end)
            os.fchmod(end, stat.S_IMODE(found.st_mode) & 0o777)
            os.utime(end, ns=(found.st_atime_ns, found.st_mtime_ns))
        finally:
            os.close(end)
    finally:
        os.close(begin)


def copy_tree(source: bytes, target: bytes) -> None:
    """Copy a directory to where nothing is: files, and links as they are.

    Sockets and the like are left out, and so is each file ``.git``: it says of a directory that
    it is another repository's work tree, which its copy is not.
    """
    waiting, made = [(source, target)], []
    while waiting:
        here, there = waiting.pop()
        os.mkdir(there, 0o700)
        made.append((here, there))
        with os.scandir(here) as entries:
            for entry in entries:
                place = os.path.join(there, entry.name)
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), place)
                elif entry.is_dir():
                    waiting.append((entry.path, place))
                elif entry.is_file() and entry.name != b".git":
                    copy_file(entry.path, place)
    for here, there in reversed(made):  # last of all, for some may not be written into
        found = os.stat(here)
        os.utime(there, ns=(found.st_atime_ns, found.st_mtime_ns))
        os.chmod(there, stat.S_IMODE(found.st_mode) & 0o777)


def _shared(begin: int, end: int) -> bool:
    """Let one file share the other's blocks; say whether that can be done here."""
    if sys.platform != "linux":
        return False
    with suppress(OSError):
        fcntl.ioctl(end, _FICLONE, begin)
        return True
    return False


def _copied(begin: int, end: int) -> None:
    if hasattr(os, "copy_file_range"):
        with suppress(OSError):
            while os.copy_file_range(begin, end, 1 << 30):
                pass
    # Some file systems say at once that they are done.
    os.lseek(begin, os.lseek(end, 0, os.SEEK_CUR), os.SEEK_SET)
    while data := os.read(begin, _BLOCK):
        left = memoryview(data)
        while left:
            left = left[os.write(end, left) :]
