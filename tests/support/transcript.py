"""Console sessions in Markdown, run for real: what the docs show is what the commands print.

A fenced ``console`` block holds commands after ``$ `` and what they print. All blocks of one
page are one session of bash. An HTML comment that begins with ``run:`` is run and not shown.
`python -m tests.support.transcript PAGE…` writes what is printed now into the pages.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PIECE = re.compile(
    r"^```console\n(?P<shown>.*?)^```$|^<!-- run:\n(?P<hidden>.*?)^-->$", re.M | re.S
)
_COMMAND = re.compile(r"^\$ (?P<text>(?:.*\\\n)*.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.M)
_MARK = "\x1e"
# Where all of it seems to be.
HOME = "/home/ada"
# What differs from one run to the next, and what is compared in its place.
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "OPERATION"),
    (re.compile(r"\bt[0-9a-z]{7}\b"), "TASK"),
    (re.compile(r"\bb[0-9a-hjkmnp-tv-z]{7}\b"), "BATCH"),
    (re.compile(r"(?<= )\d+s(?= )"), "SECONDS"),
    (re.compile(r"\bI[0-9a-f]{12,40}\b"), "CHANGE"),
    (re.compile(r"\b[0-9a-f]{7,40}\b"), "ID"),
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( ?[+-]\d{4}|Z)?"), "TIME"),
    (re.compile(r"\bpid \d+|process \d+"), "PROCESS"),
    (re.compile(r" +"), " "),
)


@dataclass(frozen=True)
class Step:
    """A command of a page; ``shown`` is the span of its output there, None where it is hidden."""

    command: str
    shown: tuple[int, int] | None


def steps(page: str) -> list[Step]:
    """Return the commands of a page, in order."""
    found: list[Step] = []
    for piece in _PIECE.finditer(page):
        if piece["hidden"] is not None:
            found.append(Step(piece["hidden"], None))
            continue
        for one in _COMMAND.finditer(page, piece.start("shown"), piece.end("shown")):
            found.append(Step(one["text"], one.span("output")))
    return found


def play(commands: list[str], home: Path, environ: Mapping[str, str]) -> list[str]:
    """Run the commands as one session in `home`; return what each of them printed."""
    said = [
        f"printf '{_MARK}'; (exit $code)\n{{ {command}\n}} 2>&1\ncode=$?" for command in commands
    ]
    script = "code=0\n" + "\n".join(said)
    path = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=home,
        env={**environ, "PATH": path, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout.replace(str(home), HOME).split(_MARK)[1:]
    assert len(printed) == len(commands), done.stderr
    return printed


def alike(one: str, other: str) -> bool:
    """Say whether two outputs differ in no more than ids, times and column widths."""
    for pattern, word in _VARYING:
        one, other = pattern.sub(word, one), pattern.sub(word, other)
    return one == other


def differences(page: str, home: Path, environ: Mapping[str, str]) -> list[tuple[Step, str]]:
    """Return the steps whose output is not what the page shows, each with what it is."""
    wanted = steps(page)
    printed = play([step.command for step in wanted], home, environ)
    return [
        (step, now)
        for step, now in zip(wanted, printed, strict=True)
        if step.shown and not alike(now, page[slice(*step.shown)])
    ]


def rewritten(page: str, home: Path, environ: Mapping[str, str]) -> str:
    """Return the page with what its commands print now, where that differs."""
    for step, now in reversed(differences(page, home, environ)):
        assert step.shown is not None
        start, end = step.shown
        page = page[:start] + now + page[end:]
    return page


def hermetic(home: Path) -> dict[str, str]:
    """Return an environment in which git knows nothing of the machine that it runs on."""
    config = home / ".gitconfig"
    config.write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
        "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    fixed = {"GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb"}
    return {**kept, **fixed, "GIT_CONFIG_GLOBAL": str(config)}


def main() -> None:
    """Bring the pages named on the command line up to date."""
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as home:
            place, page = Path(home).resolve(), Path(name)
            page.write_text(rewritten(page.read_text(), place, hermetic(place)))


if __name__ == "__main__":
    main()
