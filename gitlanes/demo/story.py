"""The story: three agents, one rejection, two landings, one collision, and what git sees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gitlanes.demo.agent import TASKS
from gitlanes.demo.stage import Say, Stage, stage

AGENTS = ("auth", "docs", "sso")


def play(here: Path, environ: Mapping[str, str], say: Say, *, keep: bool = False) -> None:
    """Play all acts; everything that is shown was really run."""
    with stage(here, environ, say, keep=keep) as scene:
        _begin(scene)
        _work(scene)
        _land(scene)
        _collide(scene)
        _look_back(scene)


def _begin(scene: Stage) -> None:
    _title(scene, "Adopt the repository, and give each agent a lane with a workspace of its own")
    scene.lanes("init")
    for lane in AGENTS:
        scene.lanes("new", lane, "--agent", TASKS[lane].agent)


def _work(scene: Stage) -> None:
    _title(scene, "Three agents work at the same time; each hands in what it did and why")
    for lane in AGENTS:
        task = TASKS[lane]
        scene.say(f'  {task.agent} in {lane}: "{task.prompt}" ({task.verb} of {task.file})')
    scene.agents({lane: _workspace(scene, lane) for lane in AGENTS})
    scene.lanes("history")
    _title(scene, "A reviewer turns one down; it is kept, and the agent tries again")
    reason = "an assert disappears under python -O"
    scene.lanes("reject", "auth/1", "--by", "reviewer", "--reason", reason)
    scene.agents({"auth-retry": _workspace(scene, "auth")})
    scene.lanes("show", "auth/2")


def _land(scene: Stage) -> None:
    _title(scene, "Two lanes touched different paths: both land")
    scene.lanes("promote", "auth")
    scene.lanes("promote", "docs")


def _collide(scene: Stage) -> None:
    _title(scene, "The third edited another region of auth.py: git would merge that silently")
    scene.lanes("promote", "sso", expect=1)
    scene.say("Nothing moved. The three ways out are in the hint; here coder-2 starts again:")
    scene.lanes("new", "sso2", "--from", "main", "--agent", TASKS["sso"].agent)
    scene.agents({"sso": _workspace(scene, "sso2")})
    scene.lanes("promote", "sso2")


def _look_back(scene: Stage) -> None:
    _title(scene, "What was tried, by whom, at what cost")
    scene.lanes("history")
    _title(scene, "For review and CI it is plain git: a branch, commits with Change-Ids, notes")
    scene.lanes("export", "auth", "--branch", "review/auth")
    scene.git("log", "-2", "--format=%h %s%n%b", "review/auth")
    scene.git("log", "--graph", "--oneline", "-8")
    scene.git("notes", "--ref=lanes/costs", "show", "review/auth")
    scene.git("status", "--short", "--branch")


def _workspace(scene: Stage, lane: str) -> Path:
    return scene.top.with_name("project.lanes") / lane


def _title(scene: Stage, text: str) -> None:
    scene.say("")
    scene.say(f"== {text}")
