"""What several agents are to do, as it is written down, and what their lanes are called."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes import BadName, BadValue
from gitlanes.fleet import naming
from gitlanes.fleet.making import Member
from gitlanes.fleet.orders import of_file, of_words
from gitlanes.models.fleet import RunOrder
from gitlanes.store import layout

USUAL = RunOrder(program="coder", batch="b1")

MARKDOWN = """\
# Tasks for today

All of them matter.

## fix-auth
Fix the login.

### Hints
```sh
## not a lane
```
~~~
```
## neither
~~~
## add-tests ##

Add tests.
# Done
Nothing more.
"""


def prompts(found: list[Member]) -> list[tuple[str, str]]:
    """Return lanes and prompts."""
    assert all(x.order.batch == "b1" for x in found)
    return [(x.lane, x.order.prompt) for x in found]


def test_words() -> None:
    """A lane, a colon, a prompt that may have further ones and whatever else."""
    hostile = 'a: "b" $(c)\n`d`'
    assert prompts(of_words(["x:do it", f"y:{hostile}"], USUAL)) == [("x", "do it"), ("y", hostile)]
    for odd in ("x", "x:", "x: ", ":do it", ""):
        with pytest.raises(BadValue, match="is no task"):
            of_words([odd], USUAL)


def test_files() -> None:
    """The same tasks in each format; what a task says of its own wins."""
    hints = "### Hints\n```sh\n## not a lane\n```\n~~~\n```\n## neither\n~~~"
    wanted = [("fix-auth", f"Fix the login.\n\n{hints}"), ("add-tests", "Add tests.")]
    assert prompts(of_file("x.md", MARKDOWN, USUAL)) == wanted
    tables = [{"lane": x, "prompt": y} for x, y in wanted]
    assert prompts(of_file("x.json", json.dumps(tables), USUAL)) == wanted
    assert prompts(of_file("x.json", json.dumps({"tasks": tables}), USUAL)) == wanted
    quoted = [(json.dumps(x), json.dumps(y)) for x, y in wanted]
    rows = "".join(f"[[task]]\nlane = {x}\nprompt = {y}\n" for x, y in quoted)
    assert prompts(of_file("x.toml", rows, USUAL)) == wanted
    (member,) = of_file(
        "x.toml",
        '[[task]]\nlane = "a"\nprompt = "b"\nagent = "codex"\nmodel = "m"\nfrom = "v1"\n',
        USUAL,
    )
    order = member.order
    assert (order.program, order.model, order.start, order.agent) == ("codex", "m", "v1", None)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.txt", "", "'x.txt' is no file of tasks"),
        ("x.md", "# Title\n", "no tasks are in 'x.md'"),
        ("x.md", "## a\n\n## b\ntext\n", "task 1 in 'x.md': it has no prompt"),
        ("x.json", "{", "cannot read 'x.json': expecting property name"),
        ("x.json", '{"tasks": {}}', "no tasks are in 'x.json'"),
        ("x.json", "[3]", "task 1 in 'x.json': it is no table"),
        ("x.json", '[{"lane": "a", "prompt": ["x"]}]', "task 1 in 'x.json': prompt is no text"),
        ("x.toml", '[[task]]\nprompt = "x"\n', "task 1 in 'x.toml': it has no lane"),
        (
            "x.toml",
            '[[task]]\nlane = "a"\nprompt = "x"\nmdl = "m"\n',
            "unknown setting 'mdl'",
        ),
        ("x.toml", "[[task]\n", "cannot read 'x.toml': "),
    ],
)
def test_what_is_no_file_of_tasks(name: str, text: str, said: str) -> None:
    """It is told which task it is, and what is wrong with it."""
    with pytest.raises(BadValue) as error:
        of_file(name, text, USUAL)
    assert said in error.value.message


def test_names() -> None:
    """Letters behind the prefix; what cannot be a lane, or so many, is refused."""
    assert naming.members("x", 3) == ["x-a", "x-b", "x-c"]
    assert naming.members("x", 28)[-3:] == ["x-z", "x-aa", "x-ab"]
    for number in (0, 101):
        with pytest.raises(BadValue, match="no number of agents"):
            naming.members("x", number)
    with pytest.raises(BadName):
        naming.members("-x", 1)


def test_prefixes() -> None:
    """The prompt's first words, in small letters; another one where lanes have these names."""
    assert naming.prefix_of("\n  Fix the LOGIN bug!\nmore", 3, ()) == "fix-the-login-bug"
    assert naming.prefix_of("Réparer l'été", 3, ()) == "reparer-l-ete"
    assert naming.prefix_of("修复", 3, ()) == "try"
    assert naming.prefix_of("x" * 100, 3, ()) == "try"
    assert naming.prefix_of("fix it", 2, {"fix-it-b"}) == "fix-it-2"
    assert naming.prefix_of("fix it", 2, {"fix-it-b", "fix-it-2-a"}) == "fix-it-3"


@settings(deadline=None)
@given(st.text(), st.integers(1, 30))
def test_every_prompt_has_a_prefix(prompt: str, number: int) -> None:
    """Whatever the prompt, the lanes have names that lanes may have, none of them taken."""
    taken = {"try-a", "a-a", "0-a"}
    names = naming.members(naming.prefix_of(prompt, number, taken), number)
    assert len({*names}) == number
    assert all(layout.is_lane_name(x) and x not in taken for x in names)
    assert all(len(x) <= 50 for x in names)
