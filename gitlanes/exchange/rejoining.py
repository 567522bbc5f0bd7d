"""A branch and its lane that both went on: the branch's commits come to the lane by paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes import ids
from gitlanes.combine.assembly import plan_landing
from gitlanes.combine.changes import Plan
from gitlanes.git.trailers import add_change_id
from gitlanes.landing.landed_commits import laid_on
from gitlanes.models.records import Lane
from gitlanes.store import codec, layout
from gitlanes.store.ancestry import is_ancestor, merge_bases
from gitlanes.store.attribution import colliding_paths, collision

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Step(NamedTuple):
    """A commit of the branch, and the one in the lane's history that it became."""

    commit: str
    landed: str


def rejoined(repo: LaneRepo, lane: Lane, branch: str, tip: str, agreed: str) -> list[Step]:
    """Bring what a branch has beyond `agreed`, of which the lane has all, to the lane's head.

    Where that is a commit of the lane's own, one merge joins both. Otherwise it is a copy that an
    export made, and the new commits are laid on the head one by one: the last one is where the
    lane's head is to be. None where the lane has all of it. Raises Collision.
    """
    head = str(lane.head)
    own = is_ancestor(repo, agreed, head)
    bases = merge_bases(repo, head, tip) if own else (agreed,)
    plan = _plan(repo, lane, branch, tip, bases)
    ends = (tip, f"^{agreed}", f"^{head}")
    rows = repo.git.run("rev-list", "--reverse", "--first-parent", *ends).text.split()
    return _merged(repo, lane, branch, rows, plan) if own else _laid(repo, head, rows, plan)


def _plan(repo: LaneRepo, lane: Lane, branch: str, tip: str, bases: Sequence[str]) -> Plan:
    store, head = repo.objects, str(lane.head)
    plan = plan_landing(
        store,
        repo.git,
        bases=[store.commit(x).tree for x in bases],
        source=store.commit(tip).tree,
        target=store.commit(head).tree,
    )
    if not plan.collisions:
        return plan
    paths = colliding_paths(repo, plan, plan.collisions, bases, (tip, head))
    many = f"{len(paths)} path{'' if len(paths) == 1 else 's'}"
    raise collision(
        f"branch '{codec.one_line(branch, 60)}' and lane '{lane.name}' both went on, and touched "
        f"{many}",
        paths,
        f"merge by hand on the branch (git merge {layout.head(lane.name)}) and import it again, or "
        "import it as another lane (--lane NAME)",
        lane=lane.name,
        base=list(bases),
    )


def _merged(
    repo: LaneRepo, lane: Lane, branch: str, commits: Sequence[str], plan: Plan
) -> list[Step]:
    title = codec.one_line(f"Merge branch '{branch}' into lane {lane.name}", 200)
    who = repo.identity()
    made = repo.objects.write_own_commit(
        str(plan.tree),
        [str(lane.head), commits[-1]],
        add_change_id(f"{title}\n", ids.new_change_id()),
        author=who.author,
        committer=who.committer,
    )
    return [*(Step(x, x) for x in commits[:-1]), Step(commits[-1], made)]


def _laid(repo: LaneRepo, head: str, commits: Sequence[str], plan: Plan) -> list[Step]:
    store = repo.objects
    own = [(x, store.commit(x)) for x in commits]
    laid = list(laid_on(repo, own, store.commit(head).tree, plan.applied.keys()))
    if laid:  # what came by no single commit is part of the last one
        laid[-1] = (*laid[-1][:2], str(plan.tree))
    steps: list[Step] = []
    for oid, commit, tree in laid:
        parent = steps[-1].landed if steps else head
        made = store.write_commit(
            tree, [parent], commit.message, author=commit.author, committer=commit.committer
        )
        steps.append(Step(oid, made))
    return steps
