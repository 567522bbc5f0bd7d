"""What judges work before it lands: gates, the rules around them, what may be waived."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from gitlanes.models.notes import Evaluation
from gitlanes.models.plain import Model, Result, plain
from gitlanes.models.results import Decided

DEFAULT_TIMEOUT = 600.0


class Gate(Model):
    """A command, or a Python entry point, whose success says that a tree is good.

    ``timeout`` is in seconds, for each try. ``cwd`` is from the top, ``env`` the names of
    variables that it gets beside the usual ones, ``paths`` limits it to candidates that touch
    one of them. ``retries`` are further tries after one that failed.
    """

    name: str
    args: tuple[str, ...] = ()
    python: str | None = None
    required: bool = True
    timeout: float = DEFAULT_TIMEOUT
    cwd: str = ""
    env: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    retries: int = 0

    @property
    def definition(self) -> str:
        """Return the digest of all that its verdict on a tree can depend on."""
        import hashlib  # 3 ms, for those who have gates alone

        said = {key: value for key, value in plain(self).items() if key not in _ASIDE}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def shown(self) -> str:
        """Return what it runs, as people would type it."""
        import shlex  # only what is shown needs it

        return f"python entry point {self.python}" if self.python else shlex.join(self.args)


# When a gate is asked, and what its answer means, do not change the answer.
_ASIDE = ("required", "paths")


class Rules(Model):
    """What the judging lane's ``.gitlanes.toml`` says, and where it was read.

    ``lane`` and ``commit`` name the judge, ``text`` is the SHA-256 of the file; None where there
    is none. ``jobs`` is how many gates run at a time, ``keep_ignored`` leaves what git ignores
    in the scratch workspaces, ``approvals`` is how many people have to agree to what lands.
    """

    lane: str
    commit: str
    text: str | None = None
    gates: tuple[Gate, ...] = ()
    protected: tuple[str, ...] = ()
    forbid_no_gates: bool = False
    jobs: int | None = None
    keep_ignored: bool = False
    approvals: int = 0


class Waiver(Model):
    """What a person lets pass: gates that do not run, protected paths that are touched."""

    no_gates: bool = False
    allow_protected: bool = False


NO_WAIVER = Waiver()


class Candidate(Model):
    """A tree that would become a lane's content, to be judged before it does.

    ``head`` is the lane's commit that it would take the place of, ``paths`` what it changes
    there, ``rules`` those of its judge.
    """

    tree: str
    head: str
    lane: str
    paths: tuple[bytes, ...]
    rules: Rules


class Cleared(Model):
    """What is to be recorded of a candidate that may land."""

    evaluations: tuple[Evaluation, ...] = ()
    waived: tuple[str, ...] = ()


CLEARED = Cleared()


class Evaluated(Result):
    """What gates said of a tree; ``passed`` unless a required one failed.

    ``attempt`` is None for unsaved work, ``skipped`` are gates that the candidate does not
    concern, ``decided`` what became of the attempt if it was to be decided.
    """

    lane: str
    tree: str
    passed: bool
    attempt: str | None = None
    commit: str | None = None
    evaluations: tuple[Evaluation, ...] = ()
    skipped: tuple[str, ...] = ()
    decided: Decided | None = None

    schema: ClassVar[str] = "evaluation"


class Recorded(Result):
    """A judgement made elsewhere, as it was recorded on a commit."""

    commit: str
    attempt: str | None
    evaluation: Evaluation

    schema: ClassVar[str] = "recorded"


class Trusted(Result):
    """What a lane's ``.gitlanes.toml`` would run, and whether that text is trusted.

    ``text`` is its SHA-256, None where there is none; with a ``.worktreeinclude`` it stands for
    both. ``commands`` are (gate, command), then (key, what it says) of ``[workspace]``.
    """

    lane: str
    commit: str
    text: str | None
    trusted: bool
    commands: tuple[tuple[str, str], ...]

    schema: ClassVar[str] = "trust"

    @property
    def needed(self) -> bool:
        """Say whether there is anything to trust."""
        return bool(self.commands)


def passed(gates: tuple[Gate, ...], evaluations: tuple[Evaluation, ...]) -> bool:
    """Say whether no required gate failed."""
    needed: dict[str, Any] = {x.name: x.required for x in gates}
    return all(x.passed or not needed.get(x.name, True) for x in evaluations)
