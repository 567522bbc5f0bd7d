"""Where a lane's head goes when operations are taken back: back, or forward to a new commit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from gitlanes import clock, ids
from gitlanes.combine.assembly import plan_landing
from gitlanes.git.trailers import add_change_id, subject_of
from gitlanes.models.records import ACCEPTED, Attempt, Entry, Lane
from gitlanes.store import codec, journal
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.attribution import colliding_paths, collision

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


class Place(NamedTuple):
    """A content, and the commit that has it if there is one already."""

    commit: str | None
    tree: str


def place_of(repo: LaneRepo, lane: Lane) -> Place:
    """Return where a lane's head is."""
    return Place(lane.head, repo.objects.commit(str(lane.head)).tree)


def without(repo: LaneRepo, now: Place, lane: Lane, before: Lane, after: Entry) -> Place:
    """Return a head without what one operation did; raises Collision where others went on there.

    It is the landing algorithm: what leads back from after it to before it is laid on the head.
    """
    old, new = str(before.head), str(after.record.head)
    if old == new:
        return now
    store = repo.objects
    if now.commit == new:
        return Place(old, store.commit(old).tree)
    bases, source = [store.commit(new).tree], store.commit(old).tree
    plan = plan_landing(store, repo.git, bases=bases, source=source, target=now.tree)
    if plan.tree is not None:
        return Place(None, plan.tree)
    paths = colliding_paths(repo, plan, plan.collisions, [new], [old, str(lane.head)])
    raise collision(
        f"undoing '{after.description}' collides with what came later in lane '{lane.name}' on "
        f"{len(paths)} path{'' if len(paths) == 1 else 's'}",
        paths,
        "undo what came later first, or with --cascade all of it",
        lane=lane.name,
        base=[new],
    )


def ways(repo: LaneRepo, entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return the ways that operations, the newest first, brought a lane's head: from, and to.

    Those that follow each other are one.
    """
    found: list[tuple[str, str]] = []
    for entry in entries:
        before = journal.read_entry(repo.refs, entry.previous[0]).record if entry.previous else None
        old, new = str(before.head if before else None), str(entry.record.head)
        if before is None or old == new:
            continue
        if found and found[-1][0] == new:
            found[-1] = (old, found[-1][1])
        else:
            found.append((old, new))
    return found


def can_move(repo: LaneRepo, now: Lane, record: Lane, to: str, others: frozenset[str]) -> bool:
    """Say whether a head may go to a commit as it is: to its own future, or back unseen.

    Back it goes only on a lane without a branch, where nothing stands on it, here or elsewhere.
    ``record`` is the lane's to come, ``others`` the uuids of lanes that change with it.
    """
    head = str(now.head)
    if is_ancestor(repo, head, to):
        return True
    if now.bound or now.exports or _stands_on(record, now):
        return False
    live = repo.view.lanes(where=lambda text: head.encode() in text)
    if any(_stands_on(x.record, now) for x in live if x.record.uuid not in others):
        return False
    return not any(
        x.head and is_ancestor(repo, head, x.head) for x in repo.view.twins(now).values()
    )


def _stands_on(record: Lane, lane: Lane) -> bool:
    """Say whether a record, the lane's own or another's, counts on the lane's present head."""
    own = record.uuid == lane.uuid
    landed = [x for uuid, x in record.landed.items() if own or uuid == lane.uuid]
    named = {record.fork, record.ground, *(x.base for x in record.open)}
    for one in landed:
        named |= {*one.bases, None if own else one.at}
    return lane.head in named


def written(tx: Transaction, lane: Lane, tree: str, what: str) -> Attempt:
    """Write the commit that goes forward to a content; return it as an accepted attempt."""
    who, repo = tx.repo.identity(), tx.repo
    change = ids.new_change_id()
    message = add_change_id(repo.redactor.text(codec.one_line(what)), change)
    commit = repo.objects.write_own_commit(
        tree,
        [str(lane.head)],
        message.encode("utf-8", "surrogateescape"),
        author=who.author,
        committer=who.committer,
    )
    return Attempt(
        id=ids.attempt_id(lane.name, lane.next),
        lane=lane.name,
        number=lane.next,
        uuid=ids.new_id(clock.now()),
        kind="work",
        status=ACCEPTED,
        commit=commit,
        base=lane.head,
        tree=tree,
        change_id=change,
        title=codec.one_line(subject_of(message)),
        agent=tx.actor,
        time=tx.time,
        landed=commit,
        decided=tx.time,
    )
