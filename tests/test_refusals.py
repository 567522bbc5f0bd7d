"""Refusals word for word: each is one line that names the thing, and a hint; nothing moves."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
Refuses = Callable[..., None]

JOURNAL = "refs/lanes/journal/auth"
INTENTS = "refs/notes/lanes/intents"


@pytest.fixture
def stage(repo: TestRepo) -> Iterator[Path]:
    """The workspace of lane auth, which has attempts; at the end every ref is where it was."""
    place = repo.lane("auth", {"auth.py": "better\n"})
    repo.propose("auth", {"auth.py": "best\n"})
    repo.lanes.new("bare", workspace=False)
    before = repo.refs()
    yield place
    assert repo.refs() == before


@pytest.fixture
def refuses(stage: Path, cli: Cli) -> Refuses:
    """A checker, in the repository's own directory: ``refuses(args, code, said)``."""
    assert stage.is_dir()

    def check(args: tuple[str, ...], code: int, said: str) -> None:
        assert (args, cli(*args)) == (args, Ran(code, "", said))

    return check


BAD_AGENTS = {
    "x" * 5000: "x" * 57 + "...",
    "a\udcffb": "a\\xffb",
    "a\x1b[31mb": "a\\x1b[31mb",
    "a\nb": "a\\x0ab",
    " ": " ",
}


@pytest.mark.parametrize("agent", BAD_AGENTS)
def test_bad_agents(repo: TestRepo, refuses: Refuses, agent: str) -> None:
    """An agent that could not be told is recorded by no verb."""
    repo.write({"auth.py": "edited\n"}, repo.workspace("auth"))
    for args in (
        ("commit", "auth", "-m", "x", "--agent", agent),
        ("commit", "auth", "--amend", "--agent", agent),
        ("propose", "auth", "-m", "x", "--agent", agent),
        ("promote", "auth", "--agent", agent),
        ("new", "other", "--agent", agent),
        ("workspace", "claim", "auth", "--agent", agent),
        ("accept", "auth/2", "--by", agent),
        ("reject", "auth/2", "--by", agent),
    ):
        refuses(
            args,
            129,
            f"error: bad agent id '{BAD_AGENTS[agent]}'\n"
            "hint: use printable characters, at most 200 of them\n",
        )


# Where a name of the place is what it cannot be, and what is said of it.
NO_LANE = "error: lane '{0}' not found\nhint: see 'git lanes list'\n"
NEAR_LANE = "error: lane '{0}' not found\nhint: did you mean 'auth'?\n"
NEAR_STATE = "error: state '{0}' not found\nhint: did you mean 'auth'?\n"
NO_ATTEMPT = (
    "error: attempt '{0}' not found\n"
    "hint: attempts are named LANE/NUMBER; see 'git lanes history'\n"
)
NO_WORKSPACE = (
    "error: workspace of lane '{0}' not found\nhint: run 'git lanes workspace create {0}'\n"
)

BAD_NAMES = {
    **dict.fromkeys(
        ("../x", "-x", "--force", "a/b", "a b", "a*", "a~1", "a^", "a:b", "a?", "a[", "a\\b"),
        "it has a character or a beginning that is not allowed",
    ),
    **dict.fromkeys(
        ("..", ".", "@", "a@{1}", "refs/heads/main"),
        "it has a character or a beginning that is not allowed",
    ),
    "": "it is empty",
    "x" * 101: "it is longer than 100 characters",
    "a..b": "it contains '..'",
    "a.": "it ends in '.'",
    **dict.fromkeys(("a.lock", "a.LOCK"), "it ends in '.lock'"),
    **dict.fromkeys(("con", "NUL.txt", "lpt1"), "it is a device name on Windows"),
    **dict.fromkeys(("deadbeef", "0" * 40), "it looks like an object id"),
    **dict.fromkeys(("HEAD", "head", "ORIG_HEAD"), "it looks like one of git's own refs"),
}


def test_bad_names_for_lanes(refuses: Refuses) -> None:
    """A name that git, a file system or a reader could misunderstand is refused for its reason."""
    for name, reason in BAD_NAMES.items():
        shown = name if len(name) <= 60 else name[:57] + "..."
        said = (
            f"error: bad lane name '{shown}': {reason}\n"
            "hint: use letters, digits, '.', '_' and '-', at most 100 of them\n"
        )
        refuses(("new", "--", name), 128, said)
        refuses(("rename", "--", "auth", name), 128, said)


def test_names_that_no_lane_has(refuses: Refuses) -> None:
    """Where a lane is asked for, a name that none can have is one that none has."""
    verbs = (
        *(("delete",), ("path",), ("promote",), ("status",), ("check",), ("export",)),
        *(("archive",), ("unarchive",), ("overlap",)),
        *(("stack", "list"), ("stack", "unassigned")),
        *(("edit", "--description", "x"), ("workspace", "create"), ("workspace", "who")),
    )
    for name in ("../x", "", "HEAD", "-x", "refs/heads/main", "a..b", "x" * 10240):
        shown = name if len(name) <= 60 else name[:57] + "..."
        for verb in verbs:
            refuses((*verb, "--", name), 128, NO_LANE.format(shown))


UNKNOWN: dict[tuple[str, ...], str] = {
    **{
        tuple(args.split()): NEAR_LANE.format("auht")
        for args in (
            *("status auht", "path auht", "propose auht", "commit auht -m x", "snapshot auht"),
            *("accept auht/1", "reject auht/1", "promote auht", "promote auth --into auht"),
            *("check auht", "check auth auht", "overlap auht", "edit auht --description x"),
            *("rename auht x", "archive auht", "unarchive auht", "delete auht --yes"),
            *("bind auht side", "export auht", "history auht", "history --from auht"),
            *("stack list auht", "stack unassigned auht", "stack create x --lane auht"),
            *("stack show auht:x", "promote auht --stack x", "promote auht --change auth/1"),
            *("history --into auht", "restore main auht", "snapshot list auht"),
            *("workspace create auht", "workspace update auht", "workspace remove auht"),
            *("workspace switch auht", "workspace switch bare --workspace auht"),
            *("workspace claim auht --agent a", "workspace release auht", "workspace who auht"),
            *("task add x --lane auht", "task list auht", "task next --lane auht"),
        )
    },
    **{
        tuple(args.split()): NEAR_STATE.format("auht")
        for args in (
            *("show auht", "trace auht", "cat auht auth.py", "diff auht", "diff main auht"),
            *("restore auht auth", "new x --from auht", "workspace update auth --to auht"),
            *("workspace create bare --at auht",),
        )
    },
    **{
        tuple(args.split()): NO_ATTEMPT.format("auth/9")
        for args in (
            *("show auth/9", "trace auth/9", "cat auth/9 auth.py", "diff auth auth/9"),
            *("accept auth/9", "reject auth/9", "restore auth/9 auth", "new x --from auth/9"),
            *("workspace create bare --at auth/9", "workspace update auth --to auth/9"),
        )
    },
    **{
        tuple(args.split()): NO_WORKSPACE.format("bare")
        for args in (
            *("path bare", "propose bare", "commit bare -m x", "snapshot bare"),
            *("restore main bare", "workspace update bare", "workspace claim bare --agent a"),
        )
    },
    **{
        tuple(args.split()): "error: task 'x' not found\nhint: see 'git lanes task list'\n"
        for args in (
            *("task show x", "task edit x --priority 1", "task start x --agent a"),
            *("task complete x", "task check x", "task release x", "task abandon x"),
        )
    },
    **{
        tuple(args.split()): "error: stack 'x' not found\nhint: see 'git lanes stack list'\n"
        for args in (
            *(
                "stack show x",
                "stack edit x --approvals 1",
                "stack add x auth/1",
                "export --stack x",
            ),
            *("stack remove x 1", "stack split x/1 --after 1", "stack merge x 1 2"),
            *("stack reorder x 1", "stack move x auth/1 --to 1", "stack title x/1 y"),
            *("stack describe x/1 y", "stack delete x --yes", "promote --stack x"),
            *(
                "review request x/1",
                "review approve x/1",
                "review export x",
                "review note x/1 -m y",
            ),
        )
    },
    **{
        tuple(args.split()): (
            "error: block 'x' not found\n"
            "hint: blocks are named STACK/NUMBER; see 'git lanes stack show'\n"
        )
        for args in (
            *("stack split x --after 1", "stack title x y", "stack describe x y"),
            *("review request x", "review approve x", "review reopen x"),
        )
    },
    ("stack", "create", "x", "nope"): (
        "error: change 'nope' not found\n"
        "hint: name a Change-Id, an attempt, a lane, or one of the lane's commits\n"
    ),
    ("promote", "auth", "--change", "nope"): (
        "error: change 'nope' not found\n"
        "hint: name a Change-Id, an attempt, a lane, or one of the lane's commits\n"
    ),
    ("workspace", "remove", "bare"): (
        "error: workspace of lane 'bare' not found\nhint: see 'git lanes workspace list'\n"
    ),
    ("workspace", "remove", "/nowhere"): (
        "error: workspace '/nowhere' not found\nhint: see 'git lanes workspace list'\n"
    ),
    ("show", "auth/s9"): "error: snapshot 'auth/s9' not found\nhint: see 'git lanes show auth'\n",
    ("snapshot", "show", "auth/s9"): (
        "error: snapshot 'auth/s9' not found\nhint: see 'git lanes snapshot list'\n"
    ),
    ("snapshot", "prune", "auth/s9", "--yes"): (
        "error: snapshot 'auth/s9' not found\nhint: see 'git lanes snapshot list'\n"
    ),
    ("restore", "auth/s9", "auth"): NEAR_STATE.format("auth/s9"),
    ("show", "I" + "0" * 40): (
        f"error: change 'I{'0' * 40}' not found\nhint: see 'git lanes history'\n"
    ),
    ("show", "01a21272-8145-7dac-a0ae-0099c9243909"): (
        "error: operation '01a21272-8145-7dac-a0ae-0099c9243909' not found\n"
        "hint: see 'git lanes history'\n"
    ),
    ("show", "0" * 40): (
        f"error: state '{'0' * 40}' not found\n"
        "hint: name a lane, an attempt, a snapshot or a git revision\n"
    ),
    ("promote", "auth", "--force", "nope"): (
        "error: collision on 'nope' not found\nhint: only colliding paths can be forced\n"
    ),
}


def test_unknown_things(repo: TestRepo, refuses: Refuses) -> None:
    """What is not there is named as what it would be, with the nearest of its kind."""
    for args, said in UNKNOWN.items():
        refuses(args, 128, said)
    whole, below = repo.rev("main^{tree}")[:12], repo.rev("main:src")[:12]
    refuses(
        ("cat", "main", "nope"),
        128,
        "error: path 'main:nope' not found\n"
        f"hint: list the paths with: git ls-tree -r --name-only {whole}\n",
    )
    refuses(
        ("cat", "main", "src"),
        128,
        f"error: 'src' is a directory in 'main'\nhint: list it with: git ls-tree {below}\n",
    )


def test_what_cannot_be_done_as_things_stand(repo: TestRepo, refuses: Refuses) -> None:
    """A name that is taken, a decision that was made, a lane that is needed: and the way out."""
    place = repo.workspace("auth")
    own = "error: lane 'main' is the repository's own\nhint: other lanes can be {0}\n"
    itself = (
        "error: lane '{0}' cannot be promoted into itself\n"
        "hint: name another lane, or the target with --into LANE\n"
    )
    decided = (
        "error: auth/1 is accepted already\n"
        "hint: only proposed attempts can be decided; propose the work again\n"
    )
    waits = (
        "error: lane 'auth' has open attempts: auth/2\n"
        "hint: accept or reject them first, or use --force\n"
    )
    for args, said in (
        (("new", "auth"), "error: lane 'auth' exists already\nhint: see 'git lanes show auth'\n"),
        (
            ("rename", "auth", "main"),
            "error: lane 'main' exists already\nhint: see 'git lanes show main'\n",
        ),
        (
            ("rename", "auth", "Main"),
            (
                "error: lane 'Main' differs from lane 'main' only in case\n"
                "hint: some file systems cannot tell them apart: choose another name\n"
            ),
        ),
        (("archive", "main"), own.format("archived")),
        (("delete", "main", "--yes"), own.format("deleted")),
        (("archive", "auth"), waits),
        (("delete", "auth", "--yes"), waits),
        (
            ("delete", "auth"),
            "error: this needs a confirmation, and there is no terminal\nhint: use --yes\n",
        ),
        (("accept", "auth/1"), decided),
        (("reject", "auth/1"), decided),
        (("promote", "main"), itself.format("main")),
        (("stack", "create", "x", "--lane", "main"), itself.format("main")),
        (
            ("stack", "create", "x", "auth/2"),
            (
                "error: auth/2 is no change that waits to land: it is proposed\n"
                "hint: see what waits: git lanes stack unassigned auth\n"
            ),
        ),
        (("check", "main"), itself.format("main")),
        (("promote", "auth", "--into", "auth"), itself.format("auth")),
        (
            ("workspace", "create", "auth"),
            (
                f"error: lane 'auth' has a workspace already: '{place}'\n"
                "hint: remove it with 'git lanes workspace remove auth'\n"
            ),
        ),
        (
            ("workspace", "remove", "main"),
            (
                "error: workspace of lane 'main' is the repository itself\n"
                "hint: only linked workspaces can be removed\n"
            ),
        ),
        (
            ("workspace", "switch", "bare"),
            (
                "error: the repository's own directory cannot be handed to another lane\n"
                "hint: go into another lane's workspace, or name one with --workspace\n"
            ),
        ),
        (
            ("bind", "auth", "main"),
            (
                "error: lane 'main' is bound to branch 'main'\n"
                "hint: let them part first with 'git lanes bind main --unset'\n"
            ),
        ),
        (
            ("export", "auth", "--branch", "main"),
            (
                f"error: branch 'main' is checked out in '{repo.path}'\n"
                "hint: choose another with --branch, or take that directory off it first\n"
            ),
        ),
    ):
        refuses(args, 128, said)


def test_answers_of_no(refuses: Refuses) -> None:
    """Where there is nothing to do, that is the answer, and the exit code 1."""
    for args, said in (
        (
            ("promote", "bare"),
            (
                "error: nothing to promote: 'main' has all accepted work of 'bare'\n"
                "hint: commit work in the lane first\n"
            ),
        ),
        (
            ("edit", "auth"),
            (
                "error: nothing to edit: lane 'auth' is like that already\n"
                "hint: see 'git lanes show auth'\n"
            ),
        ),
        (
            ("task", "next", "--claim", "--agent", "a"),
            "error: no task is ready\nhint: see 'git lanes task list'\n",
        ),
        (
            ("bind", "bare", "--unset"),
            "error: lane 'bare' is not bound\nhint: see 'git lanes show bare'\n",
        ),
    ):
        refuses(args, 1, said)


def test_values_that_make_no_sense(refuses: Refuses) -> None:
    """An option's value that cannot be understood is 129, with what it could be."""
    branch = "error: bad branch name 'a..b'\nhint: see 'git help check-ref-format'\n"
    for args, said in (
        (
            ("promote", "auth", "--stack", "x", "--propose"),
            "error: a part of a lane lands or does not\nhint: leave --propose out\n",
        ),
        (
            ("promote", "auth", "--stack", "x", "--change", "auth/1"),
            "error: name either a stack or changes to promote\n",
        ),
        (
            ("promote", "auth", "--change", "auth/1", "--strict"),
            "error: a part of a lane leaves the rest behind\nhint: leave --strict out\n",
        ),
        (
            ("export", "auth", "--gerrit"),
            "error: only a stack goes to Gerrit\nhint: name one with --stack\n",
        ),
        (
            ("review", "note", "x/1"),
            "error: there is nothing to note\nhint: say it with -m\n",
        ),
        (("bind", "auth", "a..b"), branch),
        (("export", "auth", "--branch", "a..b"), branch),
        (
            ("promote", "auth", "--expect", "nope"),
            "error: 'nope' is no commit to expect\nhint: give 4 to 40 hex digits of its id\n",
        ),
        (
            ("promote", "auth", "--mode", "nope"),
            (
                "error: invalid value for '--mode': 'nope' is not one of 'merge', 'squash', "
                "'replay'\n"
                "hint: see 'git lanes promote -h'\n"
            ),
        ),
        (
            ("new", "x", "--sparse", "/abs"),
            (
                "error: bad sparse directory '/abs': it is an absolute path\n"
                "hint: name a directory from the top of the repository, such as src/api\n"
            ),
        ),
        (
            ("history", "--limit", "-1"),
            (
                "error: invalid value for '-n' / '--limit': -1 is not in the range x>=0\n"
                "hint: see 'git lanes history -h'\n"
            ),
        ),
        (
            ("workspace", "claim", "auth"),
            "error: a claim needs an agent's id\nhint: use --agent ID, or set GITLANES_AGENT\n",
        ),
        (
            ("workspace", "nope"),
            "error: no such command 'nope'\nhint: see 'git lanes workspace -h'\n",
        ),
    ):
        refuses(args, 129, said)


WRITERS = (
    *(("accept", "auth/2"), ("reject", "auth/2"), ("edit", "auth", "--description", "d")),
    *(("rename", "auth", "login"), ("archive", "auth", "--force"), ("bind", "auth", "side")),
    *(("delete", "auth", "--yes", "--force"), ("promote", "auth"), ("new", "x"), ("snapshot",)),
    *(("workspace", "remove", "auth", "--force"), ("workspace", "switch", "bare")),
    *(("commit", "-m", "x"), ("commit", "--amend", "-m", "x"), ("propose", "-m", "x")),
)


@pytest.fixture
def edited(repo: TestRepo, stage: Path) -> Callable[..., Ran]:
    """The command line in the workspace of lane auth, where something is unsaved."""
    repo.write({"auth.py": "unsaved\n"}, stage)

    def run(*args: str) -> Ran:
        force = ("--force",) if "switch" in args else ()
        return run_cli(stage, repo.environ, *args, *force)

    return run


def test_nobody_to_record(repo: TestRepo, edited: Callable[..., Ran]) -> None:
    """Without a user name nothing is recorded, and no file of the workspace goes."""
    Path(repo.environ["GIT_CONFIG_GLOBAL"]).write_text("[user]\n\tuseConfigOnly = true\n")
    for args in WRITERS:
        assert (args, edited(*args)) == (
            args,
            Ran(
                128,
                "",
                "error: no author identity: git does not know your name or email address\n"
                "hint: set it with 'git config user.name NAME' "
                "and 'git config user.email ADDRESS'\n",
            ),
        )
    assert (repo.workspace("auth") / "auth.py").read_text() == "unsaved\n"


DAMAGES = {
    "": "it is no JSON",
    "not json": "it is no JSON",
    "\x00\xff": "it is no JSON",
    "{}": "it has no 'schema'",
    '{"schema":"gitlanes.entry/1"}': "it has no 'operation'",
    "[1]": "it is of another form",
}


@pytest.mark.parametrize("body", DAMAGES)
def test_a_damaged_journal(repo: TestRepo, edited: Callable[..., Ran], body: str) -> None:
    """Who needs the lane says which entry is damaged and how; nobody writes over it."""
    tip = repo.rev(JOURNAL)
    message = Path(repo.environ["HOME"], "message")
    message.write_bytes(b"subject\n\n" + body.encode("latin-1"))
    oid = written(repo, tip, message.read_bytes())
    repo.git("update-ref", JOURNAL, oid)
    said = (
        f"error: journal entry {oid[:12]} is damaged: {DAMAGES[body]}\n"
        f"hint: look at it with: git cat-file commit {oid[:12]}\n"
    )
    readers = (("show", "auth"), ("check", "auth"), ("trace", "auth"), ("history", "auth"))
    for args in (*readers, *(x for x in WRITERS if x not in (("new", "x"), WRITERS[11]))):
        assert (args, edited(*args)) == (args, Ran(128, "", said))
    repo.git("update-ref", JOURNAL, tip)


def written(repo: TestRepo, parent: str, message: bytes) -> str:
    """Store a commit on the empty tree, whatever its message is; return its id."""
    people = b"author A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000"
    tree = b"4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=repo.path,
        env=repo.environ,
        input=b"tree %b\nparent %b\n%b\n\n%b" % (tree, parent.encode(), people, message),
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout.decode().strip()


def test_damaged_notes(repo: TestRepo, edited: Callable[..., Ran]) -> None:
    """Who would add to notes that cannot be read refuses, and says where they may be whole."""
    whole, blob = repo.rev(INTENTS), repo.rev("main:auth.py")
    repo.git("update-ref", INTENTS, blob)
    for args in (("commit", "-m", "x"), ("propose", "-m", "x"), ("promote", "auth")):
        assert (args, edited(*args)) == (
            args,
            Ran(
                128,
                "",
                f"error: notes at '{INTENTS}' are damaged: commit '{blob}' not found\n"
                "hint: run 'git fsck'; fetch the ref from another clone, or put it at a commit "
                f"before the damage: git log -g --format=%H {INTENTS}\n",
            ),
        )
    repo.git("update-ref", INTENTS, whole)


def test_files_that_are_twins_but_for_case(repo: TestRepo, cli: Cli) -> None:
    """Names that some file systems cannot tell apart collide, each named with who brought it."""
    repo.lane("a", {"Readme": "1\n"})
    repo.lane("b", {"README": "2\n"})
    cli("promote", "a")
    before = repo.refs()
    sides = "source added it in b/1 by agent-b; target added it in a/1 by agent-a"
    assert cli("promote", "b") == Ran(
        1,
        "",
        f"collision: 'README' and 'Readme' (case): {sides}\n"
        "error: promoting 'b' into 'main' collides on 1 path\n"
        "hint: rerun the work on the new base (git lanes new NAME --from main), resolve by hand, "
        "or let the source win with --force PATH\n",
    )
    assert cli("check", "b") == Ran(
        1,
        "b would collide with main on README\n"
        f"  collision: 'README' and 'Readme' (case): {sides}\n",
        "",
    )
    assert repo.refs() == before
