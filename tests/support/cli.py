"""The command line, called in this process or in one of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitlanes.cli.main import call


@dataclass(frozen=True)
class Ran:
    """How a command ended, and all that it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object that it printed."""
        return json.loads(self.out)


@contextmanager
def _standing_in(where: Path, environ: Mapping[str, str]) -> Iterator[None]:
    before, variables = Path.cwd(), dict(os.environ)
    os.chdir(where)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(before)


def run_cli(where: Path, environ: Mapping[str, str], *args: str) -> Ran:
    """Run `git lanes ARGS` in this process, standing in `where`."""
    # As a process has them: bytes can be written, and text that is no UTF-8 is an error.
    written = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(x, "utf-8", newline="", write_through=True) for x in written)
    with _standing_in(where, environ), redirect_stdout(out), redirect_stderr(err):
        code = call(args)
    return Ran(code, *(os.fsdecode(x.getvalue()) for x in written))


def spawn_cli(where: Path, environ: Mapping[str, str], *args: str, stdin: str = "") -> Ran:
    """Run `git lanes ARGS` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gitlanes", *args],
        cwd=where,
        env=dict(environ),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def start_cli(where: Path, environ: Mapping[str, str], *args: str) -> subprocess.Popen[str]:
    """Start `git lanes ARGS` in a process of its own and return it at once."""
    return subprocess.Popen(
        [sys.executable, "-m", "gitlanes", *args],
        cwd=where,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
