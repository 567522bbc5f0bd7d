"""config: settings read, set, unset and checked; where they come from and which one wins."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadValue, Negative
from gitlanes.config import table
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

EXCLUDED = table.BY_NAME["exclude"].default


def in_environment(repo: TestRepo, variables: dict[str, str], *args: str) -> Ran:
    """Run a command with further variables set."""
    return run_cli(repo.path, {**repo.environ, **variables}, *args)


def test_all_settings_are_listed(repo: TestRepo, cli: Cli) -> None:
    """Without a key, every known setting is printed with its value; -v says what it is for."""
    repo.git("config", "lanes.lockTimeout", "5m")
    lines = cli("config").out.splitlines()
    assert "lanes.lockTimeout=5m" in lines
    assert "color.lanes=auto" in lines
    assert {x.partition("=")[0] for x in lines} == {x.key for x in table.KNOWN}
    assert "# how long to wait for a lock\nlanes.lockTimeout=5m\n" in cli("config", "-v").out


def test_one_setting_as_json(repo: TestRepo, cli: Cli) -> None:
    """A key's JSON has its value, kind, default and origin."""
    repo.git("config", "lanes.lockTimeout", "5m")
    assert cli("config", "LANES.locktimeout", "--json").json == {
        "schema": "gitlanes.setting/1",
        "key": "lanes.lockTimeout",
        "kind": "duration",
        "values": ["5m"],
        "default": ["60"],
        "origins": [f"file:{repo.path}/.git/config"],
        "about": "how long to wait for a lock",
    }
    told = cli("config", "--json").json
    assert (told["schema"], len(told["settings"])) == ("gitlanes.config/1", len(table.KNOWN))


def test_precedence(repo: TestRepo, cli: Cli) -> None:
    """Default, team's file, git config, environment, `git -c`: each overrides those before it."""

    def now(**variables: str) -> str:
        args = ("config", "--show-origin", "lanes.lockTimeout")
        return in_environment(repo, variables, *args).out

    assert now() == "default\t60\n"
    repo.write({".gitlanes.toml": "[lanes]\nlockTimeout = 61\n"})
    assert now() == f"file:{repo.path}/.gitlanes.toml\t61\n"
    repo.git("config", "--global", "lanes.lockTimeout", "62")
    assert now() == f"file:{repo.environ['GIT_CONFIG_GLOBAL']}\t62\n"
    cli("config", "lanes.lockTimeout", "63")
    assert now() == f"file:{repo.path}/.git/config\t63\n"
    variable = {"GITLANES_LOCK_TIMEOUT": "64"}
    assert now(**variable) == "environment:GITLANES_LOCK_TIMEOUT\t64\n"
    flag = {"GIT_CONFIG_PARAMETERS": "'lanes.lockTimeout'='65'"}
    assert now(**variable, **flag) == "command line\t65\n"


@pytest.mark.parametrize("layer", ["team", "git", "environment"])
def test_every_layer_reaches_the_verbs(repo: TestRepo, layer: str) -> None:
    """A workspace's place comes from whichever layer names it."""
    variables = {}
    if layer == "team":
        repo.write({".gitlanes.toml": '[lanes]\nworkspaceRoot = "../here"\n'})
    elif layer == "git":
        repo.git("config", "lanes.workspaceRoot", "../here")
    else:
        variables = {"GITLANES_WORKSPACE_ROOT": "../here"}
    assert in_environment(repo, variables, "new", "auth").code == 0
    assert repo.workspace("auth") == repo.path.parent / "here/auth"


def test_set_and_unset(repo: TestRepo, cli: Cli) -> None:
    """A value goes into the repository's configuration, with --global into the user's own."""
    assert cli("config", "lanes.locktimeout", "90s") == Ran(0, "", "")
    assert repo.git("config", "--local", "lanes.lockTimeout") == "90s"
    assert cli("config", "--global", "color.lanes", "never") == Ran(0, "", "")
    assert repo.git("config", "--global", "color.lanes") == "never"
    assert cli("config", "--unset", "lanes.lockTimeout") == Ran(0, "", "")
    assert cli("config", "lanes.lockTimeout").out == "60\n"
    assert cli("config", "--unset", "lanes.lockTimeout") == Ran(
        1,
        "",
        "error: lanes.lockTimeout is not set in this repository's configuration\n"
        "hint: 'git lanes config --show-origin lanes.lockTimeout' says where it comes from\n",
    )


def test_a_setting_with_several_values(repo: TestRepo, cli: Cli) -> None:
    """Several values replace those before; each stands on its own line."""
    cli("config", "lanes.exclude", "old")
    assert cli("config", "lanes.exclude", "dist", "*.log") == Ran(0, "", "")
    assert repo.git("config", "--get-all", "lanes.exclude") == "dist\n*.log"
    assert cli("config", "lanes.exclude").out.splitlines() == [*EXCLUDED, "dist", "*.log"]


def test_patterns_add_up_over_the_layers(repo: TestRepo, cli: Cli) -> None:
    """What keeps files out is the sum of all layers; an empty one forgets those below it."""

    def now(**variables: str) -> list[str]:
        told = in_environment(repo, variables, "config", "--show-origin", "lanes.exclude")
        return told.out.splitlines()

    repo.write({".gitlanes.toml": '[lanes]\nexclude = ["*.team"]\n'})
    cli("config", "lanes.exclude", "*.own")
    variable = {"GITLANES_EXCLUDE": "*.a:*.b"}
    flag = {"GIT_CONFIG_PARAMETERS": "'lanes.exclude'='*.now'"}
    assert now(**variable, **flag) == [
        *(f"default\t{x}" for x in EXCLUDED),
        f"file:{repo.path}/.gitlanes.toml\t*.team",
        f"file:{repo.path}/.git/config\t*.own",
        "environment:GITLANES_EXCLUDE\t*.a",
        "environment:GITLANES_EXCLUDE\t*.b",
        "command line\t*.now",
    ]
    assert now(GITLANES_EXCLUDE=":*.b") == ["environment:GITLANES_EXCLUDE\t*.b"]
    place = repo.lane("auth")
    repo.write({f"x.{x}": "" for x in ("team", "own", "a", "b", "now", "py")}, place)
    in_environment(repo, {**variable, **flag}, "commit", "auth", "-m", "x")
    assert set(repo.files("refs/lanes/head/auth")) == {"auth.py", "src/app.py", "x.py"}


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (
            ("lanes.lockTimeot", "5m"),
            "error: unknown setting 'lanes.lockTimeot'\nhint: did you mean 'lanes.lockTimeout'?\n",
        ),
        (
            ("x.y",),
            "error: unknown setting 'x.y'\nhint: 'git lanes config' lists them all\n",
        ),
        (
            ("lanes.lockTimeout", "soon"),
            (
                "error: bad value for lanes.lockTimeout: 'soon' is not a duration: "
                "write it as 90s, 5m or 1h30m\nhint: it says: how long to wait for a lock\n"
            ),
        ),
        (
            ("lanes.maxBlobSize", "-5"),
            (
                "error: bad value for lanes.maxBlobSize: '-5' is not a size: "
                "write it as 500k, 100m or 2g\n"
                "hint: it says: size of the largest file that may be new or changed; "
                "0 is any size\n"
            ),
        ),
        (
            ("color.lanes", "pink"),
            (
                "error: bad value for color.lanes: 'pink' is none of auto, always, never\n"
                "hint: it says: colours: auto, always or never; else color.ui\n"
            ),
        ),
        (
            ("lanes.lockTimeout", "1", "2"),
            "error: lanes.lockTimeout has one value, not 2\n",
        ),
        (("--unset",), "error: --unset takes one KEY\n"),
        (("--global",), "error: --global is for changing a setting\n"),
        (
            ("--edit", "--validate"),
            "error: --edit, --validate and --unset KEY exclude each other\n",
        ),
    ],
)
def test_what_cannot_be_set(repo: TestRepo, cli: Cli, args: tuple[str, ...], error: str) -> None:
    """Unknown keys, values of another kind and options that exclude each other are usage errors."""
    before = (repo.path / ".git/config").read_text()
    assert cli("config", *_safe(args)) == Ran(129, "", error)
    assert (repo.path / ".git/config").read_text() == before


def _safe(args: tuple[str, ...]) -> tuple[str, ...]:
    """Let a value that looks like an option be a value."""
    return args if args[0].startswith("-") else ("--", *args)


def test_validate_finds_everything(repo: TestRepo) -> None:
    """Unknown keys, kinds, missing programs and directories: one line each, with file and line."""
    repo.write(
        {
            ".gitlanes.toml": "# ours\n"
            "[lanes]\n"
            "lockTimeot = 4\n"
            "lockTimeout = true\n"
            'workspaceRoot = "/etc"\n'
            'exclude = ["dist", 3]\n'
            "\n"
            "[gate]\n"
            "run = 1\n"
        }
    )
    with (repo.path / ".git/config").open("a") as file:
        file.write("[lanes]\n\tbogus = 1\n\tmaxBlobSize = big\n\tworkspaceRoot = ../no/where\n")
        file.write("[pager]\n\tlanes = nosuchpager -R\n")
    start = len((repo.path / ".git/config").read_text().splitlines()) - 6
    variables = {"GITLANES_LOCK_TIMEOT": "3", "GITLANES_LEASE": "long", "GITLANES_AGENT": "me"}
    done = in_environment(repo, variables, "config", "--validate")
    team, config = f"{repo.path}/.gitlanes.toml", f"{repo.path}/.git/config"
    above = repo.path.parent / "no"
    assert done == Ran(
        1,
        f"{team}:3: lanes.lockTimeot: unknown setting; did you mean 'lockTimeout'?\n"
        f"{team}:4: lanes.lockTimeout: not a duration\n"
        f"{team}:5: lanes.workspaceRoot: '/etc' is neither in the repository nor beside it\n"
        f"{team}:6: lanes.exclude: not a list of patterns\n"
        f"{team}:8: gate: not a list of tables: begin each with [[gate]]\n"
        f"{config}:{start + 2}: lanes.bogus: unknown setting\n"
        f"{config}:{start + 3}: lanes.maxBlobSize: 'big' is not a size: "
        "write it as 500k, 100m or 2g\n"
        f"{config}:{start + 4}: lanes.workspaceRoot: there is no directory '{above}'\n"
        f"{config}:{start + 6}: pager.lanes: there is no program 'nosuchpager'\n"
        "GITLANES_LEASE: lanes.lease: 'long' is not a duration: write it as 90s, 5m or 1h30m\n"
        "GITLANES_LOCK_TIMEOT: unknown variable; did you mean 'GITLANES_LOCK_TIMEOUT'?\n",
        "",
    )


def test_validate_finds_nothing(repo: TestRepo, cli: Cli) -> None:
    """Settings that fit are fine, whatever else the files say."""
    repo.write({".gitlanes.toml": '[lanes]\nexclude = ["dist"]\nmaxBlobSize = "2g"\nlease = 90\n'})
    repo.git("config", "pager.lanes", f"LESS=R {sys.executable} -c pass")
    repo.git("config", "lanes.workspaceRoot", "../elsewhere")
    repo.git("config", "other.thing", "x")
    assert cli("config", "--validate") == Ran(0, "", "all settings are fine\n")
    assert cli("config", "--validate", "--json").json == {
        "schema": "gitlanes.config-check/1",
        "faults": [],
    }


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("[lanes]\nlockTimeout = \n", 2, "invalid value"),
        ("[lanes\n", 1, "expected ']' at the end of a table declaration"),
        (b"[lanes]\n\xff = 1\n", None, "'utf-8' codec can't decode byte 0xff in position 8"),
        ("x = " + "[" * 100_000, None, "maximum recursion depth exceeded"),
        ("#" * (1 << 20) + "#", None, "it is larger than 1 MiB"),
        ("lanes = 3\n", 1, "input should be a valid dictionary"),
    ],
    ids=["value", "header", "bytes", "deep", "large", "no table"],
)
def test_a_teams_file_that_is_none(
    repo: TestRepo, cli: Cli, content: str | bytes, line: int | None, problem: str
) -> None:
    """What TOML cannot be read is one finding, with its line where there is one."""
    repo.write({".gitlanes.toml": content})
    done = cli("config", "--validate")
    said = done.out.removeprefix(f"{repo.path}/.gitlanes.toml:")
    assert (done.code, len(done.out.splitlines()), done.err) == (1, 1, "")
    if line is not None:
        assert said.startswith(f"{line}:")
    assert problem in said


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (
            "[lanes\n",
            (
                "error: cannot read '.gitlanes.toml': expected ']' at the end of a table "
                "declaration (at line 1, column 7)\n"
            ),
        ),
        (
            "[lanes]\nlockTimeout = true\n",
            "error: .gitlanes.toml: lanes.lockTimeout: not a duration\n",
        ),
        (
            '[lanes]\nworkspaceRoot = "../../home"\n',
            (
                "error: .gitlanes.toml: lanes.workspaceRoot: '../../home' is neither in the "
                "repository nor beside it\n"
            ),
        ),
    ],
    ids=["no toml", "kind", "away"],
)
def test_a_bad_teams_file_stops_work_that_needs_it(
    repo: TestRepo, cli: Cli, content: str, error: str
) -> None:
    """A verb that asks for settings names what is wrong in the file; a listing does not mind.

    What only looks, or saves, goes on as if the file said nothing.
    """
    repo.write({".gitlanes.toml": content})
    done = cli("new", "auth")
    assert done == Ran(128, "", error + "hint: mend it with 'git lanes config --edit'\n")
    assert cli("list").code == 0
    assert "auth" not in cli("list").out
    warning = error.replace("error:", "warning:").replace("\n", "; gone on as if it said nothing\n")
    for command in ("status", "overlap", "snapshot", "config"):
        done = cli(command)
        assert (done.code, warning in done.err) == (0, True), command


def test_what_only_a_newer_version_knows(repo: TestRepo, cli: Cli) -> None:
    """Sections and names in the team's file that are unknown stop no work."""
    repo.write({".gitlanes.toml": "[lanes]\nnewer = 1\n[gates]\ntests = 1\n"})
    assert cli("new", "auth").code == 0


def test_a_teams_file_that_is_no_file(repo: TestRepo, cli: Cli) -> None:
    """A directory, a pipe or an endless file under that name is not read, and said to be none."""
    file = repo.path / ".gitlanes.toml"
    makers: tuple[Callable[[], None], ...] = (
        file.mkdir,
        lambda: os.mkfifo(file),
        lambda: file.symlink_to("/dev/zero"),
        lambda: file.symlink_to("src"),
        lambda: file.symlink_to("nowhere"),
    )
    for make in makers:
        make()
        assert cli("config", "--validate") == Ran(1, f"{file}: it is no file\n", "")
        assert cli("new", "auth") == Ran(
            128,
            "",
            "error: cannot read '.gitlanes.toml': it is no file\n"
            "hint: mend it with 'git lanes config --edit'\n",
        )
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()


@pytest.mark.parametrize(
    ("key", "value", "args", "problem", "refusal"),
    [
        (
            "lanes.lockTimeout",
            "soon",
            ("new", "x"),
            "'soon' is not a duration: write it as 90s, 5m or 1h30m",
            "lanes.lockTimeout is 'soon', not a duration",
        ),
        (
            "lanes.workspaceRoot",
            "~nouser/x",
            ("new", "x"),
            "'~nouser/x' is no path that git knows",
            "lanes.workspaceRoot is '~nouser/x', not a path that git knows",
        ),
        (
            "lanes.lease",
            "999d",
            ("workspace", "claim", "main", "--agent", "a"),
            "'999d' is more than a year",
            "bad lease of 8.63136e+07 seconds",
        ),
    ],
)
def test_a_value_that_cannot_be_taken(
    repo: TestRepo,
    cli: Cli,
    key: str,
    value: str,
    args: tuple[str, ...],
    problem: str,
    refusal: str,
) -> None:
    """What a verb refuses, `config --validate` has found; both name the key as people write it."""
    repo.git("config", key, value)
    found = cli("config", "--validate")
    assert (found.code, found.out.endswith(f": {problem}\n")) == (1, True)
    assert key in found.out
    assert cli(*args).err.splitlines()[0] == f"error: {refusal}"


def test_the_file_is_the_repositorys_own(repo: TestRepo, cli: Cli) -> None:
    """From within a workspace the root's file counts, not the workspace's own."""
    place = repo.lane("auth")
    repo.write({".gitlanes.toml": "[lanes]\nlockTimeout = 61\n"})
    repo.write({".gitlanes.toml": "[lanes]\nlockTimeout = 1\n"}, place)
    assert cli("config", "lanes.lockTimeout", cwd=place).out == "61\n"


def test_edit_needs_a_terminal(cli: Cli) -> None:
    """Without a terminal no editor is started."""
    assert cli("config", "--edit") == Ran(
        128, "", "error: an editor needs a terminal\nhint: edit '.gitlanes.toml' yourself\n"
    )


def test_a_bare_repository(make_repo: Callable[..., TestRepo]) -> None:
    """A bare repository has settings, and no team's file."""
    repo = make_repo(bare=True)
    assert run_cli(repo.path, repo.environ, "config", "lanes.lockTimeout").out == "60\n"
    assert run_cli(repo.path, repo.environ, "config", "--validate").code == 0
    assert run_cli(repo.path, repo.environ, "config", "--edit").err == (
        "error: a bare repository has no directory for a team's file\n"
    )


def test_outside_a_repository(tmp_path: Path, environ: dict[str, str]) -> None:
    """Outside any repository it is refused as everywhere."""
    assert run_cli(tmp_path, environ, "config").code == 128


def test_every_setting_in_use_is_known() -> None:
    """What the code asks of lanes.* is in the table."""
    source = Path(table.__file__).parent.parent
    asked = {
        key
        for path in source.rglob("*.py")
        for key in re.findall(r"\(\"(lanes\.[a-z][A-Za-z]*)\"", path.read_text())
    }
    assert len(asked) > 3
    assert asked <= {x.key for x in table.KNOWN}


def test_the_same_from_python(repo: TestRepo) -> None:
    """`Repo` lists, sets, unsets and checks settings by the same verbs."""
    repo.lanes.configure("lanes.lockTimeout", "5m")
    told = {x.key: (x.values, x.origins) for x in repo.lanes.settings().settings}
    assert told["lanes.lockTimeout"] == (("5m",), (f"file:{repo.path}/.git/config",))
    repo.lanes.configure("lanes.lockTimeout")
    with pytest.raises(Negative):
        repo.lanes.configure("lanes.lockTimeout")
    with pytest.raises(BadValue):
        repo.lanes.configure("lanes.lockTimeout", "soon")
    repo.git("config", "lanes.lockTimeout", "soon")
    assert [x.key for x in repo.lanes.validate_settings().faults] == ["lanes.lockTimeout"]


def test_a_listing_in_a_pipe_asks_for_no_settings(repo: TestRepo) -> None:
    """Colours and the pager, which settings decide, cost nothing where there is no terminal."""
    script = (
        "import sys\n"
        "from gitlanes.cli.main import call\n"
        "code = call(['list'])\n"
        "sys.exit(code or 'gitlanes.git.settings' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repo.path,
        env=repo.environ,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("key", ["color.lanes", "color.ui"])
@pytest.mark.parametrize("where", ["local", "global", "included", "command"])
def test_colours_that_are_asked_for_always(repo: TestRepo, cli: Cli, key: str, where: str) -> None:
    """`always` holds in a pipe, too, from wherever git has it; not under --json."""
    repo.lane("auth", {"auth.py": "1\n"})
    plain, green = cli("show", "auth/1").out, "\x1b[32maccepted"
    assert green not in plain
    variables = {}
    if where == "command":
        variables = {"GIT_CONFIG_PARAMETERS": f"'{key}'='always'"}
    elif where == "included":
        repo.git("config", "--file", str(repo.path.parent / "more"), key, "always")
        repo.git("config", "include.path", str(repo.path.parent / "more"))
    else:
        repo.git("config", f"--{where}", key, "always")
    assert green in in_environment(repo, variables, "show", "auth/1").out
    assert "\x1b" not in in_environment(repo, variables, "show", "auth/1", "--json").out
    assert in_environment(repo, variables, "show", "auth/1", "--color=never").out == plain
    assert in_environment(repo, {**variables, "NO_COLOR": "1"}, "show", "auth/1").out == plain
