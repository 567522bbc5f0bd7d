"""The same work done with plain git, one process for each step as a script would."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

PYTHON = sys.executable
LANES = str(Path(sysconfig.get_path("scripts"), "git-lanes"))


def run(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> str:
    """Run a command as a user would and return what it printed; it must succeed."""
    done = subprocess.run(command, cwd=cwd, env=dict(environ), capture_output=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {os.fsdecode(done.stdout + done.stderr)}")
    return os.fsdecode(done.stdout).rstrip("\n")


def importing(module: str, cwd: Path, environ: Mapping[str, str]) -> None:
    """Start Python and import one module: what any program that needs it must spend."""
    run([PYTHON, "-c", f"import {module}"], cwd, environ)


def land(cwd: Path, environ: Mapping[str, str], ref: str, target: str, source: str) -> str:
    """Land `source` on `ref`, which is at `target`, as a merge commit; return that."""
    tree = run(["git", "merge-tree", "--write-tree", target, source], cwd, environ)
    parents = ["-p", target, "-p", source]
    commit = run(["git", "commit-tree", *parents, "-m", "merge", tree], cwd, environ)
    run(["git", "update-ref", ref, commit, target], cwd, environ)
    return commit
