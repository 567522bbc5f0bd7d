"""What each command prints under --json, and when it answers no: read by the reference alone."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """A command's models, as ``module.Class`` of gitlanes.models, and when it exits with 1.

    What a command prints is one of them; ``key`` names the list for commands that print
    several in one object.
    """

    models: tuple[str, ...] = ()
    no: str = ""
    key: str = ""


_PROPOSAL = Answer(
    ("results.Proposed",),
    "there is nothing to propose, both sides touched a path, or a gate failed",
)
_NOTHING = Answer()
_STACK = Answer(("stacks.Stack",))
_TASK = Answer(("tasks.Task",))
_CHANGED = Answer(("stacks.Stack",), "it is like that already")
_REORDERED = Answer(("stacks.Stack",), "two that would change places touch the same path")
_QUEUE = Answer(("queue.QueueEntry",), key="entries")
_SETTINGS = ("settings.Configuration", "settings.Setting", "settings.Validation")

ANSWERS = {
    "init": Answer(("lanes.Adopted",)),
    "demo": _NOTHING,
    "config": Answer(_SETTINGS, "--validate finds a fault, or KEY has no value"),
    "trust": Answer(("gates.Trusted",), "--show finds that it is not trusted"),
    "completion": _NOTHING,
    "help": _NOTHING,
    "new": Answer(("lanes.NewLane",)),
    "list": Answer(("lanes.Lanes",)),
    "status": Answer(("lanes.Status",)),
    "show": Answer(("history.Shown",)),
    "path": Answer(("workspaces.Workspace",)),
    "edit": Answer(("lanes.Edited",)),
    "rename": Answer(("lanes.Renamed",)),
    "archive": Answer(("lanes.Archived",)),
    "unarchive": Answer(("lanes.Archived",)),
    "pause": Answer(("graph.Paused",), "it is paused already"),
    "resume": Answer(("graph.Paused",), "it is active already"),
    "abandon": Answer(("graph.Paused",), "it is abandoned already"),
    "dep": _NOTHING,
    "dep add": Answer(("graph.Followed",), "it follows them already"),
    "dep remove": Answer(("graph.Followed",), "it follows none of them"),
    "dep list": Answer(("graph.Relatives",)),
    "dep graph": Answer(("graph.Graph",)),
    "sync": Answer(("sync.Synced",), "both sides touched a path, or there is nothing new"),
    "cascade": Answer(("sync.Cascaded",), "a lane was not brought up"),
    "compact": Answer(("epochs.Compacted",), "no journal is long"),
    "purge": Answer(("epochs.Purged",), "the secret is nowhere"),
    "conflict": _NOTHING,
    "conflict list": Answer(("sync.Conflicts",)),
    "conflict show": Answer(("sync.Conflict",)),
    "conflict start": Answer(("sync.Started",), "it is laid out already"),
    "conflict continue": Answer(("sync.Synced",), "a later attempt collides"),
    "conflict abandon": Answer(("sync.Abandoned",)),
    "task": _NOTHING,
    "task add": _TASK,
    "task list": Answer(("tasks.Tasks",)),
    "task show": _TASK,
    "task edit": Answer(("tasks.Task",), "it is like that already, or ended"),
    "task next": Answer(("tasks.Tasks",), "no task is ready"),
    "task start": Answer(("task_results.TaskStarted",), "it ended"),
    "task complete": Answer(
        ("task_results.TaskCompleted",),
        "both sides touched a path, a gate failed, nothing was done, or it ended",
    ),
    "task check": Answer(("task_results.TaskChecked",), "it would not land"),
    "task release": Answer(("tasks.Task",), "nobody has it"),
    "task abandon": Answer(("tasks.Task",), "it ended already"),
    "bind": Answer(("lanes.Bound",)),
    "delete": Answer(("lanes.DeletedLane",)),
    "workspace": _NOTHING,
    "workspace list": Answer(("workspaces.Workspace",), key="workspaces"),
    "workspace create": Answer(("workspaces.Workspace",)),
    "workspace provision": Answer(("provisioning.Provisioned",), "nothing is ordered"),
    "workspace env": Answer(("provisioning.Surroundings",)),
    "workspace update": Answer(("workspaces.Moved",)),
    "workspace switch": Answer(("workspaces.Moved",)),
    "workspace remove": Answer(("workspaces.Removed",)),
    "workspace claim": Answer(("workspaces.Claimed",)),
    "workspace release": Answer(("workspaces.Released",)),
    "workspace who": Answer(("workspaces.Holdings",)),
    "snapshot": Answer(("workspaces.Snapshot",)),
    "snapshot save": Answer(("workspaces.Snapshot",)),
    "snapshot list": Answer(("workspaces.Kept",), key="snapshots"),
    "snapshot show": Answer(("workspaces.Kept",)),
    "snapshot prune": Answer(("workspaces.Pruned",)),
    "hook": _NOTHING,
    "hook install": Answer(("hooks.Hooks",), "git does not run all of our hooks yet"),
    "hook uninstall": Answer(("hooks.Hooks",), "none of our hooks is installed"),
    "hook status": Answer(("hooks.Hooks",), "git does not run all of our hooks"),
    "restore": Answer(("workspaces.Moved",)),
    "propose": _PROPOSAL,
    "commit": _PROPOSAL,
    "put": _PROPOSAL,
    "accept": Answer(("results.Decided",), "both sides touched a path, or a gate failed"),
    "reject": Answer(("results.Decided",)),
    "evaluate": Answer(("gates.Evaluated", "gates.Recorded"), "a required gate failed"),
    "events": Answer(("events.Events",)),
    "wait": Answer(("watching.Changed",), "nothing changed in time", "changes"),
    "check": Answer(("results.Promotion",), "a lane would not land", "checks"),
    "overlap": Answer(("overlap.Overlap",), "any two lanes touch a path"),
    "promote": Answer(
        ("results.Promotion",), "both sides touched a path, a gate failed, or there is nothing new"
    ),
    "queue": _NOTHING,
    "queue add": Answer(("queue.QueueEntry",), "there is nothing to land", "entries"),
    "queue list": _QUEUE,
    "queue ready": Answer(("queue.QueueEntry",), "it is ready already", "entries"),
    "queue move": _QUEUE,
    "queue order": _QUEUE,
    "queue cancel": _QUEUE,
    "queue run": Answer(("queue.QueueRun",), "an entry failed"),
    "stack": _NOTHING,
    "stack list": Answer(("stacks.Stack",), key="stacks"),
    "stack create": _STACK,
    "stack edit": _CHANGED,
    "stack show": _STACK,
    "stack add": _REORDERED,
    "stack remove": _CHANGED,
    "stack split": _CHANGED,
    "stack merge": _REORDERED,
    "stack reorder": _REORDERED,
    "stack move": _REORDERED,
    "stack title": _CHANGED,
    "stack describe": _CHANGED,
    "stack delete": Answer(("stacks.StackDeleted",)),
    "stack unassigned": Answer(("stacks.Unassigned",)),
    "review": _NOTHING,
    "review request": _CHANGED,
    "review approve": _CHANGED,
    "review request-changes": _CHANGED,
    "review reject": _CHANGED,
    "review abandon": _CHANGED,
    "review reopen": _CHANGED,
    "review note": _STACK,
    "review export": Answer(("stacks.ReviewSummary",)),
    "history": Answer(("history.History",)),
    "trace": Answer(("history.Trace",)),
    "diff": Answer(("history.Diff",)),
    "cat": Answer(("history.Blob",)),
    "blame": Answer(("asking.Blame",)),
    "why": Answer(("asking.Why",), "the line is not saved yet"),
    "search": Answer(("asking.Search",)),
    "similar": Answer(("asking.Similar",)),
    "change": _NOTHING,
    "change list": Answer(("changes.ChangeList",)),
    "change show": Answer(("changes.Change",), key="changes"),
    "change record": Answer(("rewrites.Rewritten",), "it concerns no attempt, or is recorded"),
    "undo": Answer(("undoing.Undone",), "there is nothing to undo, or later work collides"),
    "redo": Answer(("undoing.Undone",), "there is nothing to redo, or later work collides"),
    "rollback": Answer(("undoing.Undone",), "it is there already, or later work collides"),
    "op": _NOTHING,
    "op log": Answer(("operations.Operations",)),
    "op show": Answer(("operations.Operation",)),
    "cost": _NOTHING,
    "cost report": Answer(("costs.CostReport",)),
    "cost add": Answer(("costs.CostAdded",)),
    "budget": _NOTHING,
    "budget set": Answer(("costs.Budgets",)),
    "budget unset": Answer(("costs.Budgets",), "there is none"),
    "budget show": Answer(("costs.Budgets",)),
    "export": Answer(
        ("exporting.Exported", "stacks.ExportedStack"),
        "there is nothing to export, or a block stands on changes that are in none before it",
    ),
    "import": Answer(
        ("importing.Imported",), "there is nothing new, or lane and branch both touched a path"
    ),
    "reconcile": Answer(("reconciled.Reconciled",)),
    "clone": Answer(("remotes.Cloned",)),
    "push": Answer(("remotes.Pushed",), "a lane is left"),
    "pull": Answer(("remotes.Pulled",), "a lane is left"),
    "fetch": Answer(("remotes.RemoteStatus",)),
    "remote": _NOTHING,
    "remote status": Answer(("remotes.RemoteStatus",)),
    "gc": Answer(("collecting.Collected",)),
    "doctor": Answer(("health.Diagnosis",), "anything that it found is left"),
}
