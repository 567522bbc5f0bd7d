"""Directories deeper than Python's stack and longer than the system's paths."""

from __future__ import annotations

import os
from pathlib import Path

from gitlanes.git import deep


def dig(top: Path, depth: int) -> None:
    """Make directories `d` one in the other, each with a file, a link and an empty directory."""
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        there = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=there))
        os.symlink("/", "link", dir_fd=there)
        os.mkdir("empty", 0o500, dir_fd=there)
        here = there
    os.close(here)


def test_files_below_are_found_at_any_depth(tmp_path: Path) -> None:
    """All files and links are named from the top, and links are not followed."""
    dig(tmp_path, 1500)
    found = list(deep.files_below(os.fsencode(tmp_path), b"d"))
    assert len(found) == 3000
    assert found[0] in (b"d/file", b"d/link")
    assert b"d/" * 1500 + b"file" in found
    assert list(deep.files_below(os.fsencode(tmp_path), b"nowhere")) == []
    deep.delete(str(tmp_path / "d"))


def test_deletion_leaves_nothing(tmp_path: Path) -> None:
    """A directory of any depth is deleted, names that it gives on the way notwithstanding."""
    top = tmp_path / "top"
    (top / "0.removing~").mkdir(parents=True)
    (top / "1.removing~").write_text("in the way")
    dig(top, 5000)
    deep.delete(str(top))
    assert os.listdir(tmp_path) == []


def test_deletion_does_not_follow_links(tmp_path: Path) -> None:
    """What a link leads to stays."""
    (tmp_path / "kept/inside").mkdir(parents=True)
    (tmp_path / "top/d").mkdir(parents=True)
    (tmp_path / "top/link").symlink_to(tmp_path / "kept")
    (tmp_path / "top/d/link").symlink_to(tmp_path / "kept")
    deep.delete(str(tmp_path / "top"))
    assert (tmp_path / "kept/inside").is_dir()
