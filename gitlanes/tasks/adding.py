"""Adding tasks, and changing what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import BadValue, Negative
from gitlanes.models.plain import Model, replace
from gitlanes.models.tasks import OPEN, USUAL_PRIORITY, Task
from gitlanes.store.expectation import require_active
from gitlanes.store.transaction import transaction
from gitlanes.tasks import changing, reading
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_LONGEST_TITLE = 200
_LONGEST_TEXT = 20_000
_MOST = 1_000_000


class Wanted(Model):
    """What is said of a task; None leaves it as it is, and of a new one as usual.

    ``retries`` is how often it may be started again, a negative number for as often as needed.
    """

    title: str | None = None
    description: str | None = None
    priority: int | None = None
    retries: int | None = None


def add(repo: LaneRepo, wanted: Wanted, *, lane: str | None = None, by: str | None = None) -> Task:
    """Add a task to a lane, by default the one in whose workspace one stands.

    Raises BadValue for a title that is none, Refused where the lane takes no work.
    """
    wanted = _checked(repo, replace(wanted, title=wanted.title or ""))
    name = finding.lane_or_present(repo, lane).record.name
    with transaction(repo, "task", actor=by) as tx:
        state = repo.view.lane(name)
        require_active(state.record)
        made = Task(
            _free_id(repo),
            name,
            str(wanted.title),
            USUAL_PRIORITY if wanted.priority is None else wanted.priority,
            OPEN,
            tx.time,
            description=wanted.description or None,
            by=by,
            retries=_limit(wanted.retries),
        )
        tx.description = f"add task {made.id} to lane {name}: {made.title}"
        changing.write(tx, state, [made])
    return made


def edit(repo: LaneRepo, name: str, wanted: Wanted, *, by: str | None = None) -> Task:
    """Change what is said of a task, as far as given; an empty description takes it away.

    Raises Negative where it is like that already, or ended.
    """
    wanted = _checked(repo, wanted)
    known = reading.find(repo, name)
    with transaction(repo, "task", actor=by) as tx:
        state, task = changing.opened(repo, known)
        said = {key: x for key in Wanted.fields if (x := getattr(wanted, key)) is not None}
        if "description" in said:
            said["description"] = said["description"] or None
        if "retries" in said:
            said["retries"] = _limit(said["retries"])
        made = replace(task, **said)
        if made == task:
            raise Negative(
                f"nothing to edit: task '{task.id}' is like that already",
                hint=f"see 'git lanes task show {task.id}'",
            )
        tx.description = f"edit task {task.id}: {', '.join(said)}"
        changing.write(tx, state, [made])
    return made


def _limit(retries: int | None) -> int | None:
    return None if retries is None or retries < 0 else retries


def _free_id(repo: LaneRepo) -> str:
    """Return an id that no task has that could be meant by it."""
    taken = {key for lane in repo.view.lanes(where=reading.has_tasks) for key in lane.record.tasks}
    return next(x for x in iter(ids.new_task_id, "") if x not in taken)


def _checked(repo: LaneRepo, wanted: Wanted) -> Wanted:
    """Return what is wanted as it will be stored; raises BadValue for what cannot be."""
    title, text = wanted.title, wanted.description
    if title is not None:
        title = repo.redactor.text(title.strip())
        if not title or not title.isprintable() or len(title) > _LONGEST_TITLE:
            raise BadValue(
                "bad title of a task",
                hint=f"write one line of at most {_LONGEST_TITLE} characters",
            )
    if text is not None and len(text) > _LONGEST_TEXT:
        raise BadValue(
            f"description of a task has {len(text)} characters, more than {_LONGEST_TEXT}",
            hint="put long texts into a file, and name that",
        )
    for number in (wanted.priority, wanted.retries):
        if number is not None and abs(number) > _MOST:
            raise BadValue(f"{number} is too much for a task", hint=f"at most {_MOST}")
    return replace(wanted, title=title, description=text and repo.redactor.text(text))
