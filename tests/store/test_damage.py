"""Records that are damaged: named once, left out where many are read, refused where one is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from gitlanes import Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

JOURNAL = "refs/lanes/journal/auth"
INTENTS = "refs/notes/lanes/intents"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
FIND = (
    "hint: find its newest entry among what 'git fsck --no-reflogs --dangling' lists, or in "
    f"another clone, then: git update-ref {JOURNAL} ENTRY\n"
)
# As in "journal of lane 'auth' is damaged: …", and what the verbs on that lane say.
Damage = tuple[str, str]


@pytest.fixture
def two(repo: TestRepo) -> TestRepo:
    """A repository with work in lanes auth and docs, which land on main."""
    repo.lane("auth", {"auth.py": "1\n"})
    repo.lane("docs", {"docs.md": "1\n"})
    repo.write({"more.md": "1\n"}, repo.workspace("docs"))
    repo.write({"more.py": "1\n"}, repo.workspace("auth"))
    repo.close()
    return repo


def entry_of(repo: TestRepo, body: str, parent: str = JOURNAL, tree: str = EMPTY_TREE) -> str:
    """Write a journal entry with that text for its JSON, on top of another; return its id."""
    raw = f"tree {tree}\nparent {repo.rev(parent)}\nauthor A <a@b> 0 +0000\n"
    raw += f"committer A <a@b> 0 +0000\n\nodd\n\n{body}\n"
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=repo.path,
        env=repo.environ,
        input=raw.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout.decode().strip()


def lose(repo: TestRepo, name: str) -> str:
    """Delete the loose object that a revision names, as a broken disk would; return its id."""
    oid = repo.rev(name)
    (repo.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    return oid


def test_no_other_lane_stands_in_for_the_repository_s_own(
    make_repo: Callable[..., TestRepo],
) -> None:
    """While its journal cannot be read, promotions name their target, and init makes no lane."""
    repo = make_repo(adopted=False)
    repo.lanes.init("trunk")
    repo.work("api")
    repo.work("auth", {"auth.py": "1\n"})
    repo.git("update-ref", "refs/lanes/journal/trunk", "HEAD")
    before = repo.refs()
    with pytest.raises(Refused, match="the repository's own lane cannot be read") as refused:
        repo.lanes.promote("auth")
    assert refused.value.hint == "name the target with --into LANE, or see 'git lanes doctor'"
    with pytest.raises(Refused, match="the repository's own lane cannot be read"):
        repo.lanes.new("more")
    with pytest.raises(Refused, match="the repository's own lane cannot be read"):
        repo.lanes.init()
    assert repo.refs() == before
    assert repo.lanes.promote("auth", into="api").into == "api"


def not_json(repo: TestRepo) -> Damage:
    """Let the newest entry be no JSON."""
    oid = entry_of(repo, "odd")
    repo.git("update-ref", JOURNAL, oid)
    said = f"journal entry {oid[:12]} is damaged: it is no JSON"
    return said, f"error: {said}\nhint: look at it with: git cat-file commit {oid[:12]}\n"


def of_the_project(repo: TestRepo) -> Damage:
    """Put a commit of the project where the newest entry should be."""
    repo.git("update-ref", JOURNAL, "main")
    oid = repo.rev("main")[:12]
    said = f"journal entry {oid} is damaged: it is no JSON"
    return said, f"error: {said}\nhint: look at it with: git cat-file commit {oid}\n"


def a_blob(repo: TestRepo) -> Damage:
    """Put a file's content where the newest entry should be."""
    oid = repo.rev("main:auth.py")
    repo.git("update-ref", JOURNAL, oid)
    said = f"journal entry {oid[:12]} is damaged: it is no JSON"
    return said, f"error: {said}\nhint: look at it with: git cat-file commit {oid[:12]}\n"


def missing(repo: TestRepo) -> Damage:
    """Lose the newest entry's object."""
    oid = lose(repo, JOURNAL)[:12]
    verb = f"error: journal of lane 'auth' is damaged: its ref points to {oid}, which is missing\n"
    return f"journal entry {oid} is missing", verb + FIND


DAMAGES = [not_json, of_the_project, a_blob, missing]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal(two: TestRepo, cli: Cli, damage: Callable[[TestRepo], Damage]) -> None:
    """Lists leave the lane out and name it once, its own verbs refuse, all else goes on."""
    said, refusal = damage(two)
    warning = f"warning: journal of lane 'auth' is damaged: {said}; see 'git lanes doctor'\n"
    docs, main = two.rev("refs/lanes/head/docs")[:12], two.rev("main")[:12]
    rows = (
        "LANE  HEAD          STATE     OPEN  LAST\n"
        f"docs  {docs}  unlanded  -     commit docs/1: work of docs\n"
        f"main  {main}  active    -     adopt the repository as lane main\n"
    )
    assert cli("list") == Ran(0, rows, warning)
    assert cli("list", "--json").err == warning
    status = cli("status")
    assert (status.code, status.err) == (0, warning)
    assert status.out == f"{rows}\nnothing unsaved in the workspace of main\n"
    history = cli("history")
    table = "ATTEMPT  STATUS    AGENT       COST  TITLE\n"
    # What is older than the damage is told; a file's content has nothing older.
    earlier = "auth/1   accepted  agent-auth  -     work of auth\n" if damage is not_json else ""
    assert history.out.replace(earlier, "") == (
        f"{table}docs/1   accepted  agent-docs  -     work of docs\n"
    )
    assert (earlier in history.out, history.code) == (True, 0)
    if damage is a_blob:
        blob = two.refs()[JOURNAL][:12]
        said = f"journal of lane 'auth' is damaged: {blob} is a blob"
    assert history.err == f"warning: {said}; see 'git lanes doctor'\n"
    assert cli("show", "docs/1").code == 0
    before = two.refs() if damage is not missing else None
    for args in (["commit", "auth", "-m", "x"], ["promote", "auth"], ["show", "auth"]):
        assert cli(*args) == Ran(128, "", refusal), args
    if before:
        assert two.refs() == before
    assert cli("commit", "docs", "-m", "x").code == 0
    assert cli("promote", "docs").code == 0
    assert {"docs.md", "more.md"} < set(two.files("main"))
    assert cli("new", "other").code == 0


def test_a_journal_ref_that_is_no_id(two: TestRepo, cli: Cli) -> None:
    """A ref that git itself cannot read is named, and nothing takes its place."""
    (two.path / ".git" / JOURNAL).write_text("odd\n")
    warning = f"warning: ref '{JOURNAL}' is damaged and left out; see 'git lanes doctor'\n"
    done = cli("list")
    assert (done.code, done.err) == (0, warning)
    assert [x.split()[0] for x in done.out.splitlines()] == ["LANE", "docs", "main"]
    refusal = "error: journal of lane 'auth' is damaged: its ref points to nothing\n" + FIND
    assert cli("commit", "auth", "-m", "x") == Ran(128, "", refusal)
    assert cli("new", "auth").code == 128
    assert (two.path / ".git" / JOURNAL).read_text() == "odd\n"
    assert cli("promote", "docs").code == 0


def test_an_entry_of_a_newer_version(two: TestRepo, cli: Cli) -> None:
    """A lane that a newer gitlanes wrote is left out with the advice to upgrade."""
    oid = entry_of(two, '{"schema":"gitlanes.entry/9"}')
    two.git("update-ref", JOURNAL, oid)
    said = f"journal entry {oid[:12]} has format 'gitlanes.entry/9'"
    upgrade = "it was written by a newer gitlanes: upgrade yours"
    assert cli("list").err == f"warning: lane 'auth' is left out: {said}; {upgrade}\n"
    assert cli("commit", "auth", "-m", "x") == Ran(128, "", f"error: {said}\nhint: {upgrade}\n")
    assert cli("promote", "docs").code == 0


def test_an_old_entry_that_is_damaged(two: TestRepo, cli: Cli) -> None:
    """History tells what is before and after it, and what went on is not stopped."""
    tip = two.rev(JOURNAL)
    message = two.git("log", "-1", "--format=%B", tip).partition("\n\n")[2].strip()
    odd = entry_of(two, "odd")
    two.git("update-ref", JOURNAL, odd)
    two.git("update-ref", JOURNAL, entry_of(two, message.replace(f"{tip}^", odd)))
    done = cli("history")
    assert done.err == (
        f"warning: journal entry {odd[:12]} is damaged: it is no JSON; see 'git lanes doctor'\n"
    )
    assert {x.split()[0] for x in done.out.splitlines()[1:]} == {"auth/1", "docs/1"}
    assert cli("commit", "auth", "-m", "x").code == 0


def test_an_old_entry_that_is_missing(two: TestRepo, cli: Cli) -> None:
    """History tells what is newer, and the other lanes."""
    cli("commit", "auth", "-m", "second")
    oid = lose(two, f"{JOURNAL}^")
    done = cli("history")
    assert done.err == f"warning: journal entry {oid[:12]} is missing; see 'git lanes doctor'\n"
    assert {x.split()[0] for x in done.out.splitlines()[1:]} == {"auth/2", "docs/1"}
    assert cli("list").err == ""
    assert cli("promote", "docs").code == 0


@pytest.mark.parametrize("what", ["blob", "missing", "lost-commit"])
def test_damaged_notes(two: TestRepo, cli: Cli, what: str) -> None:
    """Readers tell without what cannot be read; a writer refuses rather than lose the rest."""
    commit = two.rev("refs/lanes/head/auth")
    if what == "blob":
        oid = two.rev("main:auth.py")
        two.git("update-ref", INTENTS, oid)
        said, why = "", f": commit '{oid}' not found"
    elif what == "missing":
        name = f"{INTENTS}:{commit[:2]}/{commit[2:4]}/{commit[4:]}"
        oid = lose(two, name)
        said = why = f": object '{oid}' not found"
    else:
        oid = lose(two, INTENTS)
        said, why = "", f": commit '{oid}' not found"
    warning = f"warning: notes at '{INTENTS}' are damaged{said}; see 'git lanes doctor'\n"
    done = cli("history")
    if what != "lost-commit":  # to git there is no such ref at all then
        assert done.err == warning
    assert (done.code, len(done.out.splitlines())) == (0, 3)
    assert cli("show", "auth/1").code == 0
    place = two.workspace("auth")
    refused = cli("promote", "auth", "--mode", "squash", cwd=place)
    assert (refused.code, refused.out) == (128, "")
    assert refused.err.startswith(f"error: notes at '{INTENTS}' are damaged{why}\nhint: run 'git ")
    assert two.rev("main") == two.rev("refs/lanes/head/main")
    assert "auth.py" not in two.git("diff", "--name-only", "main", "HEAD")


def test_a_damaged_workspace_record(two: TestRepo, cli: Cli) -> None:
    """Lists leave the workspace out and name it; its lane's verbs refuse, the others go on."""
    record = two.path / ".git/worktrees/auth/lanes.json"
    record.write_text("odd")
    place = two.path.with_name("repo.lanes") / "auth"
    warning = f"warning: '{record}' is damaged; see 'git lanes doctor'\n"
    done = cli("list", "--json")
    assert (done.code, done.err) == (0, warning)
    paths = {x["name"]: x["path"] for x in done.json["lanes"]}
    assert (paths["auth"], paths["docs"]) == (None, str(two.workspace("docs")))
    assert cli("status", cwd=place).code == 0
    assert cli("status", cwd=place).err == warning
    refusal = (
        f"error: '{record}' is damaged\nhint: keep what you need of the workspace, run "
        f"'git worktree remove --force --force {place}', then 'git lanes workspace create'\n"
    )
    assert cli("commit", "auth", "-m", "x") == Ran(128, "", refusal)
    assert cli("commit", "-m", "x", cwd=place) == Ran(128, "", refusal)
    assert cli("commit", "docs", "-m", "x").code == 0
    assert cli("promote", "docs").code == 0
    assert (place / "more.py").exists()
    two.git("worktree", "remove", "--force", "--force", str(place))
    assert cli("workspace", "create", "auth").code == 0
    assert cli("status", cwd=place).err == ""


def test_a_damaged_record_of_the_repository_s_directory(two: TestRepo, cli: Cli) -> None:
    """It is named; to take it away and run init again is a way out that works."""
    record = two.path / ".git/lanes.json"
    record.write_text("{}")
    done = cli("status")
    assert (done.code, done.err) == (0, f"warning: '{record}' is damaged; see 'git lanes doctor'\n")
    two.write({"root.txt": "1\n"})
    assert cli("commit", "main", "-m", "x") == Ran(
        128,
        "",
        f"error: '{record}' is damaged\nhint: move it away, then run 'git lanes init'\n",
    )
    record.unlink()
    assert cli("init").code == 0
    assert cli("commit", "main", "-m", "x").code == 0


def test_a_damaged_pending_operation(two: TestRepo, cli: Cli) -> None:
    """Readers warn of it and read on; writers refuse, for nobody knows what it had moved."""
    pending = two.path / ".git/lanes/pending"
    content = '{"operation": "x", "refs": [["../outside", null, "x"]]}'
    pending.write_text(content)
    warning = f"warning: an interrupted operation waits: '{pending}' is damaged\n"
    done = cli("list")
    assert (done.code, done.err) == (0, warning)
    assert len(done.out.splitlines()) == 4
    refused = cli("promote", "docs")
    assert (refused.code, refused.out) == (128, "")
    assert refused.err == (
        f"{warning}error: '{pending}' is damaged\n"
        "hint: 'git lanes doctor --fix' sets it aside and looks further\n"
    )
    assert pending.read_text() == content
    assert cli("doctor", "--fix").code == 0
    assert cli("promote", "docs").code == 0
