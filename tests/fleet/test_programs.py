"""Which program works as an agent, with which words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes import BadValue, NotFound, Refused, RunOrder
from gitlanes.config import agents
from gitlanes.fleet import programs
from gitlanes.models.fleet import Program
from tests.support.gates import gate, text_of
from tests.support.repos import TestRepo

TEAM = """
[agent.team]
args = ["true", "{model}", "--ask={prompt}"]
model = ["--model", "{model}"]
env = { MODE = "quiet" }

[prompt.bugfix]
text = "Fix {issue}, {prompt}"
"""


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_prompt_is_one_word_whatever_it_says(text: str) -> None:
    """It is put into its place once, and nothing in it is a place, a word or an option."""
    for program in agents.BUILT_IN.values():
        values = {"prompt": text, "prompt_file": "/p", "agent": "a", "model": "{prompt}"}
        if not program.model:
            continue
        words = programs.argv(program, values)
        plain = programs.argv(program, {**values, "prompt": "x", "model": "m"})
        assert len(words) == len(plain)
        said = {f"{x}x": f"{x}{text}" for x in ("", "--prompt=", "--prompt-interactive=")}
        wanted = [{"m": "{prompt}", **said}.get(x, x) for x in plain]
        assert words == wanted
    assert programs.argv(Program("own", ("own", "-p")), {"prompt": text}) == ["own", "-p", text]


def test_what_is_built_in() -> None:
    """Each built-in agent has a way for its prompt, a model, a way to go on; none asks a shell."""
    for name, program in agents.BUILT_IN.items():
        if name == agents.SHELL:
            continue
        assert program.args[0] == program.resume[0] == name.removesuffix("-chat")
        assert program.input == name.endswith("-chat")
        assert program.args.count("{model}") == program.resume.count("{model}") == 1
        table = {
            key: list(x) if isinstance(x, tuple) else x
            for key, x in program.__dict__.items()
            if key in agents.KEYS
        }
        assert agents.read({"agent": {name: table}}).programs[name].args == program.args


@pytest.mark.parametrize(
    ("content", "where", "said"),
    [
        ({"agent": 1}, "agent", "not a table"),
        ({"agent": {"a b": {}}}, "agent.a b", "letters, digits"),
        ({"agent": {"a": {"args": "claude -p"}}}, "agent.a.args", "not a list"),
        ({"agent": {"a": {}}}, "agent.a", "needs args"),
        ({"agent": {"a": {"args": ["a\0"]}}}, "agent.a.args", "NUL"),
        ({"agent": {"a": {"args": ["a"], "env": {"1": "x"}}}}, "agent.a.env", "no name"),
        ({"agent": {"a": {"args": ["a"], "prompt": "mail"}}}, "agent.a.prompt", "none of"),
        ({"agent": {"a": {"args": ["a"], "waiting": ["("]}}}, "agent.a.waiting", "no pattern"),
        ({"agent": {"a": {"args": ["a"], "input": "no"}}}, "agent.a.input", "true or false"),
        ({"agent": {"a": {"args": ["a"], "shell": 1}}}, "agent.a.shell", "unknown"),
        ({"prompt": {"p": {"text": 1}}}, "prompt.p.text", "not a text"),
        ({"prompt": {"p": {}}}, "prompt.p", "needs a text"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    content: dict[str, object], where: str, said: str
) -> None:
    """A definition that cannot be taken names its key, and defines nothing."""
    found = agents.read(content)
    assert [x for x, _ in found.faults] == [where]
    assert re.search(said, found.faults[0][1])
    assert found.programs == {}


def test_a_key_that_is_none(repo: TestRepo) -> None:
    """A person's definition with a slip of the pen is refused with the key, others are known."""
    repo.git("config", "lanes.agent.my.own.args", "true")
    repo.git("config", "lanes.agent.my.own.wating", "^Go")
    with repo.inner() as inner:
        with pytest.raises(Refused, match=r"lanes\.agent\.my\.own\.wating: unknown"):
            programs.chosen(inner, None, RunOrder("x", program="my.own"))
        with pytest.raises(NotFound) as raised:
            programs.chosen(inner, None, RunOrder("x", program="nothing-near"))
    assert str(raised.value.hint).endswith("shell, my.own")
    repo.git("config", "--unset", "lanes.agent.my.own.wating")
    with repo.inner() as inner:
        assert programs.chosen(inner, None, RunOrder("x", program="my.own")).args == ("true",)


def test_whose_definition_counts(repo: TestRepo) -> None:
    """A person's own, then the team's once it is trusted, then what is built in."""
    chosen, prompted = programs.chosen, programs.prompted
    order = RunOrder("now", program="team", template="bugfix", fill={"issue": "{prompt}"})
    with repo.inner() as inner:
        with pytest.raises(NotFound, match="agent 'team' not found"):
            chosen(inner, None, order)
        with pytest.raises(BadValue, match="no place for 'prompt'"):
            prompted(inner, None, order)
    repo.save({".gitlanes.toml": text_of(gate("ok", "true")) + TEAM})
    with repo.inner() as inner:
        with pytest.raises(Refused, match="not trusted yet"):
            chosen(inner, None, order)
        assert chosen(inner, None, RunOrder("x", program="shell", args=("true",))).name == "shell"
    repo.lanes.trust()
    with repo.inner() as inner:
        further = chosen(inner, None, RunOrder("x", program="team", args=("--fast",)))
        assert further.args == ("true", "{model}", "--fast", "--ask={prompt}")
        found = chosen(inner, None, order)
        assert (found.origin, found.env) == ("the team's file", {"MODE": "quiet"})
        text = prompted(inner, None, order)
        assert text == "Fix {prompt}, now"
        words = programs.argv(found, {"prompt": text, "model": "big"})
        assert words == ["true", "--model", "big", "--ask=Fix {prompt}, now"]
    repo.git("config", "lanes.agent.team.args", "git")
    repo.git("config", "lanes.agent.team.env", "A=b=c")
    repo.git("config", "lanes.prompt.bugfix.text", "Mine: {issue}")
    repo.git("config", "lanes.defaultAgent", "team")
    with repo.inner() as inner:
        own = chosen(inner, None, RunOrder("x"))
        assert (own.args, own.env, own.origin) == (("git",), {"A": "b=c"}, "git's configuration")
        assert prompted(inner, None, RunOrder(template="bugfix", fill={"issue": "x"})) == "Mine: x"
    repo.save({".gitlanes.toml": "[agent.team]\nargs = 1\n"})
    faults = repo.lanes.validate_settings().faults
    assert [(x.line, x.key) for x in faults] == [(2, "agent.team.args")]
