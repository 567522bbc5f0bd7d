"""The reference of all commands as parts of a manual page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gitlanes.cli.returns import ANSWERS
from gitlanes.cli.tree import Option, Verb, own_options
from gitlanes.config.table import KNOWN


def parts(every: list[Verb]) -> dict[str, str]:
    """Return the generated parts of git-lanes.1 by their names."""
    common = [x for x in every[0].options if x.common]
    settings = [f".TP\n.B {x.key}\n{_settled(x.kind, x.default, x.about)}" for x in KNOWN]
    return {
        "commands": "".join(_verb(verb) for verb in every),
        "common": _options([*common, *own_options()]),
        "settings": "\n".join(settings) + "\n",
    }


def _verb(verb: Verb) -> str:
    lines = [f'.SS "{_text(verb.usage)}"', *_paragraphs(verb.text)]
    answer = ANSWERS.get(verb.name)
    if answer and answer.no:
        lines += [".PP", _text(f"Exits 1 if {answer.no}.")]
    return "\n".join(lines) + "\n" + _options([x for x in verb.options if not x.common])


def _paragraphs(text: str) -> list[str]:
    rows: list[str] = []
    for number, paragraph in enumerate(text.split("\n\n")):
        rows += [".PP"] if number else []
        rows += [_text(x) for x in paragraph.splitlines()]
    return rows


def _options(options: Iterable[Option]) -> str:
    rows = []
    for option in options:
        names = ", ".join(f"\\fB{_text(x)}\\fR" for x in option.names)
        value = f" \\fI{_text(option.value.name)}\\fR" if option.value else ""
        rows.append(f".TP\n{names}{value}\n{_text(option.about)}\n")
    return "".join(rows)


def _settled(kind: str, default: tuple[str, ...], about: str) -> str:
    usual = f"; by default {', '.join(default)}" if default else ""
    return _text(f"{about[:1].upper()}{about[1:]} ({kind}{usual}).")


def _text(text: str) -> str:
    """Return text in which nothing means anything to roff."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("…", "...")
    return re.sub(r"^(?=[.'])", r"\\&", plain, flags=re.M)
