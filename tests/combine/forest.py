"""Small trees in a real repository, written and read back without the code under test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from gitlanes.git.objects import ObjectStore
from gitlanes.git.process import Git
from gitlanes.git.raw import DIRECTORY, Entry
from gitlanes.git.trees import Item

FILE, RUNNABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"


class Forest:
    """A bare repository with its object store and git runner."""

    def __init__(self, directory: Path):
        environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(directory)}
        self.directory = str(directory / "forest.git")
        command = ["git", "init", "-q", "--bare", "--template=", self.directory]
        subprocess.run(command, env=environ, check=True)
        self.store = ObjectStore(self.directory)
        self.git = Git(self.directory, environ)

    def item(self, content: str, mode: str = FILE) -> Item:
        """Store a blob and return the item that names it."""
        return mode, self.store.write("blob", content.encode())

    def tree(self, files: Mapping[bytes, Item | str]) -> str:
        """Store a tree of ``{path: item, or the content of a plain file}``."""
        names: dict[bytes, dict[bytes, Item | str]] = {}
        entries: dict[bytes, Entry] = {}
        for path, item in files.items():
            name, slash, rest = path.partition(b"/")
            if slash:
                names.setdefault(name, {})[rest] = item
            else:
                mode, oid = self.item(item) if isinstance(item, str) else item
                entries[name] = mode.encode(), bytes.fromhex(oid)
        for name, inside in names.items():
            entries[name] = DIRECTORY, bytes.fromhex(self.tree(inside))
        return self.store.write_tree(entries)

    def files(self, tree: str) -> dict[bytes, Item]:
        """Return every path of a tree, as `git ls-tree` lists it."""
        rows = self.git.run("ls-tree", "-r", "-z", tree).out.split(b"\0")[:-1]
        found = (row.partition(b"\t") for row in rows)
        heads = {path: head.decode().split(" ") for head, _, path in found}
        return {path: (mode, oid) for path, (mode, _, oid) in heads.items()}
