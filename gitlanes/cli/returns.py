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
    "bind": Answer(("lanes.Bound",)),
    "delete": Answer(("lanes.DeletedLane",)),
    "workspace": _NOTHING,
    "workspace list": Answer(("workspaces.Workspace",), key="workspaces"),
    "workspace create": Answer(("workspaces.Workspace",)),
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
    "restore": Answer(("workspaces.Moved",)),
    "propose": _PROPOSAL,
    "commit": _PROPOSAL,
    "put": _PROPOSAL,
    "accept": Answer(("results.Decided",), "both sides touched a path, or a gate failed"),
    "reject": Answer(("results.Decided",)),
    "evaluate": Answer(("gates.Evaluated", "gates.Recorded"), "a required gate failed"),
    "wait": Answer(("watching.Changed",), "nothing changed in time", "changes"),
    "check": Answer(("results.Promotion",), "a lane would not land", "checks"),
    "overlap": Answer(("overlap.Overlap",), "any two lanes touch a path"),
    "promote": Answer(
        ("results.Promotion",), "both sides touched a path, a gate failed, or there is nothing new"
    ),
    "history": Answer(("history.History",)),
    "trace": Answer(("history.Trace",)),
    "diff": Answer(("history.Diff",)),
    "cat": Answer(("history.Blob",)),
    "blame": Answer(("asking.Blame",)),
    "why": Answer(("asking.Why",), "the line is not saved yet"),
    "search": Answer(("asking.Search",)),
    "similar": Answer(("asking.Similar",)),
    "cost": _NOTHING,
    "cost report": Answer(("costs.CostReport",)),
    "cost add": Answer(("costs.CostAdded",)),
    "budget": _NOTHING,
    "budget set": Answer(("costs.Budgets",)),
    "budget unset": Answer(("costs.Budgets",), "there is none"),
    "budget show": Answer(("costs.Budgets",)),
    "clone": Answer(("remotes.Cloned",)),
    "push": Answer(("remotes.Pushed",), "a lane is left"),
    "pull": Answer(("remotes.Pulled",), "a lane is left"),
    "fetch": Answer(("remotes.RemoteStatus",)),
    "remote": _NOTHING,
    "remote status": Answer(("remotes.RemoteStatus",)),
    "export": Answer(("exporting.Exported",)),
    "doctor": Answer(("health.Diagnosis",), "anything that it found is left"),
}
