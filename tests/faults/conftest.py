"""Disks of a test's own, which can be filled and made read-only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.repos import TestRepo


class Disk:
    """A small file system in memory, mounted for one test."""

    def __init__(self, path: Path):
        self.path = path
        self._ballast = path / "ballast"

    @contextmanager
    def full(self, pages: int = 0) -> Iterator[None]:
        """Fill it but for some pages of 4 KiB: a small file takes one."""
        found = os.statvfs(self.path)
        size = (found.f_bfree - pages) * found.f_frsize
        with open(self._ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(size, 1))
        try:
            yield
        finally:
            self._ballast.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nothing be written to it."""
        self._mount("remount,ro")
        try:
            yield
        finally:
            self._mount("remount,rw")

    def _mount(self, how: str) -> None:
        subprocess.run(["mount", "-o", how, str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 32 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root may mount a file system")
    yield Disk(place)
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def on_disk(disk: Disk, environ: dict[str, str]) -> Iterator[TestRepo]:
    """A small adopted repository on the disk, workspaces included."""
    repo = TestRepo.make(disk.path / "repo", environ, {"auth.py": "login\n", "src/app.py": "app\n"})
    yield repo
    repo.close()
