"""Gates that are Python: entry points of the group ``gitlanes.gates``, each in its own process.

``python -P -m gitlanes.gates.python_gates NAME`` is such a process. What it is asked comes by
stdin as JSON, and its answer goes to the descriptor that the question names.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gitlanes.config.gates import GROUP
from gitlanes.models.plain import Model, plain

if TYPE_CHECKING:
    from gitlanes.models.gates import Candidate, Gate

# The exit code where no such entry point is installed.
MISSING = 127
# Bytes of an answer: all of it goes into a note.
_MOST = 64 << 10


class Context(Model):
    """What a Python gate is called with.

    ``path`` is the scratch workspace with the candidate's files, ``tree`` their id, ``head`` the
    commit of lane ``lane`` that they would follow, ``changed`` the paths that differ from it.
    """

    name: str
    path: Path
    tree: str
    head: str
    lane: str
    changed: tuple[str, ...]


class Answers:
    """The files by which a Python gate is asked and answers."""

    def __init__(self, question: IO[bytes], answer: IO[bytes]):
        self.question, self.answer = question, answer

    def read(self) -> dict[str, Any]:
        """Return what it answered beside its exit code, {} if that is nothing."""
        self.answer.seek(0)
        try:
            found = json.loads(self.answer.read(_MOST + 1) or b"{}")
            encoded(found)  # what runs in that process may have written anything
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def encoded(told: Any) -> bytes:
    """Return an answer as it is handed over; raises ValueError for what cannot be recorded."""
    data = json.dumps(plain(told), allow_nan=False, ensure_ascii=False).encode()
    if len(data) > _MOST:
        raise ValueError(f"the answer is larger than {_MOST >> 10} KiB")
    return data


def command(gate: Gate) -> list[str]:
    """Return what runs a gate's entry point; nothing of the judged work is imported by itself."""
    return [sys.executable, "-P", "-m", __name__, str(gate.python)]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which the process finds what is installed here."""
    return {**environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@contextmanager
def asking(gate: Gate, candidate: Candidate, path: str) -> Iterator[Answers]:
    """Put the question into a file that the process reads, and take its answer from another."""
    from tempfile import TemporaryFile  # only Python gates need it

    with TemporaryFile() as question, TemporaryFile() as answer:
        body = {
            "name": gate.name,
            "path": path,
            "tree": candidate.tree,
            "head": candidate.head,
            "lane": candidate.lane,
            "changed": plain(candidate.paths),
            "answer": answer.fileno(),
        }
        question.write(json.dumps(body).encode())
        question.seek(0)
        yield Answers(question, answer)


def main(name: str) -> int:
    """Call the entry point of that name as asked; return 0 if it says yes, 1 if no."""
    from importlib.metadata import entry_points

    body = json.loads(sys.stdin.buffer.read())
    answer = body.pop("answer")
    found = next(iter(entry_points(group=GROUP, name=name)), None)
    if found is None:
        sys.stderr.write(f"no entry point '{name}' in group {GROUP}\n")
        return MISSING
    context = Context(**{**body, "path": Path(body["path"]), "changed": tuple(body["changed"])})
    said = found.load()(context)
    told = said if isinstance(said, dict) else {"passed": said}
    with open(answer, "wb") as file:
        file.write(encoded(told))
    return 0 if told.get("passed") is True else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
