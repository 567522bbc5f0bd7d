"""What comes of writing journals anew."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result


class CompactedLane(Model):
    """A lane's journal: the ``epoch`` that it is in, or will be, and what that begins with.

    ``entries`` is how many are behind that, ``attempts`` how many it has in full. ``entry`` is its
    beginning, None as long as it is not written.
    """

    lane: str
    epoch: int
    entries: int
    attempts: int
    entry: str | None = None


class Compacted(Result):
    """Journals that begin anew, or would."""

    schema: ClassVar[str] = "compacted"

    lanes: tuple[CompactedLane, ...]


class Remains(Model):
    """Where a secret still is that gitlanes does not touch, and ``how`` it goes from there.

    ``kind`` is 'branch', 'tag', 'remote branch', 'ref', 'remote', 'clones', 'run', 'objects'
    or 'secret'.
    """

    kind: str
    name: str
    how: str


class Purged(Result):
    """What was, or would be, written anew without a secret, and what people have to do.

    ``entries`` and ``commits`` count those of journals and of work, ``attempts`` are those whose
    commits are others now; ``files`` are paths with the secret in them. ``notes`` are the kinds of
    notes. ``forgotten`` are refs of what was fetched. ``runs`` are agents' runs here, in whose logs
    or prompts it was.
    """

    lanes: tuple[str, ...]
    entries: int
    commits: int
    attempts: tuple[str, ...]
    files: tuple[bytes, ...]
    notes: tuple[str, ...]
    snapshots: tuple[str, ...]
    workspaces: tuple[str, ...]
    forgotten: tuple[str, ...]
    remains: tuple[Remains, ...]
    runs: tuple[str, ...] = ()
    dry_run: bool = False

    schema: ClassVar[str] = "purged"
