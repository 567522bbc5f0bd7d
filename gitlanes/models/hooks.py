"""Git's hooks that belong to gitlanes, and how they stand in a repository."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result

INSTALLED = "installed"
CHAINED = "chained"
OUTDATED = "outdated"
CHANGED = "changed"
OTHER = "other"
MISSING = "missing"
# Git runs ours, whatever else it runs.
IN_FORCE = (INSTALLED, CHAINED, OTHER, OUTDATED)


class Hook(Model):
    """One hook and where git looks for it.

    ``status`` is 'installed', 'chained' (a hook that was there runs before it, and is kept at
    ``before``), 'outdated' (it is of another version, or git cannot run it), 'changed' (somebody
    edited it), 'other' (it is run by other means: ``file`` says where) or 'missing'. Where only
    its users can add a hook, ``file`` and ``line`` say what to add where.
    """

    name: str
    status: str
    path: str
    before: str | None = None
    file: str | None = None
    line: str | None = None


class Hooks(Result):
    """All hooks; ``setting`` is core.hooksPath where that leads git to ``directory``."""

    directory: str
    hooks: tuple[Hook, ...]
    setting: str | None = None

    schema: ClassVar[str] = "hooks"
