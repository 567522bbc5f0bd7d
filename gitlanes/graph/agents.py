"""The one place that runs the conflict agent: a command of the user's own configuration."""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from gitlanes import clock, ids
from gitlanes.config.table import in_force
from gitlanes.errors import Refused
from gitlanes.git import families
from gitlanes.git.process import elsewhere
from gitlanes.models.plain import plain
from gitlanes.models.sync import LANE, PARENT, Question, Resolution
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

KEY = "lanes.conflictAgent"
MARK = "GITLANES_CONFLICT_RUN"
# Seconds for one path, and bytes of an answer that are read.
_PATIENCE, _MOST = 300.0, 64 << 20
# How often one looks whether it has ended.
_GLANCE = 0.05


def is_configured(repo: LaneRepo) -> bool:
    """Say whether there is an agent to be asked."""
    return bool(repo.own_settings.every(KEY.lower()))


def command_of(repo: LaneRepo) -> tuple[str, ...]:
    """Return the agent's words, from git's configuration alone; raises Refused without one."""
    said = tuple(repo.own_settings.every(KEY.lower()) or ())
    found = said[in_force(said)]
    if not found:
        raise Refused(
            "no conflict agent is configured",
            hint=f"git config --add {KEY} PROGRAM, and once more for each of its arguments",
        )
    return found


def ask(
    repo: LaneRepo, args: Sequence[str], question: Question, *, patience: float = _PATIENCE
) -> Resolution:
    """Ask the agent about one path; what it does not answer in time or form is left to people."""
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as answer:
        asked.write(json.dumps(body_of(question)).encode())
        asked.seek(0)
        fault = _run(repo, args, asked, answer, patience)
        answer.seek(0)
        said = answer.read(_MOST + 1)
    if fault is None:
        with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return _resolution(said)
        fault = "its answer is of another form"
    path = codec.one_line(os.fsdecode(question.path), 100)
    repo.warn(f"the conflict agent leaves '{path}' to people: {fault}")
    return Resolution()


def body_of(question: Question) -> dict[str, Any]:
    """Return a question as JSON says it: contents as text, or base64 of what is no UTF-8."""
    contents = {
        "base": question.base,
        "lane": question.lane_content,
        "parent": question.parent_content,
    }
    return {
        "schema": "gitlanes.conflict-question/1",
        **plain({key: getattr(question, key) for key in ("path", "index", "total")}),
        **plain({key: getattr(question, key) for key in ("attempt", "onto")}),
        "lane_name": question.lane,
        **{key: _content(x) for key, x in contents.items()},
        "intents": plain({"lane": question.mine, "parent": question.theirs}),
    }


def _content(content: bytes | None) -> dict[str, str] | None:
    if content is None:
        return None
    try:
        return {"content": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _resolution(said: bytes) -> Resolution:
    """Return the answer; raises ValueError and the like for one of another form."""
    if len(said) > _MOST:
        raise ValueError("too long")
    body = json.loads(said) if said.strip() else {}
    if body.get("take") in (LANE, PARENT):
        return Resolution(take=body["take"])
    if isinstance(body.get("content"), str):
        return Resolution(body["content"].encode("utf-8", "surrogateescape"))
    if isinstance(body.get("base64"), str):
        with suppress(binascii.Error):
            return Resolution(base64.b64decode(body["base64"], validate=True))
    if body.keys() & {"take", "content", "base64"}:
        raise ValueError("neither content nor a side")
    return Resolution()


def _run(
    repo: LaneRepo, args: Sequence[str], asked: IO[bytes], answer: IO[bytes], patience: float
) -> str | None:
    """Run it to its end, with all that it started; return what went wrong, or None."""
    root, mark = repo.root(), ids.new_id(clock.now())
    try:
        process = subprocess.Popen(
            list(args),
            cwd=root[1] if root else repo.place.common_dir,
            env={**elsewhere(repo.environ), MARK: mark},
            stdin=asked,
            stdout=answer,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"cannot start '{args[0]}': {getattr(error, 'strerror', None) or error}"
    end = clock.monotonic() + patience
    try:
        while process.poll() is None and clock.monotonic() < end:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GLANCE)
            if os.fstat(answer.fileno()).st_size > _MOST:
                return f"it says more than {_MOST >> 20} MiB"
        late = process.poll() is None
    finally:
        families.end(process.pid, (MARK, mark))
        process.wait()
    if late:
        return f"it took more than {patience:g} s"
    return f"exit code {process.returncode}" if process.returncode else None
