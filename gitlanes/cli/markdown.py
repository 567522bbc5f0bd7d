"""The reference of all commands as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from importlib import import_module

from gitlanes.cli.returns import ANSWERS
from gitlanes.cli.tree import Option, Verb, own_options
from gitlanes.config.table import KNOWN
from gitlanes.models.plain import Model
from gitlanes.models.results import MayFollow

_NAME = re.compile(r"[A-Z]\w+")
_PLAIN = {"str": "text", "bytes": "text", "int": "number", "float": "number", "bool": "true/false"}


def parts(every: list[Verb]) -> dict[str, str]:
    """Return the generated parts of cli.md by their names."""
    told = [_verb(verb) for verb in every]
    return {
        "common": _options([x for x in every[0].options if x.common]) + _options(own_options()),
        "commands": "\n".join(told),
        "objects": "\n".join(_object(x) for x in sorted(_models(every), key=lambda x: x.__name__)),
        "settings": "\n".join(
            f"- `{x.key}` ({x.kind}, default {_default(x.default)}): {x.about}." for x in KNOWN
        )
        + "\n",
    }


def _verb(verb: Verb) -> str:
    lines = [f"### `git lanes {verb.name}`", "", "```", verb.usage, "```", "", _prose(verb.text)]
    own = [x for x in verb.options if not x.common]
    if own:
        lines += ["", _options(own).rstrip("\n")]
    answer = ANSWERS.get(verb.name)
    if answer and answer.models:
        names = [model_of(x).__name__ for x in answer.models]
        of = f"`{answer.key}`, a list of" if answer.key else "the keys of"
        lines += ["", f"JSON: {of} {' or '.join(f'[{x}](#{x.lower()})' for x in names)}."]
    if answer and answer.no:
        lines += ["", f"Exits 1 if {answer.no}."]
    return "\n".join(lines) + "\n"


def _options(options: Iterable[Option]) -> str:
    rows = []
    for option in options:
        names = ", ".join(f"`{x}`" for x in option.names)
        value = f" `{option.value.name}`" if option.value else ""
        rows.append(f"- {names}{value}: {_prose(option.about)}")
    return "\n".join(rows) + "\n"


def _prose(text: str) -> str:
    """Return text with what is meant literally as code: words in quotes, and <places>."""
    coded = re.sub(r"(?<!\w)'([^'\n]+(?:\n[^'\n]+)?)'(?!\w)", r"`\1`", text)
    return re.sub(r"(?<!`)<(\w+)>", r"`<\1>`", coded)


def _default(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{x}`" for x in values) or "none"


def model_of(name: str) -> type[Model]:
    """Return a model by the name that the table of answers has for it."""
    module, _, kind = name.partition(".")
    found: type[Model] = getattr(import_module(f"gitlanes.models.{module}"), kind)
    return found


def _models(every: list[Verb]) -> set[type[Model]]:
    """Return all models that commands print, and those within them."""
    found: set[type[Model]] = set()
    answers = [ANSWERS[x.name] for x in every if x.name in ANSWERS]
    waiting = [model_of(name) for answer in answers for name in answer.models]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += _within(model)
    return found


def _within(model: type[Model]) -> list[type[Model]]:
    names = _NAME.findall(" ".join(_annotations(model).values()))
    module = import_module(model.__module__)
    kinds = [getattr(module, x, None) for x in names]
    return [x for x in kinds if isinstance(x, type) and issubclass(x, Model)]


def _annotations(model: type[Model]) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for base in reversed(model.__mro__):
        kinds.update({key: str(x) for key, x in inspect.get_annotations(base).items()})
    return {field: kinds[field] for field in model.fields}


def _object(model: type[Model]) -> str:
    text = re.sub(r"``([^`]+)``", r"`\1`", inspect.cleandoc(model.__doc__ or ""))
    schema = getattr(model, "schema", None)
    rows = [f"- `schema`: `gitlanes.{schema}/1`"] if isinstance(schema, str) else []
    rows += [f"- `{key}`: {_kind(kind)}" for key, kind in _annotations(model).items()]
    rows += ["- `followed`: true/false or null"] if issubclass(model, MayFollow) else []
    return "\n".join([f"#### {model.__name__}", "", text, "", *rows, ""])


def _kind(annotation: str) -> str:
    """Return a field's type in JSON's words."""
    kinds = [x.strip() for x in annotation.split(" | ")]
    return " or ".join(_one_kind(x) for x in kinds)


def _one_kind(kind: str) -> str:
    if kind.startswith("tuple["):
        inner = kind[6:-1]
        if inner.endswith(", ..."):
            return f"list of {_kind(inner.removesuffix(', ...'))}"
        return f"list of {inner.count(',') + 1}"
    if kind.startswith("dict["):
        return f"object of {_kind(kind[5:-1].partition(', ')[2])}"
    if kind == "None":
        return "null"
    return _PLAIN.get(kind, f"[{kind}](#{kind.lower()})" if kind != "Any" else "anything")
