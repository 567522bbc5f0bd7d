"""Which commit of a branch has the work of which commit of a lane, and by what one can tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.git.merge_file import merge_file
from gitlanes.git.patch_ids import patch_ids
from gitlanes.git.raw import CommitObject
from gitlanes.git.trailers import change_id_of
from gitlanes.git.trees import Change, Item, changed_paths
from gitlanes.models.reconciled import CHANGE_ID, PATCH_ID, TREE

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Hosts put the messages of all commits into a squash's own, trailers and all, at times indented.
_IDS = re.compile(rb"^[ \t]*Change-Id:[ \t]*(I[0-9a-f]{40})[ \t]*\r?$", re.MULTILINE)

Commit = tuple[str, CommitObject]
# Returns the versions of a change, by its Change-Id.
Versions = Callable[[str], Iterable[CommitObject]]
# {path: what it has afterwards}
After = Mapping[bytes, Item | None]


class Found(NamedTuple):
    """The branch's commit that has some work, and what says so."""

    commit: str
    by: str


class Branch:
    """The commits of a branch, oldest first, to be asked for work that came by other ways."""

    def __init__(self, repo: LaneRepo, commits: Iterable[Commit]):
        self._repo = repo
        self._commits = dict(commits)
        self._by_id: dict[str, str] = {}
        for oid, commit in self._commits.items():
            for change in _IDS.findall(commit.message):
                self._by_id[change.decode()] = oid  # the newest has it as it is now
        self._by_paths: dict[frozenset[bytes], list[tuple[str, After]]] | None = None
        self._patch_ids: dict[str, str | None] = {}
        self._others: list[str] = []
        self.outdated: dict[str, str] = {}

    def of(
        self, own: Sequence[Commit], passed: Iterable[str], bases: Sequence[str], versions: Versions
    ) -> dict[str, Found]:
        """Return ``{commit: what has its work}`` for a lane's own commits, oldest first.

        Those ``passed`` over bring others' work and are not looked for; an agent may have brought
        some beside its own, which the ``bases`` that the branch has, too, show. A Change-Id counts
        before the content of single commits, and that before the content of several together.
        Where the branch has another of a change's ``versions``, it is ``outdated``.
        """
        start = self._repo.objects.tree_before(own[0][1])
        trees = {self._repo.objects.commit(x).tree for x in bases}
        self._others = sorted(trees - {start})
        found: dict[str, Found] = {}
        for oid, commit in own:
            change = change_id_of(commit.message)
            if change in self._by_id and self._is_as_now(oid, commit, change, versions):
                found[oid] = Found(self._by_id[change], CHANGE_ID)
        skipped = set(passed)
        rest = [x for x in own if x[0] not in found and x[0] not in skipped]
        if rest:
            found |= self._by_content(rest)
        if any(oid not in found for oid, _ in rest):
            together = self._together(own, skipped)
            found |= {oid: x for oid, x in together.items() if oid not in found}
        return found

    def _is_as_now(self, oid: str, commit: CommitObject, change: str, versions: Versions) -> bool:
        """Say whether what has a Change-Id is not just another version of the change.

        What is like no version of it is what people or the host made of it.
        """
        there = self._by_id[change]
        if self._holds(there, commit) or not any(self._holds(there, x) for x in versions(change)):
            return True
        self.outdated[oid] = there
        return False

    def _holds(self, there: str, commit: CommitObject) -> bool:
        """Say whether a commit of the branch has what another one changes, or the same patch."""
        before, found = self._repo.objects.tree_before(commit), self._commits[there]
        after = _after(self._changes(before, commit.tree))
        has = _after(self._changes(self._repo.objects.tree_before(found), found.tree))
        if after.items() <= has.items():
            return True
        ends = before, commit.tree
        same = self._patch_id(there) == patch_ids(self._repo.git, [ends]).get(ends)
        return same and self._leaves_nothing(ends, there)

    def _by_content(self, commits: Iterable[Commit]) -> dict[str, Found]:
        """Find single commits by what they change."""
        found: dict[str, Found] = {}
        for oid, commit in commits:
            before = self._repo.objects.tree_before(commit)
            changes = self._changes(before, commit.tree)
            match = self._like(self._own(_after(changes)), (before, commit.tree))
            if match is not None:
                found[oid] = match
        return found

    def _together(self, own: Sequence[Commit], skipped: set[str]) -> dict[str, Found]:
        """Find what several commits come to, as a squash has it: as many as possible."""
        sums = list(self._sums(own, skipped))
        start = self._repo.objects.tree_before(own[0][1])
        pure = next((n for n, (oid, _) in enumerate(own) if oid in skipped), len(own))
        for count in range(len(own), 0, -1):
            ends = (start, own[count - 1][1].tree) if count <= pure else None
            match = self._like(sums[count - 1], ends)
            if match is not None:
                return {oid: match for oid, _ in own[:count] if oid not in skipped}
        return {}

    def _sums(self, own: Sequence[Commit], skipped: set[str]) -> Iterator[After]:
        """Yield what the commits up to each one change together, others' work left out."""
        first: dict[bytes, Item | None] = {}
        last: dict[bytes, Item | None] = {}
        for oid, commit in own:
            changes = self._changes(self._repo.objects.tree_before(commit), commit.tree)
            for path, (before, after) in changes.items():
                if oid not in skipped or path in last:
                    first.setdefault(path, before)
                    last[path] = after
            yield self._own({path: item for path, item in last.items() if item != first[path]})

    def _own(self, after: After) -> After:
        """Leave out what the lane took in from the branch."""
        read = self._repo.objects.entry
        return {
            path: item
            for path, item in after.items()
            if not any(read(tree, path) == item for tree in self._others)
        }

    def _like(self, after: After, ends: tuple[str, str] | None) -> Found | None:
        """Return the commit that brings these very contents, or (between ``ends``) that patch."""
        if not after:
            return None
        candidates = self._paths().get(frozenset(after), [])
        for oid, there in candidates:
            if there == after:
                return Found(oid, TREE)
        if ends is None or not candidates:
            return None
        wanted = patch_ids(self._repo.git, [ends]).get(ends)
        for oid, _ in candidates if wanted else ():
            if self._patch_id(oid) == wanted and self._leaves_nothing(ends, oid):
                return Found(oid, PATCH_ID)
        return None

    def _leaves_nothing(self, ends: tuple[str, str], oid: str) -> bool:
        """Say whether merging a change into a commit adds nothing: its patch may fit elsewhere."""
        read, there = self._repo.objects.entry, self._commits[oid].tree
        return all(
            self._is_in(change, read(there, path)) for path, change in self._changes(*ends).items()
        )

    def _is_in(self, change: Change, there: Item | None) -> bool:
        if there == change[1]:
            return True
        texts = [self._repo.objects.blob(x[1]) for x in (change[1], change[0], there) if x]
        if len(texts) < 3 or any(b"\0" in x for x in texts):
            return False
        merged = merge_file(self._repo.git, texts[0], texts[1], texts[2], ("", "", ""))
        return merged.clean and merged.content == texts[2]

    def _patch_id(self, oid: str) -> str | None:
        if oid not in self._patch_ids:
            commit = self._commits[oid]
            ends = self._repo.objects.tree_before(commit), commit.tree
            self._patch_ids[oid] = patch_ids(self._repo.git, [ends]).get(ends)
        return self._patch_ids[oid]

    def _paths(self) -> Mapping[frozenset[bytes], list[tuple[str, After]]]:
        """Return the branch's commits by the paths that they change."""
        if self._by_paths is None:
            self._by_paths = {}
            for oid, commit in self._repo.counted("comparing commits", list(self._commits.items())):
                after = _after(self._changes(self._repo.objects.tree_before(commit), commit.tree))
                self._by_paths.setdefault(frozenset(after), []).append((oid, after))
        return self._by_paths

    def _changes(self, before: str, after: str) -> dict[bytes, Change]:
        return changed_paths(self._repo.objects, self._repo.git, before, after)


def _after(changes: Mapping[bytes, Change]) -> After:
    return {path: after for path, (_, after) in changes.items()}
