"""Lanes that touch the same paths."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import Model, Result


class SharedPath(Model):
    """A path that two lanes touch: ``kind`` is 'content', 'directory' or 'case'.

    ``other`` is the second lane's path where that is another one: below a directory that is a
    file to the first, or the other way round, or equal but for case or Unicode form.
    """

    path: bytes
    kind: str
    other: bytes | None = None


class Pair(Model):
    """Two lanes that touch the same paths."""

    a: str
    b: str
    paths: tuple[SharedPath, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """Return how many paths there are of each kind."""
        found: dict[str, int] = {}
        for path in self.paths:
            found[path.kind] = found.get(path.kind, 0) + 1
        return found


class Overlap(Result):
    """The lanes that were looked at, by name, and those pairs of them that overlap.

    ``files`` says how many paths each lane touches, its unsaved ones included.
    """

    lanes: tuple[str, ...]
    files: dict[str, int]
    pairs: tuple[Pair, ...]

    schema: ClassVar[str] = "overlap"

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form, with the number of paths of each kind beside a pair's paths."""
        body = super().to_dict()
        for plain_pair, pair in zip(body["pairs"], self.pairs, strict=True):
            plain_pair["kinds"] = pair.kinds
        return body
