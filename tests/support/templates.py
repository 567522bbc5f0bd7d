"""Repositories for tests, made once for each kind and copied: a tenth of what making one takes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pygit2

from tests.support.clones import Clones
from tests.support.repos import START, Content, TestRepo


class Templates:
    """Makes repositories as `TestRepo.make` does, with the same commits for the same files."""

    def __init__(self, place: Path):
        self._place = place
        self._made: dict[tuple[object, ...], Path] = {}

    def copy(
        self,
        path: Path,
        environ: Mapping[str, str],
        files: Mapping[str, Content] | None = None,
        *,
        adopted: bool = True,
    ) -> TestRepo:
        """Return a new repository at `path`."""
        wanted = START if files is None else files
        key = (*wanted.items(), adopted)
        if key not in self._made:
            place = self._place / str(len(self._made))
            TestRepo.make(place, environ, wanted, adopted=adopted).close()
            self._made[key] = place
        shutil.copytree(self._made[key], path, symlinks=True, dirs_exist_ok=True)
        repo = TestRepo(path, environ)
        _refresh(path)
        if adopted:
            _prove_locks(path / ".git/lanes")
        return repo


class ClonesTemplates:
    """Makes clones as `Clones` does, with the same commits for the same names and lanes."""

    def __init__(self, place: Path):
        self._place = place
        self._made: dict[tuple[object, ...], Clones] = {}

    def copy(
        self, home: Path, environ: Mapping[str, str], names: str, lanes: Sequence[str]
    ) -> Clones:
        """Return new clones in `home`."""
        key = (names, *lanes)
        if key not in self._made:
            made = Clones(self._place / str(len(self._made)), environ, names, lanes=lanes)
            made.close()
            self._made[key] = made
        template = self._made[key]
        shutil.copytree(template.home, home, symlinks=True)
        for name in names:
            config = home / name / ".git/config"
            config.write_text(config.read_text().replace(str(template.home), str(home)))
            _refresh(home / name)
            _prove_locks(home / name / ".git/lanes")
        return Clones.at(home, environ, names)


def _refresh(path: Path) -> None:
    """Let the index know the copied files: git knows unchanged ones by their inodes, too."""
    index = pygit2.Repository(str(path)).index
    for entry in [*index]:
        index.add(entry.path)
    index.write()


def _prove_locks(directory: Path) -> None:
    """Let it be known that locks work in that directory, as they do in the template's."""
    found = directory.stat()
    (directory / "locks-work").write_text(f"{found.st_dev} {found.st_ino}\n")
