"""The commits that a promotion adds to its target, by mode."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.git.raw import CommitObject
from gitlanes.git.trailers import add_change_id, change_id_of, subject_of
from gitlanes.git.trees import changed_paths, overlay
from gitlanes.landing.plans import Landing
from gitlanes.models.plain import Model
from gitlanes.models.records import ACCEPTED, MERGE, REPLAY, SQUASH, Attempt, Lane
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction

# A landing's message lists what it brings, but not without end.
_LISTED = 50


class LandedCommit(Model):
    """One new commit of the target, and the source's commits whose records it carries on."""

    commit: str
    attempt: Attempt
    carries: tuple[str, ...] = ()


def write(
    tx: Transaction,
    landing: Landing,
    mode: str,
    message: str | None,
    *,
    change: str | None = None,
    author: bytes | None = None,
    always: bool = False,
) -> list[LandedCommit]:
    """Write the commits and return them, oldest first; none where the target has it all.

    With ``always`` a merge is written there, too.

    'merge': one with both heads as parents. 'squash': one, under the first change's id.
    'replay': each of the source's commits again, with its message, author and Change-Id.
    ``change`` is the Change-Id of a merge, ``author`` who made it or the squash, unless that is
    whoever does it now.
    """
    if not always and landing.plan.tree == tx.repo.objects.commit(landing.ends[1]).tree:
        return []
    if mode == REPLAY:
        return _replayed(tx, landing)
    source, target = landing.ends
    bring = list(brought(tx.repo, landing.source.record, landing.target.record, landing.bases))
    text = tx.repo.redactor.text(message or _title(tx.repo, landing, mode, bring))
    known = change_id_of(bring[0][1].message) if bring and mode == SQUASH else change
    text = add_change_id(text, change_id_of(text) or known or ids.new_change_id())
    parents = [target, source] if mode == MERGE else [target]
    commit = _commit(tx, str(landing.plan.tree), parents, text, author)
    carries = tuple(oid for oid, _ in bring) if mode == SQUASH else ()
    return [LandedCommit(commit, _attempt(tx, landing, commit, text, 0), carries)]


def laid_again(repo: LaneRepo, landing: Landing) -> Iterator[tuple[str, CommitObject, str]]:
    """Yield each of the source's commits with the tree that it comes to on the target.

    The oldest comes first, and one that changes nothing there is left out. Only paths that the
    landing as a whole changes take part: each ends where the source has it, so nothing of the
    target's is touched on the way, and the last tree is the planned one unless a path came by no
    single commit.
    """
    in_the_way: dict[bytes, list[bytes]] = {}
    for clash in landing.plan.forced:
        if clash.other is not None:
            in_the_way.setdefault(clash.path, []).append(clash.other)
    own = brought(repo, landing.source.record, landing.target.record, landing.bases)
    tree = repo.objects.commit(landing.ends[1]).tree
    yield from laid_on(repo, own, tree, landing.plan.applied.keys(), in_the_way)


def laid_on(
    repo: LaneRepo,
    commits: Iterable[tuple[str, CommitObject]],
    tree: str,
    wanted: Container[bytes],
    in_the_way: Mapping[bytes, Iterable[bytes]] = MappingProxyType({}),
) -> Iterator[tuple[str, CommitObject, str]]:
    """Yield commits with the trees that they come to on a tree, as far as they touch wanted paths.

    ``in_the_way`` of a path are others that go when it comes.
    """
    store = repo.objects
    for oid, commit in commits:
        changes = changed_paths(store, repo.git, store.tree_before(commit), commit.tree)
        edits = {path: new for path, (_, new) in changes.items() if path in wanted}
        edits.update({x: None for path in list(edits) for x in in_the_way.get(path, ())})
        after = overlay(store, tree, edits)
        if after != tree:
            yield oid, commit, after
        tree = after


def _replayed(tx: Transaction, landing: Landing) -> list[LandedCommit]:
    """Lay each of the source's commits on the target again."""
    head = landing.ends[1]
    tree = tx.repo.objects.commit(head).tree
    made: list[LandedCommit] = []
    for oid, commit, after in laid_again(tx.repo, landing):
        tree = after
        text = tx.repo.redactor.text(commit.message.decode("utf-8", "surrogateescape"))
        head = _commit(tx, tree, [head], text, author=commit.author)
        attempt = _attempt(tx, landing, head, text, len(made), kind="replay")
        made.append(LandedCommit(head, attempt, (oid,)))
    if tree != landing.plan.tree:
        made.append(_rest(tx, landing, head, len(made)))
    return made


def _rest(tx: Transaction, landing: Landing, head: str, number: int) -> LandedCommit:
    """Return a last commit for what no single step brings: paths that a force removed."""
    name = landing.source.record.name
    text = add_change_id(f"Settle forced paths of lane {name}\n", ids.new_change_id())
    commit = _commit(tx, str(landing.plan.tree), [head], text)
    return LandedCommit(commit, _attempt(tx, landing, commit, text, number, kind="replay"))


def brought(
    repo: LaneRepo, source: Lane, target: Lane, bases: Iterable[str]
) -> Iterator[tuple[str, CommitObject]]:
    """Yield the source's own commits that have not landed yet, oldest first."""
    store = repo.objects
    landed = source.landed.get(target.uuid)
    known = {*bases, *([landed.source] if landed and landed.source else [])}
    found: list[str] = []
    oid = head = str(source.head)
    while oid not in known:
        parents = store.commit(oid).parents
        if not parents or oid in source.begins:
            # The base lies beside the first parents: only git knows what it reaches.
            excluded = [f"^{x}" for x in sorted(known)]
            done = repo.git.run("rev-list", "--first-parent", head, *excluded)
            found = done.text.split()
            break
        found.append(oid)
        oid = parents[0]
    for oid in reversed(found):
        yield oid, store.commit(oid)


def _title(
    repo: LaneRepo, landing: Landing, mode: str, bring: list[tuple[str, CommitObject]]
) -> str:
    """Return a message that says what came from where."""
    source, target = landing.source.record.name, landing.target.record.name
    clean = repo.redactor.text
    subjects = [codec.one_line(clean(subject_of(commit.message)), 72) for _, commit in bring]
    if mode == SQUASH and len(bring) == 1:
        return bring[0][1].message.decode("utf-8", "surrogateescape")
    if mode == SQUASH and subjects:
        first, body = f"{subjects[0]} (and {len(subjects) - 1} more)", subjects
    else:
        first, body = f"Promote lane {source} into {target}", subjects
    listed = [f"* {x}" for x in body[:_LISTED]]
    if len(body) > _LISTED:
        listed.append(f"* and {len(body) - _LISTED} more")
    return "\n".join([first, "", *listed]) if listed else first


def _attempt(
    tx: Transaction, landing: Landing, commit: str, text: str, offset: int, kind: str = "promotion"
) -> Attempt:
    lane = landing.target.record
    number = lane.next + offset
    return Attempt(
        id=ids.attempt_id(lane.name, number),
        lane=lane.name,
        number=number,
        uuid=ids.new_id(clock.now()),
        kind=kind,
        status=ACCEPTED,
        commit=commit,
        base=lane.head,
        tree=tx.repo.objects.commit(commit).tree,
        change_id=change_id_of(text),
        title=codec.one_line(subject_of(text)),
        agent=tx.actor,
        time=tx.time,
        landed=commit,
        decided=tx.time,
    )


def _commit(
    tx: Transaction, tree: str, parents: list[str], message: str, author: bytes | None = None
) -> str:
    who = tx.repo.identity()
    return tx.repo.objects.write_own_commit(
        tree, parents, message, author=author or who.author, committer=who.committer
    )
