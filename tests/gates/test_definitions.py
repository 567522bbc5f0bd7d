"""What may stand in `.gitlanes.toml` about gates, and how it is told what may not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from gitlanes import Refused
from gitlanes.models.gates import Gate
from tests.support.cli import Ran, spawn_cli
from tests.support.gates import set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

BAD = [
    ("[[gate]]\nargs = ['x']\n", 1, "gate[0].name: it is missing"),
    ("[[gate]]\nname = 'a b'\nargs = ['x']\n", 2, "gate[0].name: use letters"),
    ("[[gate]]\nname = 'a'\n", 1, "gate[0]: it needs one of args, command and python"),
    (
        "[[gate]]\nname='a'\nargs=['x']\ncommand='x'\n",
        1,
        "gate[0]: it needs one of args, command and python, and not more",
    ),
    ("[[gate]]\nname='a'\nargs=[]\n", 3, "gate[0].args: it names no program"),
    ("[[gate]]\nname='a'\nargs='x'\n", 3, "gate[0].args: not a list of texts"),
    ("[[gate]]\nname='a'\ncommand='x \"'\n", 3, "gate[0].command: it cannot be understood: no cl"),
    ("[[gate]]\nname='a'\ncommand='x'\nrequired='no'\n", 4, "gate[0].required: not true or false"),
    ("[[gate]]\nname='a'\ncommand='x'\nrequried=false\n", 4, "gate[0].requried: unknown setting"),
    ("[[gate]]\nname='a'\ncommand='x'\ntimeout='soon'\n", 4, "gate[0].timeout: not a duration"),
    ("[[gate]]\nname='a'\ncommand='x'\ntimeout=0\n", 4, "gate[0].timeout: it must be more than 0"),
    ("[[gate]]\nname='a'\ncommand='x'\nretries=-1\n", 4, "gate[0].retries: not a whole number"),
    ("[[gate]]\nname='a'\ncommand='x'\ncwd='../..'\n", 4, "gate[0].cwd: it leads out of the"),
    ("[[gate]]\nname='a'\ncommand='x'\ncwd='/tmp'\n", 4, "gate[0].cwd: it leads out of the"),
    ("[[gate]]\nname='a'\ncommand='x'\nenv=['A=1']\n", 4, "gate[0].env: 'A=1' is no name of a var"),
    ("[[gate]]\nname='a'\ncommand='x'\npaths='src'\n", 4, "gate[0].paths: not a list of texts"),
    (
        "[[gate]]\nname='a'\ncommand='x'\n\n[[gate]]\nname='b'\ncommand=3\n",
        7,
        "gate[1].command: not a text",
    ),
    (
        "[[gate]]\nname='a'\ncommand='x'\n\n[[gate]]\nname='a'\ncommand='x'\n",
        6,
        "gate[1].name: there is a gate 'a' already",
    ),
    ("gate = 3\n", 1, "gate: not a list of tables: begin each with [[gate]]"),
    ("[gates]\njobs = 0\n", 2, "gates.jobs: not a whole number from 1 to 64"),
    ("[policy]\nprotected = 'x'\n", 2, "policy.protected: not a list of texts"),
    ("[policy]\nforbid = true\n", 2, "policy.forbid: unknown setting"),
    ("policy = 1\n", 1, "policy: not a table"),
]


@pytest.mark.parametrize(("text", "line", "problem"), BAD, ids=[x[2][:40] for x in BAD])
def test_what_is_wrong_is_told_with_its_line(
    repo: TestRepo, cli: Cli, text: str, line: int, problem: str
) -> None:
    """`config --validate` names file, line and key, and nothing lands until it is mended."""
    repo.save({".gitlanes.toml": text})
    done = cli("config", "--validate")
    said = f"{repo.path}/.gitlanes.toml:{line}: {problem}"
    assert (done.code, [x for x in done.out.splitlines() if x.startswith(said)] != []) == (1, True)
    repo.lane("auth")
    repo.write({"auth.py": "1\n"}, repo.workspace("auth"))
    with pytest.raises(Refused) as caught:
        repo.lanes.commit("auth", message="w")
    assert caught.value.message.startswith(f".gitlanes.toml:{line} in lane 'main': {problem}")
    assert caught.value.hint.endswith("commit it on the branch of 'main'")


def test_programs_that_are_not_there(repo: TestRepo, cli: Cli) -> None:
    """Only `config --validate` looks for them: elsewhere they may well be there."""
    text = (
        "[[gate]]\nname = 'a'\ncommand = 'no-such-program -x'\n"
        "[[gate]]\nname = 'b'\nargs = ['./run', 'x']\n"
        "[[gate]]\nname = 'c'\npython = 'nothing'\n"
        "[[gate]]\nname = 'd'\ncommand = 'sh -c true'\n"
    )
    repo.write({".gitlanes.toml": text})
    file = f"{repo.path}/.gitlanes.toml"
    assert cli("config", "--validate").out.splitlines() == [
        f"{file}:1: gate[0].args: there is no program 'no-such-program'",
        f"{file}:6: gate[1].args: there is no program './run'",
        f"{file}:9: gate[2].python: no entry point 'nothing' in group gitlanes.gates",
    ]


def test_a_misspelled_key(repo: TestRepo, cli: Cli) -> None:
    """The nearest key is named."""
    repo.write({".gitlanes.toml": "[[gate]]\nname = 'a'\ncommand = 'sh'\nretry = 3\n"})
    assert cli("config", "--validate").out.endswith(
        "gate[0].retry: unknown setting; did you mean 'retries'?\n"
    )


def test_a_text_that_is_no_file(repo: TestRepo) -> None:
    """A link under that name is not followed: it could lead to another text."""
    repo.write({"other.toml": "[lanes]\n"})
    (repo.path / ".gitlanes.toml").symlink_to("other.toml")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message=link")
    repo.lane("auth")
    repo.write({"auth.py": "1\n"}, repo.workspace("auth"))
    with pytest.raises(Refused, match="is no plain file"):
        repo.lanes.commit("auth", message="w")


def test_a_definition_is_all_that_the_verdict_depends_on() -> None:
    """Whether it is required, and for which paths, are other questions."""
    plain = Gate("a", ("x",))
    assert plain.definition == Gate("a", ("x",), required=False, paths=("y",)).definition
    others = [
        Gate("b", ("x",)),
        Gate("a", ("x", "y")),
        Gate("a", ("x",), timeout=1),
        Gate("a", ("x",), cwd="y"),
        Gate("a", ("x",), env=("Y",)),
        Gate("a", ("x",), retries=1),
        Gate("a", python="x"),
    ]
    assert len({plain.definition, *(x.definition for x in others)}) == len(others) + 1


@pytest.mark.parametrize("gates", [False, True])
def test_a_commit_loads_no_validator(repo: TestRepo, gates: bool) -> None:
    """Neither without gates nor with them does `commit` load what only `config` needs."""
    if gates:
        set_gates(repo, {"name": "a", "command": "true"})
    place = repo.lane("auth")
    repo.write({"auth.py": "1\n"}, place)
    script = (
        "import sys, os; from gitlanes.cli.main import call\n"
        "code = call(['commit', '-m', 'w'])\n"
        "print(code, sorted({'pydantic', 'rich', 'psutil', 'pathspec', 'importlib.metadata'}"
        " & set(sys.modules)))\n"
    )
    # What the first look for listeners loads is not loaded a second time.
    spawn_cli(place, repo.environ, "status")
    for name in ("first", "second"):
        repo.write({"auth.py": name}, place)
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=place,
            env=repo.environ,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.splitlines()[-1] == "0 []"
