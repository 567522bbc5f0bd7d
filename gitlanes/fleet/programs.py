"""Which program works as an agent, and with which prompt: looked up before anything is made."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gitlanes.config import agents, layers
from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import BadValue, NotFound, Refused, line
from gitlanes.models.fleet import ARGUMENT, FILE, Program, RunOrder
from gitlanes.models.plain import replace
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.view import nearest
from gitlanes.team import texts, trusted
from gitlanes.workspaces.judges import judge_within

if TYPE_CHECKING:
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo

DEFAULT = "lanes.defaultAgent"
_OWN = "lanes.agent"
# Where the words are that choose a model, and behind them those that an order adds.
_MODEL = "{model}"
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
# What the system takes as one argument, with the NUL behind it; all together may have 2 MiB.
LONGEST_ARGUMENT = (128 << 10) - 1


def chosen(repo: LaneRepo, lane: Lane | None, order: RunOrder) -> Program:
    """Return the program that an order asks for, with its further words; it is there.

    ``lane`` is the one that it is to work in, None for a new one. A person's own definition comes
    before the team's, and that before a built-in one. Raises NotFound for a name or a program
    that there is not, Refused for a definition of the team's that is not trusted.
    """
    usual = agents.SHELL if order.args else repo.own_settings.text(DEFAULT)
    name = order.program or usual
    found = _named(repo, lane, order, name) if name else _detected(repo)
    if order.resume and not found.resume:
        raise Refused(f"agent '{found.name}' cannot be resumed", hint="run it anew in that lane")
    words = found.resume if order.resume else found.args
    at = words.index(_MODEL) + 1 if _MODEL in words else len(words)
    found = replace(found, args=(*words[:at], *order.args, *words[at:]))
    if not found.args:
        raise BadValue(
            f"agent '{found.name}' needs a command", hint="give it behind '--': … -- make test"
        )
    if _where(repo, found) is None:
        raise NotFound("program", line(found.args[0], 100), hint=_others(repo, found))
    return found


def _named(repo: LaneRepo, lane: Lane | None, order: RunOrder, name: str) -> Program:
    own_keys = [x.rpartition(".") for x in repo.own_settings.keys(_OWN)]
    said = {
        key: repo.own_settings.every(f"{_OWN}.{name}.{key}") or ()
        for agent, _, key in own_keys
        if agent == name
    }
    if said:
        own = agents.words_of(name, said)
        if isinstance(own, str):
            raise Refused(f"{_OWN}.{name}.{own}", hint="mend it with 'git config --edit'")
        return own
    team = _Team(repo, lane, order.on)
    found = team.program(name) or agents.BUILT_IN.get(name)
    if found is None:
        own_names = dict.fromkeys(agent for agent, _, _ in own_keys)
        known = [*agents.BUILT_IN, *team.names(agents.AGENT), *own_names]
        hint = f"define it as [agent.{line(name, 60)}] in {TEAM_FILE}, or use one of "
        near = nearest(name, known)
        raise NotFound("agent", line(name, 60), nearest=near, hint=hint + ", ".join(known))
    return found


class _Team:
    """What the team's file defines, as the judge of a lane has it.

    Only what is asked for by name has to be understood and trusted: Refused is raised otherwise.
    """

    def __init__(self, repo: LaneRepo, lane: Lane | None, on: str | None):
        self._repo = repo
        self._judge = judge_within(repo, lane or to_be(repo, on))
        self._data = texts.text_at(repo, self._judge) or b""
        self._content = layers.parsed(self._data)

    def names(self, section: str) -> list[str]:
        """Return the names of what a section defines."""
        tables = self._content.get(section, {})
        return list(tables) if isinstance(tables, dict) else []

    def program(self, name: str) -> Program | None:
        """Return the program of that name, None if there is none."""
        found = self._read(agents.AGENT, name)
        return found.programs[name] if found else None

    def prompt(self, name: str) -> str | None:
        """Return the prompt of that name, None if there is none."""
        found = self._read(agents.PROMPT, name)
        return found.prompts[name] if found else None

    def _read(self, section: str, name: str) -> agents.Read | None:
        if name not in self.names(section):
            return None
        found = agents.read({section: {name: self._content[section][name]}})
        where = f"'{TEAM_FILE}' in lane '{self._judge.name}'"
        for key, problem in found.faults:
            hint = f"mend it, and commit it on the branch of '{self._judge.name}'"
            raise Refused(f"{where}: {key}: {problem}", hint=hint)
        if not trusted.are_trusted(self._repo, [texts.digest(self._data)]):
            raise Refused(
                f"{where} is not trusted yet, so its {section} '{name}' is not used",
                hint=f"read it, then: git lanes trust {self._judge.name}",
            )
        return found


def to_be(repo: LaneRepo, on: str | None) -> Lane:
    """Return a lane as it would be: judged by the one that it follows, else the adopted one."""
    adopted = require_adopted_lane(repo).record
    parent = repo.view.attempt_in(on)[1] if on and "/" in on else repo.view.lane(on) if on else None
    return replace(adopted, uuid="", parent=parent.record.uuid if parent else None)


def _detected(repo: LaneRepo) -> Program:
    """Return the first built-in agent whose program is there."""
    for found in agents.BUILT_IN.values():
        if found.args and _where(repo, found):
            return found
    names = ", ".join(x for x in agents.BUILT_IN if x != agents.SHELL)
    raise Refused(
        "no agent is on PATH", hint=f"install one of {names}, or name another with --agent"
    )


def _where(repo: LaneRepo, program: Program) -> str | None:
    return shutil.which(program.args[0], path=repo.environ.get("PATH", os.defpath))


def _others(repo: LaneRepo, missing: Program) -> str:
    there = [x.name for x in agents.BUILT_IN.values() if x.args and _where(repo, x)]
    said = f"; found on PATH: {', '.join(there)}" if there else ""
    return f"agent '{missing.name}' needs it: install it, or name another with --agent{said}"


def prompted(repo: LaneRepo, lane: Lane | None, order: RunOrder) -> str:
    """Return an order's prompt, a template filled in; raises BadValue, NotFound."""
    text = order.prompt
    if order.template is not None:
        text = _filled(repo, lane, order, order.template)
    if "\0" in text:
        raise BadValue("a prompt cannot have a NUL byte")
    return text


def _filled(repo: LaneRepo, lane: Lane | None, order: RunOrder, name: str) -> str:
    own = repo.own_settings.every(f"lanes.prompt.{name}.text")
    team = None if own else _Team(repo, lane, order.on)
    text = own[-1] if own else (team and team.prompt(name)) or agents.PROMPTS.get(name)
    if text is None:
        known = [*agents.PROMPTS, *(team.names(agents.PROMPT) if team else ())]
        hint = f"use one of {', '.join(known)}"
        raise NotFound("prompt", line(name, 60), nearest=nearest(name, known), hint=hint)
    values = {"prompt": order.prompt, **order.fill} if order.prompt else dict(order.fill)
    wanted = set(_PLACE.findall(text))
    if missing := sorted(wanted - values.keys()):
        raise BadValue(f"prompt '{name}' needs '{missing[0]}'", hint=f"use --set {missing[0]}=…")
    if odd := sorted(values.keys() - wanted):
        raise BadValue(f"prompt '{name}' has no place for '{line(odd[0], 60)}'")
    return _PLACE.sub(lambda x: values[x[1]], text)


def argv(program: Program, values: Mapping[str, str]) -> list[str]:
    """Return the words that start a program; ``values`` has what is known of `agents.PLACES`.

    A prompt that no word has is the last one. Raises Refused for one that is too long for that.
    """
    words = list(_with_model(program, values))
    placed = any("{prompt}" in x for x in words)
    if program.prompt == ARGUMENT and not placed:
        words.append("{prompt}")
    if program.prompt == FILE and not any("{prompt_file}" in x for x in words):
        words.append("{prompt_file}")
    made = [_PLACE.sub(lambda x: values.get(x[1], x[0]), word) for word in words]
    if any(len(os.fsencode(x)) > LONGEST_ARGUMENT for x in made):
        raise Refused(
            f"the prompt is too long to be an argument of '{line(program.name, 60)}'",
            hint="define the agent with prompt = 'stdin' or 'file'",
        )
    return made


def _with_model(program: Program, values: Mapping[str, str]) -> Sequence[str]:
    """Return its words, with those that choose the model where one is asked for."""
    model = values.get("model")
    if model is not None and not program.model:
        raise BadValue(f"agent '{line(program.name, 60)}' takes no model")
    chosen = program.model if model is not None else ()
    if _MODEL not in program.args:
        return (*program.args, *chosen)
    at = program.args.index(_MODEL)
    return (*program.args[:at], *chosen, *program.args[at + 1 :])
