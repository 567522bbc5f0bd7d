"""libgit2 without the rest of pygit2, and with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_STORE = "from gitlanes.git.objects import ObjectStore; s = ObjectStore('.git')\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory for the repository."""
    monkeypatch.chdir(tmp_path)


def _run(code: str) -> str:
    """Run code in a fresh interpreter, in a fresh repository, and return what it printed."""
    subprocess.run(["git", "init", "--quiet"], check=True)
    script = f"import sys\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_the_package() -> None:
    """Objects are written and read, and neither pygit2 itself nor what it needs is imported."""
    told = (
        "print(s.read(s.write('blob', b'x')), {'pygit2', 'pygit2.enums', 'ssl'} & {*sys.modules})"
    )
    assert _run(_STORE + told) == "('blob', b'x') set()"


def test_before_the_package() -> None:
    """A program that imports pygit2 afterwards finds it whole, and both work side by side."""
    told = (
        "import pygit2; from gitlanes.git import objects\n"
        "oid = s.write('blob', b'x')\n"
        "kind, data = pygit2.Repository('.').odb.read(oid)\n"
        "print(kind is pygit2.enums.ObjectType.BLOB, data, s.read(oid)[0])\n"
        "print(pygit2.GitError is objects.pygit2.GitError, pygit2._pygit2.Odb is pygit2.Odb)"
    )
    assert _run(_STORE + told).split() == ["True", "b'x'", "blob", "True", "True"]


def test_beside_other_threads() -> None:
    """With other threads about, which might import pygit2 just now, it is taken whole."""
    code = (
        "import threading; go = threading.Event(); threading.Thread(target=go.wait).start()\n"
        + _STORE
        + "print('pygit2' in sys.modules, s.read(s.write('blob', b'x'))); go.set()"
    )
    assert _run(code) == "True ('blob', b'x')"


def test_built_otherwise() -> None:
    """A pygit2 whose C module cannot be had alone is taken whole."""
    code = (
        "from gitlanes.git import libgit2\n"
        "def broken(): raise AttributeError('_cache_enums')\n"
        "libgit2._c_module = broken\n" + _STORE + "print('pygit2' in sys.modules)"
    )
    assert _run(code) == "True"
