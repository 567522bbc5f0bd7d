"""Agents and prompts as the team's file has them, and those that are built in, as data."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from gitlanes.config.checks import Check, environment, faults, flag, text, words
from gitlanes.models.fleet import ARGUMENT, FILE, NONE, STDIN, WAYS, Program

AGENT, PROMPT = SECTIONS = ("agent", "prompt")
# Words of a definition that stand for what is ordered.
PLACES = ("prompt", "prompt_file", "model", "agent")
SHELL = "shell"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_PATTERN = 200
_USAGES = ("output", "none")

_MODEL = ("--model", "{model}")
_CLAUDE = (
    *("claude", "-p", "--output-format", "stream-json", "--verbose"),
    *("--permission-mode", "acceptEdits", "{model}"),
)
_CODEX = ("codex", "exec", "--json", "--sandbox", "workspace-write", "{model}")
_GEMINI = ("gemini", "--approval-mode", "auto_edit", "--output-format", "stream-json", "{model}")
_AIDER = (
    *("aider", "--yes-always", "--no-auto-commits", "--no-check-update", "--no-gitignore"),
    *("--no-pretty", "{model}", "--message-file", "{prompt_file}"),
)
_OPENCODE = ("opencode", "run", "--format", "json", "{model}")
# The same programs with their own faces, for people who attach to them and speak with them.
_CLAUDE_CHAT = ("claude", "--permission-mode", "acceptEdits", "{model}")
_CODEX_CHAT = ("codex", "{model}")
_GEMINI_CHAT = ("gemini", "--approval-mode", "auto_edit", "{model}")
_SPOKEN = "--prompt-interactive={prompt}"


def _chat(name: str, args: tuple[str, ...], resume: tuple[str, ...]) -> Program:
    return Program(name, args, ARGUMENT, resume, _MODEL, usage="none")


# Those that are looked for on PATH, in this order, where none is named. Each works without
# anybody to ask it more, may edit files and no more than its own rules allow, and prints its
# usage, but for those with a face of their own.
BUILT_IN = {
    x.name: x
    for x in (
        Program("claude", _CLAUDE, STDIN, (*_CLAUDE, "--continue"), _MODEL, input=False),
        Program(
            "codex",
            (*_CODEX, "-"),
            STDIN,
            (*_CODEX, "resume", "--last", "-"),
            _MODEL,
            input=False,
        ),
        Program(
            "gemini",
            (*_GEMINI, "--prompt={prompt}"),
            ARGUMENT,
            (*_GEMINI, "--resume=latest", "--prompt={prompt}"),
            _MODEL,
            input=False,
        ),
        Program("opencode", _OPENCODE, STDIN, (*_OPENCODE, "--continue"), _MODEL, input=False),
        Program("aider", _AIDER, FILE, (*_AIDER, "--restore-chat-history"), _MODEL, input=False),
        _chat("claude-chat", (*_CLAUDE_CHAT, "--"), (*_CLAUDE_CHAT, "--continue", "--")),
        _chat("codex-chat", (*_CODEX_CHAT, "--"), (*_CODEX_CHAT, "resume", "--last", "--")),
        _chat("gemini-chat", (*_GEMINI_CHAT, _SPOKEN), (*_GEMINI_CHAT, "--resume=latest", _SPOKEN)),
        Program(SHELL, (), NONE),
    )
}
PROMPTS = {
    "bugfix": "Fix this bug, and add a test that fails without the fix:\n\n{issue}",
    "tests": "Add tests for {what}. Change nothing but tests.",
    "docs": "Document {what}: what it is for, how it is used, what can go wrong.",
    "refactor": "Refactor {what}. What it does must not change, and its tests must pass.",
}


class Read(NamedTuple):
    """What was read: programs and prompts by name, and all that is wrong, by dotted key."""

    programs: dict[str, Program]
    prompts: dict[str, str]
    faults: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return (key, what it says) of all that needs a person's trust."""
        import shlex  # only what is shown needs it

        rows = []
        for name, found in self.programs.items():
            given = [f"{key}={value}" for key, value in found.env.items()]
            commands = [x for x in (found.args, found.resume) if x]
            rows += [(f"{AGENT}.{name}", shlex.join((*given, *x))) for x in commands]
        return (*rows, *((f"{PROMPT}.{x}", text) for x, text in self.prompts.items()))


def read(content: dict[str, Any]) -> Read:
    """Return the agents and prompts in a team's file, with everything that is wrong there."""
    wrong: list[tuple[str, str]] = []
    agents = _tables(AGENT, content.get(AGENT, {}), wrong)
    texts = _tables(PROMPT, content.get(PROMPT, {}), wrong)
    programs = {}
    for name, table in agents.items():
        found = [(f"{AGENT}.{name}.{key}", problem) for key, problem in faults(table, _PROGRAM)]
        if not table.get("args"):
            found.append((f"{AGENT}.{name}", "it needs args, a list of words"))
        wrong += found
        if not found:
            programs[name] = program(name, table)
    for name, table in texts.items():
        wrong += ((f"{PROMPT}.{name}.{key}", x) for key, x in faults(table, {"text": text}))
        if "text" not in table:
            wrong.append((f"{PROMPT}.{name}", "it needs a text"))
    prompts = {name: str(table.get("text", "")) for name, table in texts.items()}
    return Read(programs, prompts, tuple(wrong))


def program(name: str, table: dict[str, Any], origin: str = "the team's file") -> Program:
    """Return the program that sound values describe."""
    given: dict[str, Any] = {
        key: tuple(x) if isinstance(x, list) else x for key, x in table.items()
    }
    given.setdefault("input", given.get("prompt") != STDIN)  # what was a pipe is closed by then
    return Program(name, **given, origin=origin)


def words_of(name: str, said: dict[str, tuple[str, ...]]) -> Program | str:
    """Return the program that a person's own configuration describes, or what is wrong with it.

    ``said`` has each key's values; of ``env`` they are ``NAME=VALUE``.
    """
    table: dict[str, Any] = {}
    for key, values in said.items():
        if key in ("args", "resume", "model", "waiting"):
            table[key] = list(values)
        elif key == "env":
            table[key] = dict(x.partition("=")[::2] for x in values)
        elif key == "input":
            table[key] = {"true": True, "false": False}.get(values[-1], values[-1])
        else:
            table[key] = values[-1]
    problem = next((f"{key}: {x}" for key, x in faults(table, _PROGRAM)), None)
    if problem or not table.get("args"):
        return problem or "it needs args, one word each time it is given"
    return program(name, table, "git's configuration")


def _tables(section: str, found: Any, wrong: list[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Return the sound tables of a section, by name."""
    if not isinstance(found, dict):
        wrong.append((section, f"not a table: write it as [{section}.NAME]"))
        return {}
    sound = {}
    for name, table in found.items():
        if not _NAME.fullmatch(name):
            problem = "use letters, digits, '.', '_' and '-', at most 64 of them"
            wrong.append((f"{section}.{name[:64]}", problem))
        elif not isinstance(table, dict):
            wrong.append((f"{section}.{name}", f"not a table: write it as [{section}.{name}]"))
        else:
            sound[name] = table
    return sound


def _one_of(*words: str) -> Check:
    return lambda value: None if value in words else f"none of {', '.join(words)}"


def _patterns(value: Any) -> str | None:
    if (fault := words(value)) is not None:
        return fault
    for pattern in value:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            return f"'{pattern[:60]}' is no pattern: {str(error).lower()}"
        if len(pattern) > _LONGEST_PATTERN:
            return f"a pattern of more than {_LONGEST_PATTERN} characters"
    return None


_PROGRAM: dict[str, Check] = {
    "args": words,
    "prompt": _one_of(*WAYS),
    "resume": words,
    "model": words,
    "env": environment,
    "usage": _one_of(*_USAGES),
    "input": flag,
    "waiting": _patterns,
}
KEYS = tuple(_PROGRAM)
