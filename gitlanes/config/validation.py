"""Is all that the settings say known, of its kind, and there? Answers with file and line."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from typing import Any

from gitlanes.config import agents, gates, layers, picking, prices, table, workspace
from gitlanes.config.settings import nearest
from gitlanes.errors import Refused
from gitlanes.git import settings as git_settings
from gitlanes.git.process import Git
from gitlanes.git.settings import as_flag
from gitlanes.models.gates import Gate
from gitlanes.models.settings import Fault, Validation

_SECTIONS = ("lanes", "color", "pager")
_HEADER = re.compile(r"\s*\[\s*([^\]]+?)\s*\]")
_ENTRY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*(?:=|$)")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")


def validate(git: Git, top: str | None) -> Validation:
    """Return everything that is wrong with the settings, wherever they are made.

    `top` is the repository's own directory, None where it has none.
    """
    path = layers.team_file(top)
    found = [*(_in_team_file(git, path, top or "") if path else ())]
    found.sort(key=lambda x: x.line or 0)
    found += _in_git(git, top)
    found += _in_environment(git, top)
    return Validation(tuple(found))


def _in_team_file(git: Git, path: str, top: str) -> Iterator[Fault]:
    try:
        content = layers.load(path)
    except Refused as error:
        place = _AT_LINE.search(error.message)
        line = int(place[1]) if place and place[1] else None
        problem = error.message.removeprefix(f"cannot read '{table.TEAM_FILE}': ")
        yield Fault(path, line, "", _AT_LINE.sub("", problem))
        return
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for where, problem in _misfits(content):
        section, _, name = where.partition(".")
        near = nearest(name, [*table.BY_NAME]) if problem == _UNKNOWN and name else None
        yield Fault(path, line_of(text, section, name), where, problem, near)
    for where, problem in prices.faults(content.get(prices.SECTION, {})):
        model, _, name = where.rpartition(".")
        yield Fault(path, line_of(text, model, name), where, problem)
    for where, problem in agents.read(content).faults:
        table_, _, name = where.rpartition(".")
        near = nearest(name, agents.KEYS) if problem == _UNKNOWN else None
        yield Fault(path, line_of(text, table_, name), where, problem, near)
    yield from _in_gates(path, text, content, top)
    values = content.get("lanes")
    for name, value in values.items() if isinstance(values, dict) else ():
        known = table.BY_NAME.get(name)
        for one in (layers.as_values(known, value) or ()) if known else ():
            if (
                known
                and not table.team_fault(known, one)
                and (lost := _missing(git, known, one, top))
            ):
                yield Fault(path, line_of(text, "lanes", name), known.key, lost)


def _in_gates(path: str, text: str, content: dict[str, Any], top: str) -> Iterator[Fault]:
    """Yield what is wrong with gates, policy, workspaces, picking; which programs are missing."""
    found = gates.read(content)
    missing = (
        gates.Misfit(gates.GATE, number, "python" if gate.python else "args", lost)
        for number, gate in enumerate(found.gates)
        if not found.misfits and (lost := _cannot_start(gate, top))
    )
    sections = {workspace.SECTION: workspace.KEYS, picking.SECTION: [*picking.CHECKS]}
    known = {**gates.KEYS, **sections}
    picks = picking.read(content.get(picking.SECTION, {}))[1]
    for wrong in (*found.misfits, *missing, *workspace.read(content).misfits, *picks):
        near = None
        if wrong.problem == _UNKNOWN:
            near = nearest(wrong.key, known[wrong.section])
        yield Fault(path, gates.line_of(text, wrong), wrong.where, wrong.problem, near)


def _cannot_start(gate: Gate, top: str) -> str | None:
    """Say what a gate would start that is not there."""
    if gate.python is not None:
        from importlib.metadata import entry_points

        there = entry_points(group=gates.GROUP, name=gate.python)
        return None if there else f"no entry point '{gate.python}' in group {gates.GROUP}"
    program = gate.args[0]
    if os.sep in program:
        place = os.path.join(top, gate.cwd, program)
        return None if os.access(place, os.X_OK) else f"there is no program '{program}'"
    return None if shutil.which(program) else f"there is no program '{program}'"


_UNKNOWN = "unknown setting"


def _misfits(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (dotted key, problem) for all that the schema of the team's file does not allow."""
    import pydantic  # takes as long as a whole listing of lanes, and only this needs it

    fields: Any = {name: (_type_of(known), None) for name, known in table.BY_NAME.items()}
    closed = pydantic.ConfigDict(extra="forbid")
    lanes: Any = pydantic.create_model("lanes", __config__=closed, **fields)
    sections = (*gates.SECTIONS, workspace.SECTION, picking.SECTION, *agents.SECTIONS)
    own = (prices.SECTION, *sections)  # they have rules of their own
    apart: Any = dict.fromkeys(own, (Any, None))
    whole = pydantic.create_model("team", __config__=closed, lanes=(lanes, None), **apart)
    try:
        whole.model_validate(content)
    except pydantic.ValidationError as error:
        for wrong in error.errors(include_url=False, include_context=False):
            where = ".".join(str(x) for x in wrong["loc"][:2])
            said = wrong["msg"].removeprefix("Value error, ")
            unknown = wrong["type"] == "extra_forbidden"
            yield where, _UNKNOWN if unknown else said[:1].lower() + said[1:]


def _type_of(known: table.Known) -> Any:
    from typing import Annotated

    import pydantic

    def check(value: Any) -> Any:
        values = layers.as_values(known, value)
        if values is None:
            raise ValueError(known.misfit)
        for wrong in filter(None, (table.team_fault(known, x) for x in values)):
            raise ValueError(wrong)
        return value

    return Annotated[Any, pydantic.AfterValidator(check)]


def _in_git(git: Git, top: str | None) -> Iterator[Fault]:
    texts: dict[str, str] = {}
    for _, origin, key, value in git_settings.said(git):
        section, _, name = key.rpartition(".")
        known = table.BY_KEY.get(key)
        if known is None and section != "lanes":
            continue
        problem = _problem(git, known, value, top) if known else _UNKNOWN
        if problem:
            near = nearest(name, [*table.BY_NAME]) if known is None else None
            source, text = _source(git, origin, texts)
            shown = known.key if known else key
            yield Fault(source, line_of(text, section, name), shown, problem, near)


def _in_environment(git: Git, top: str | None) -> Iterator[Fault]:
    for name in filter(table.is_variable, sorted(git.environ)):
        known = table.BY_VARIABLE.get(name)
        if known is None:
            near = nearest(name, [*table.BY_VARIABLE])
            yield Fault(name, None, "", "unknown variable", near)
            continue
        for value in layers.environment(git.environ)[known.plain].values:
            if problem := _problem(git, known, value, top):
                yield Fault(name, None, known.key, problem)


def _problem(git: Git, known: table.Known, value: str, top: str | None) -> str | None:
    return table.fault(known, value) or _missing(git, known, value, top or "")


def _missing(git: Git, known: table.Known, value: str, top: str) -> str | None:
    """Say what a value names that is not there."""
    if known.kind == table.PAGER and value and as_flag(value) is None:
        return missing_program(value)
    if known.kind != table.DIRECTORY:
        return None
    path = git_settings.expanded(git, value)
    if path is None:
        return f"'{value}' is no path that git knows"
    place = os.path.normpath(os.path.join(top, path))
    if os.path.exists(place):
        return None if os.path.isdir(place) else f"'{place}' is not a directory"
    above = os.path.dirname(place)  # the last step is made when it is needed
    return None if os.path.isdir(above) else f"there is no directory '{above}'"


def missing_program(command: str) -> str | None:
    """Say which program a command line names that is not there, None if it is."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        return f"'{command}' cannot be understood: {str(error).lower()}"
    program = next((x for x in words if "=" not in x), "")
    return None if shutil.which(program) else f"there is no program '{program}'"


def _source(git: Git, origin: str, texts: dict[str, str]) -> tuple[str, str]:
    """Return where git found a value, and that file's text if it is one."""
    kind, _, place = origin.partition(":")
    if kind != "file":
        return "command line", ""
    path = os.path.normpath(os.path.join(git.git_dir, place))
    if path not in texts:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                texts[path] = file.read()
        except OSError:
            texts[path] = ""
    return path, texts[path]


def line_of(text: str, section: str, name: str) -> int | None:
    """Return the line on which a key stands last, in git's format and in TOML alike.

    Without a name, or where the key is not found, that of the section or None.
    """
    wanted = (section.lower(), name.lower()) if name else ("", section.lower())
    present, found = "", None
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            present = header[1].replace('"', "").lower()
            if present == section.lower() and not found:
                found = number
            line = line[header.end() :]
        entry = _ENTRY.match(line)
        if entry and (present, entry[1].lower()) == wanted:
            found = number
    return found
