"""Hostile names, odd files, unknown objects, unusual repositories, damage and interruption."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes import Repo
from gitlanes.errors import BadName, BadValue, NotARepository
from gitlanes.store.layout import check_lane_name, head, journal
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
HINT = "hint: use letters, digits, '.', '_' and '-', at most 100 of them\n"

HOSTILE = {
    "../x": "../x",
    "..": "..",
    ".": ".",
    "a..b": "a..b",
    "-x": "-x",
    "--force": "--force",
    "a.lock": "a.lock",
    "a.LOCK": "a.LOCK",
    "a.": "a.",
    "": "",
    "a/b": "a/b",
    "a b": "a b",
    "a\nb": "a\\x0ab",
    "a\n": "a\\x0a",
    "a\x1b[31mb": "a\\x1b[31mb",
    "a\x7f": "a\\x7f",
    "ü": "ü",
    "\udcff": "\\xff",
    "a*": "a*",
    "a~1": "a~1",
    "a^": "a^",
    "a:b": "a:b",
    "a?": "a?",
    "a[": "a[",
    "a\\b": "a\\b",
    "@": "@",
    "a@{1}": "a@{1}",
    "refs/heads/main": "refs/heads/main",
    "HEAD": "HEAD",
    "head": "head",
    "ORIG_HEAD": "ORIG_HEAD",
    "con": "con",
    "NUL.txt": "NUL.txt",
    "lpt1": "lpt1",
    "deadbeef": "deadbeef",
    "0" * 40: "0" * 40,
    "x" * 101: "x" * 57 + "...",
    "x" * 10240: "x" * 57 + "...",
}

# Near the id of an attempt that exists: 'auth/1'.
ODD_ATTEMPTS = {
    **{x: x for x in ("auth/01", "auth/+1", "auth/-1", "auth/1.0", "auth/1/2", "auth//1", "auth/")},
    **{x: x for x in ("../auth/1", "./auth/1", "x/../auth/1", "-x/1", "--all/1", "/1", "/", "")},
    **{x: x for x in ("auth/1^{tree}", "auth/1@{0}", "auth/1~1", "auth/*", "auth/1:auth.py")},
    **{x: x for x in ("auth/\u0661", "auth/\u00b9", "auth/s0", "refs/lanes/head/auth/1")},
    "auth/1\n": "auth/1\\x0a",
    " auth/1": " auth/1",
    "auth/1\n2": "auth/1\\x0a2",
    "auth/1\x1b[31m": "auth/1\\x1b[31m",
    "\udcff/1": "\\xff/1",
    "auth/" + "9" * 5000: "auth/" + "9" * 52 + "...",
    "x" * 5000 + "/1": "x" * 57 + "...",
}

ODD_FILES = [
    "new\nline",
    "tab\there",
    "carriage\rreturn",
    "escape\x1b[31mred",
    'quote"s',
    "apostrophe's",
    "back\\slash",
    "-rf",
    "--force",
    ":(glob)*",
    "*",
    "a b",
    " ",
    "ünïcödé",
    "\udcff\udcfe",
    "new\n\nline/\x01/-x",
]


@pytest.mark.parametrize("args", [("new",), ("new", "--no-workspace")], ids=len)
def test_hostile_lane_names_are_refused(repo: TestRepo, args: tuple[str, ...]) -> None:
    """A lane name that git, a file system or a reader could misunderstand is refused in a line."""
    before, beside = repo.refs(), sorted(os.listdir(repo.path.parent))
    for name, told in HOSTILE.items():
        done = run_cli(repo.path, repo.environ, *args, "--", name)
        assert (done.code, done.out) == (128, ""), name
        assert done.err.startswith(f"error: bad lane name '{told}': it ")
        assert done.err.endswith(HINT)
        assert done.err.count("\n") == 2
    assert repo.refs() == before
    assert sorted(os.listdir(repo.path.parent)) == beside


@pytest.mark.parametrize("command", ["delete", "path", "promote", "status", "check", "export"])
def test_hostile_names_of_lanes_that_do_not_exist(repo: TestRepo, command: str) -> None:
    """Where a lane is asked for, such a name is not found, said without control codes."""
    before = repo.refs()
    for name in ("../x", "a\x1b[31mb", "x" * 10240, "", "a\nb", "HEAD"):
        done = run_cli(repo.path, repo.environ, command, "--", name)
        assert (done.code, done.out) in {(128, ""), (129, "")}, name
        assert done.err.startswith("error: ")
        assert len(done.err) < 400
        assert "\x1b" not in done.err
    assert repo.refs() == before


def test_twins_in_case_are_refused(repo: TestRepo, cli: Cli) -> None:
    """`A` beside `a` is refused, for some file systems cannot tell the refs apart."""
    repo.lane("auth")
    assert cli("new", "Auth") == Ran(
        128,
        "",
        "error: lane 'Auth' differs from lane 'auth' only in case\n"
        "hint: some file systems cannot tell them apart: choose another name\n",
    )
    cli("delete", "auth", "--yes")
    assert cli("new", "AUTH").code == 128


@given(st.text(st.characters(codec="ascii"), max_size=12) | st.text(max_size=8))
@settings(max_examples=60, deadline=None)
def test_accepted_names_are_good_ref_names(name: str) -> None:
    """Every name that gitlanes accepts makes refs that `git check-ref-format` accepts."""
    try:
        check_lane_name(name)
    except BadName:
        return
    for ref in (head(name), journal(name)):
        subprocess.run(["git", "check-ref-format", ref], check=True)


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True))
@settings(max_examples=60, deadline=None)
def test_names_that_git_refuses_are_refused(name: str) -> None:
    """Among names of allowed characters, none that git refuses is accepted."""
    if subprocess.run(["git", "check-ref-format", head(name)], check=False).returncode:
        with pytest.raises(BadName):
            check_lane_name(name)


@pytest.mark.parametrize("file", ODD_FILES)
def test_odd_file_names_on_the_whole_way(repo: TestRepo, cli: Cli, file: str) -> None:
    """Any name a file can have goes through commit, history, promote, collision and force."""
    shown = "".join(
        f"\\x{ord(x) & 0xFF:02x}" if ord(x) < 32 or "\ud800" <= x <= "\udfff" else x for x in file
    )
    for lane in ("a", "b"):
        place = repo.lane(lane)
        repo.write({file: f"{lane}\n"}, place)
        done = run_cli(place, repo.environ, "commit", "-m", "x", "--agent", lane, "--", file)
        assert done.code == 0, done.err
    assert cli("show", "a/1").out.splitlines()[-1] == f"A\t{shown}"
    assert cli("show", "a/1", "--json").json["files"][0]["path"] == file
    assert cli("promote", "b").code == 0
    assert (repo.path / file).read_text() == "b\n"
    assert repo.git("status", "--porcelain") == ""
    refused = cli("promote", "a")
    assert refused.code == 1
    assert refused.err.splitlines()[0] == (
        f"collision: '{shown}': source added it in a/1 by a; target added it in b/1 by b"
    )
    assert cli("promote", "a", "--json").json["collisions"][0]["path"] == file
    forced = cli("promote", "a", "--force", file)
    assert forced.code == 0
    assert f"forced: {shown}" in forced.out.splitlines()
    assert (repo.path / file).read_text() == "a\n"
    repo.write({file: "unsaved\n"})
    assert cli("status").out.splitlines()[-1] == f"   M {shown}"


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "\x9b31m", "a\rb", "a\tb"])
def test_nothing_recorded_moves_a_cursor(repo: TestRepo, cli: Cli, text: str) -> None:
    """Control characters in messages, prompts, tags and reasons do not reach a terminal."""
    place = repo.lane("auth")
    repo.write({"auth.py": "a\n"}, place)
    said = ("-m", f"Title {text}", "--prompt", f"P {text}\nsecond", "--model", text, "--tag", text)
    assert cli("propose", "auth", *said).code == 0
    assert cli("reject", "auth/1", "--by", "me", "--reason", text).code == 0
    commands = (["list"], ["status"], ["history"], ["history", "-v"], ["show", "auth/1"])
    for command in (*commands, ["show", "auth"], ["accept", "auth/1"]):
        done = cli(*command)
        printed = (done.out + done.err).replace("\n", "").replace("M\tauth.py", "")
        assert not [x for x in printed if ord(x) < 32 or 0x7F <= ord(x) < 0xA0], command
    told = cli("show", "auth/1", "--json").json["attempts"][0]
    assert told["notes"]["intents"][0]["model"] == text


def test_a_patch_on_a_terminal_is_harmless(repo: TestRepo) -> None:
    """`diff --content` on a terminal shows control characters of files as text."""
    repo.lane("auth", {"auth.py": "\x1b[31mred\n\ttab\n"})
    shown, terminal = pty.openpty()
    with os.fdopen(terminal, "wb") as out:
        subprocess.run(
            [sys.executable, "-m", "gitlanes", "diff", "main", "auth", "--content"],
            cwd=repo.path,
            env={**repo.environ, "NO_COLOR": "1", "GIT_PAGER": "cat"},
            stdout=out,
            check=True,
        )
        printed = os.read(shown, 65536).decode()
    os.close(shown)
    assert "+\\x1b[31mred" in printed
    assert "\x1b" not in printed


UNKNOWN = [
    (["new", "x", "--from", "auht"], "state 'auht' not found\nhint: did you mean 'auth'?"),
    (["new", "x", "--from", "auht/1"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["new", "x", "--from", "auth/7"], "attempt 'auth/7' not found\nhint: attempts are named"),
    (["new", "x", "--from", "--all"], "state '--all' not found\nhint: name a lane"),
    (["new", "x", "--from", "HEAD:auth.py"], "state 'HEAD:auth.py' not found\nhint: name"),
    (["new", "x", "--from", "main..auth"], "state 'main..auth' not found\nhint: "),
    (["promote", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["promote", "auth", "--into", "man"], "lane 'man' not found\nhint: did you mean 'main'?"),
    (["accept", "auth"], "attempt 'auth' not found\nhint: attempts are named LANE/NUMBER"),
    (["accept", "auth/0"], "attempt 'auth/0' not found\nhint: attempts are named"),
    (["reject", "auth/99999999999"], "attempt 'auth/99999999999' not found\nhint: "),
    (["accept", "nothing/1"], "lane 'nothing' not found\nhint: see 'git lanes list'"),
    (["diff", "auth", "auht"], "state 'auht' not found\nhint: did you mean 'auth'?"),
    (["delete", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["path", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["status", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["check", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["commit", "auth", "--", "nowhere"], "path 'nowhere' not found\nhint: it is neither in"),
    (["commit", "auth", "--", "src/ap.py"], "path 'src/ap.py' not found\nhint: did you mean"),
    (["show", "I0000"], "change 'I0000' not found\nhint: see 'git lanes history'"),
    (["show", "00000000-1"], "operation '00000000-1' not found\nhint: see 'git lanes history'"),
    (["trace", "auht"], "state 'auht' not found\nhint: did you mean 'auth'?"),
    (["history", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["history", "--from", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["history", "--into", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["restore", "auth/s7", "auth"], "state 'auth/s7' not found\nhint: did you mean 'auth'?"),
    (["cat", "auth", "auht.py"], "path 'auth:auht.py' not found\nhint: did you mean"),
    (["workspace", "create", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["workspace", "remove", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["workspace", "update", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["workspace", "switch", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (["workspace", "who", "auht"], "lane 'auht' not found\nhint: did you mean 'auth'?"),
    (
        ["workspace", "remove", "auth@7"],
        "workspace 'auth@7' not found\nhint: did you mean 'auth'?",
    ),
]


def test_unknown_objects(repo: TestRepo, cli: Cli) -> None:
    """An unknown lane, attempt, state or path is 128 with the nearest name; nothing moves."""
    repo.lane("auth", {"auth.py": "a\n"})
    before = repo.refs()
    for args, said in UNKNOWN:
        done = cli(*args)
        assert (done.code, done.out) == (128, ""), args
        assert done.err.startswith(f"error: {said}")
    assert repo.refs() == before


@pytest.mark.parametrize("verb", ["show", "accept", "reject"])
def test_hostile_attempt_ids(repo: TestRepo, cli: Cli, verb: str) -> None:
    """What is almost an attempt's id names none, and is said without control codes."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    before = repo.refs()
    what = "state" if verb == "show" else "attempt"
    for name, told in ODD_ATTEMPTS.items():
        done = cli(verb, "--", name)
        assert (done.code, done.out) == (128, "")
        assert done.err.startswith(f"error: {what} '{told}' not found\nhint: ")
        assert (done.err.count("\n"), "\x1b" in done.err) == (2, False)
    assert repo.refs() == before


def test_a_tag_of_a_file_is_no_start(repo: TestRepo, cli: Cli) -> None:
    """A ref that names no commit is no start for a lane."""
    repo.git("tag", "blob", "HEAD:auth.py")
    assert cli("new", "x", "--from", "blob").err.startswith("error: state 'blob' not found\n")


def test_json_errors_are_json(repo: TestRepo, cli: Cli) -> None:
    """With --json a refusal is one object on stdout, with the same line on stderr."""
    repo.lane("auth")
    done = cli("promote", "auht", "--json")
    assert done.code == 128
    assert done.json == {
        "schema": "gitlanes.error/1",
        "error": "not_found",
        "message": "lane 'auht' not found",
        "hint": "did you mean 'auth'?",
        "exit_code": 128,
        "nearest": "auth",
    }
    assert done.err == "error: lane 'auht' not found\nhint: did you mean 'auth'?\n"


USAGE = {
    ("list", "--xyz"): ("no such option '--xyz'", "see 'git lanes list -h'"),
    ("list", "--jsno"): ("no such option '--jsno'", "did you mean '--json'?"),
    ("lits",): ("no such command 'lits'", "did you mean 'list'?"),
    ("--xyz", "list"): ("no such option '--xyz'", "see 'git lanes -h'"),
    ("--json", "list"): (
        "no such option '--json'",
        "put it behind the command, as in 'git lanes list --json'",
    ),
    ("show",): ("missing argument 'OBJECT'", "see 'git lanes show -h'"),
    ("show", "a", "b\x1b[31m"): (
        "got unexpected extra argument (b\\x1b[31m)",
        "see 'git lanes show -h'",
    ),
}


def test_what_no_command_understands(cli: Cli) -> None:
    """It is one line without control codes and a hint, and under --json an object besides."""
    for args, (message, hint) in USAGE.items():
        said = f"error: {message}\nhint: {hint}\n"
        done = cli(*args, "--json")
        assert (done.code, done.err) == (129, said)
        assert done.json == {
            "schema": "gitlanes.error/1",
            "error": "bad_value",
            "exit_code": 129,
            "message": message.replace("\\x1b", "\x1b"),
            "hint": hint,
        }
        if "--json" not in args:
            assert cli(*args) == Ran(129, "", said)
    assert cli("show", "--", "--json").out == ""


@pytest.mark.parametrize(
    "args",
    [
        ("commit", "auth", "-m", "x", "--", ""),
        ("propose", "auth", "-m", "x", "--", "auth.py", ""),
        ("diff", "main", "auth", "--", ""),
        ("cat", "main", ""),
    ],
    ids=lambda x: x[0],
)
def test_an_empty_path(repo: TestRepo, cli: Cli, args: tuple[str, ...]) -> None:
    """An empty path, of a variable that is not set say, is no path; it never means all."""
    repo.write({"auth.py": "2\n"}, repo.lane("auth"))
    before = repo.refs()
    assert cli(*args) == Ran(129, "", "error: empty path\nhint: name a file, or '.' for all\n")
    with pytest.raises(BadValue, match=r"^empty path$"):
        repo.lanes.commit("auth", paths=["auth.py", ""])
    assert repo.refs() == before


@pytest.mark.parametrize("command", ["list", "status", "commit", "demo"])
def test_a_present_directory_that_is_gone(repo: TestRepo, command: str) -> None:
    """Where one stands in a directory that somebody removed, that is said."""
    gone = repo.path / "gone"
    gone.mkdir()
    script = 'rmdir "$PWD" && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-P", "-m", "gitlanes", command],
        cwd=gone,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        128,
        "",
        "error: the present directory is gone\nhint: cd into the repository\n",
    )


def test_a_fault_of_ours_is_no_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is one line that says how to report it; --debug shows where it was."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("one\nand \x1b[31mtwo")

    monkeypatch.setattr("gitlanes.lanes.listing.list_lanes", broken)
    assert cli("list") == Ran(
        128,
        "",
        "error: internal error: ZeroDivisionError: one\\x0aand \\x1b[31mtwo\n"
        "hint: run it again with --debug, and report what it prints\n",
    )
    assert cli("list", "--json").json["error"] == "internal_error"
    with pytest.raises(ZeroDivisionError):
        cli("list", "--debug")


REFUSED = {
    ("new", "q", "--path", ""): (129, "empty path", "name a directory"),
    ("workspace", "create", "auth", "--path", ""): (129, "empty path", "name a directory"),
    ("new", "q", "--path", ".git/q"): (
        128,
        "'{top}/.git/q' is in the git directory",
        "choose another place with --path",
    ),
    ("new", "q", "--path", "/proc/q"): (
        128,
        (
            "git worktree failed: could not create leading directories of '/proc/q/.git': "
            "No such file or directory"
        ),
        "mend that, then repeat the command",
    ),
    ("workspace", "remove", "."): (
        128,
        "workspace of lane 'main' is the repository itself",
        "only linked workspaces can be removed",
    ),
    ("history", "auth", "--lane", "main"): (129, "LANE and --lane exclude each other", ""),
    ("history", "--since", " "): (129, "bad date ' '", "write 2026-01-31, or '2 days ago'"),
    ("cost", "--since", "yestrday"): (
        129,
        "bad date 'yestrday'",
        "write 2026-01-31, or '2 days ago'",
    ),
    ("list", "-z", "--json"): (129, "--json and --porcelain exclude each other", ""),
    ("history", "-z", "--json"): (129, "--json and --porcelain exclude each other", ""),
    ("diff", "main", "auth", "-z", "--json"): (
        129,
        "--json and --porcelain exclude each other",
        "",
    ),
    ("commit", "auth", "--prompt-file", "/nowhere"): (
        129,
        "cannot read the prompt file '/nowhere': no such file or directory",
        "",
    ),
}


def test_what_is_refused(repo: TestRepo, cli: Cli) -> None:
    """Each is a line that names the thing, and a hint where there is a way out; nothing moves."""
    repo.lane("auth", {"auth.py": "a\n"})
    before = repo.refs()
    for args, (code, message, hint) in REFUSED.items():
        done = cli(*args)
        hints = f"hint: {hint}\n" if hint else ""
        assert (done.code, done.err) == (code, f"error: {message}\n{hints}".format(top=repo.path))
    assert repo.refs() == before


DURATIONS = ["9" * 400, "9" * 400 + "d", "36526d", "soon", "", "-1", "1e3", "nan", "inf"]


@pytest.mark.parametrize("given_", DURATIONS, ids=lambda x: x[:8])
@pytest.mark.parametrize(
    "args",
    [
        ("commit", "auth", "-m", "x", "--wall"),
        ("workspace", "claim", "auth", "--agent", "a", "--lease"),
        ("snapshot", "prune", "--older-than"),
    ],
    ids=lambda x: x[-1],
)
def test_durations_that_are_none(
    repo: TestRepo, cli: Cli, args: tuple[str, ...], given_: str
) -> None:
    """A duration that is none, or longer than a century, is refused wherever one is given."""
    repo.lane("auth")
    shown = given_ if len(given_) <= 60 else given_[:57] + "..."
    assert cli(*args[:-1], f"{args[-1]}={given_}") == Ran(
        129, "", f"error: bad duration '{shown}'\nhint: write it as 90s, 5m or 1h30m\n"
    )


def test_a_git_dir_that_is_none(repo: TestRepo) -> None:
    """Where GIT_DIR leads nowhere, that is what is named."""
    assert run_cli(repo.path, {**repo.environ, "GIT_DIR": "/nowhere"}, "list") == Ran(
        128,
        "",
        "error: not a git repository: '/nowhere'\nhint: run 'git init', or go into a repository\n",
    )


def test_a_directory_whose_name_is_too_long(repo: TestRepo) -> None:
    """Opened from Python it is no repository, as any other that is not there."""
    with pytest.raises(NotARepository, match=r"^not a directory: 'x{57}[.]{3}'$"):
        Repo.open("x" * 5000, environ=repo.environ)


def test_a_sha256_repository_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    """A repository of another object format is refused with the reason and the way out."""
    repo = TestRepo(tmp_path / "sha256", environ)
    repo.path.mkdir()
    repo.git("init", "--quiet", "--object-format=sha256")
    repo.save({"a": "a\n"})
    assert run_cli(repo.path, environ, "init") == Ran(
        128,
        "",
        "error: repository uses object format 'sha256', which libgit2 cannot read\n"
        "hint: use a repository with the sha1 object format (git's default)\n",
    )
    assert list(repo.refs()) == ["refs/heads/main"]


def test_extensions_that_only_git_knows(make_repo: Callable[..., TestRepo]) -> None:
    """A repository that git reads and libgit2 refuses to open works for a lane's whole way."""
    import pygit2

    repo = make_repo(adopted=False)
    repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", "extensions.partialClone", "origin")
    repo.git("config", "extensions.worktreeConfig", "true")
    with pytest.raises(pygit2.GitError):
        pygit2.Repository(str(repo.path))

    def lanes(*args: str, cwd: Path | None = None) -> Ran:
        done = run_cli(cwd or repo.path, repo.environ, *args)
        assert done.code == 0, done.err
        return done

    lanes("init")
    for name in ("a", "b"):
        place = Path(lanes("new", name, "--json").json["path"])
        repo.write({f"{name}.txt": f"{name}\n"}, place)
        lanes("propose", name, "-m", name)
        lanes("reject", f"{name}/1")
        lanes("commit", "-m", name, "--cost", "1", cwd=place)
        lanes("promote", name)
    lanes("history")
    lanes("diff", "a", "b")
    lanes("snapshot", "a")
    lanes("delete", "b", "--yes")
    assert {"a.txt", "b.txt"} < set(repo.files("main"))
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("command", ["init", "new", "commit", "propose", "promote", "snapshot"])
def test_no_identity(make_repo: Callable[..., TestRepo], command: str) -> None:
    """Without a user name every writing verb is one clear line and 128, and nothing moves."""
    repo = make_repo(adopted=command != "init")
    if command != "init":
        place = repo.lane("auth", {"auth.py": "a\n"})
        repo.write({"more.txt": "m\n"}, place)
    before = repo.refs()
    Path(repo.environ["GIT_CONFIG_GLOBAL"]).write_text("[user]\n\tuseConfigOnly = true\n")
    args = {"init": [], "new": ["other"]}.get(command, ["auth"])
    done = run_cli(repo.path, repo.environ, command, *args)
    assert done == Ran(
        128,
        "",
        "error: no author identity: git does not know your name or email address\n"
        "hint: set it with 'git config user.name NAME' and 'git config user.email ADDRESS'\n",
    )
    assert repo.refs() == before
    assert not (repo.path.with_name("repo.lanes") / "other").exists()


def test_a_journal_of_a_newer_version(repo: TestRepo, cli: Cli) -> None:
    """An entry of an unknown format is refused with the advice to upgrade."""
    repo.lane("auth")
    tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    message = 'x\n\n{"schema":"gitlanes.entry/9"}'
    oid = repo.git("commit-tree", tree, "-p", "refs/lanes/journal/auth", "-m", message)
    repo.git("update-ref", "refs/lanes/journal/auth", oid)
    assert cli("promote", "auth") == Ran(
        128,
        "",
        f"error: journal entry {oid[:12]} has format 'gitlanes.entry/9'\n"
        "hint: it was written by a newer gitlanes: upgrade yours\n",
    )


def test_notes_that_people_wrote(repo: TestRepo, cli: Cli) -> None:
    """Text that people add to our notes is skipped, and what is recorded stays."""
    repo.lane("auth", {"auth.py": "a\n"})
    head_of_lane = repo.rev("refs/lanes/head/auth")
    repo.git("notes", "--ref=lanes/intents", "append", "-m", "by hand", head_of_lane)
    repo.git("notes", "--ref=lanes/costs", "add", "-m", "[1, 2]\nnull\n\xff", head_of_lane)
    told = cli("show", "auth/1", "--json").json["attempts"][0]["notes"]
    assert (len(told["intents"]), told["costs"]) == (1, [])
    assert cli("promote", "auth", "--mode", "squash").code == 0
    assert "by hand" in repo.git("notes", "--ref=lanes/intents", "show", "main")


@pytest.mark.parametrize("value", ["soon", "-"])
def test_a_setting_that_makes_no_sense(repo: TestRepo, cli: Cli, value: str) -> None:
    """A duration in git config that is none is named with its key."""
    repo.git("config", "lanes.lockTimeout", value)
    assert cli("new", "auth") == Ran(
        128,
        "",
        f"error: lanes.lockTimeout is '{value}', not a duration\n"
        "hint: see 'git lanes config --validate'\n",
    )


def test_help_and_version(cli: Cli) -> None:
    """`-h` works for the whole and for each command; an unknown command is 129."""
    from gitlanes import __version__
    from gitlanes.cli.main import COMMANDS

    assert cli("--version").out == f"git-lanes {__version__}\n"
    for command in COMMANDS:
        done = cli(command, "-h")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"Usage: git lanes {command} ")
        assert command in cli("-h").out
    unknown = cli("xyzzy")
    assert unknown == Ran(129, "", "error: no such command 'xyzzy'\nhint: see 'git lanes -h'\n")
    assert cli().code == 129


@pytest.mark.parametrize("role", ["AUTHOR", "COMMITTER"])
def test_a_date_that_is_none(repo: TestRepo, role: str) -> None:
    """It is named, and not taken for a missing identity."""
    repo.environ[f"GIT_{role}_DATE"] = "rubbish"
    done = run_cli(repo.path, repo.environ, "new", "auth")
    assert (done.code, done.err.splitlines()[0]) == (
        128,
        f"error: GIT_{role}_DATE is no date that git knows",
    )
