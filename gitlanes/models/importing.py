"""What comes into lanes from ordinary branches."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Result
from gitlanes.models.records import Attempt


class Imported(Result):
    """A lane that has a branch's commits: ``created`` where it was made for it.

    ``attempts`` are the newest of those that were taken in, ``taken`` is how many, ``superseded``
    are earlier attempts that commits rewritten since took the place of. ``tip`` is the branch's.
    """

    lane: str
    branch: str
    tip: str
    head: str
    created: bool
    taken: int
    attempts: tuple[Attempt, ...]
    superseded: tuple[str, ...] = ()

    schema: ClassVar[str] = "import"
