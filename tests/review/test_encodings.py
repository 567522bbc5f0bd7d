"""Messages in other encodings than UTF-8: their text goes on through all that takes them over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import run_cli
from tests.support.repos import TestRepo

TEXT = "café subject\n\nbody é\n"


def agent_commits(repo: TestRepo, place: Path, files: dict[str, str]) -> None:
    """Commit files with a message and an author in ISO-8859-1."""
    repo.write(files, place)
    repo.git("add", "--all", cwd=place)
    said = repo.path.with_name("message")
    said.write_bytes(TEXT.encode("latin-1"))
    author = b"Jos\xe9 <jose@example.com>".decode("utf-8", "surrogateescape")
    settings = ("-c", "i18n.commitEncoding=ISO-8859-1")
    repo.git(*settings, "commit", "-q", "-F", str(said), f"--author={author}", cwd=place)


def said_by(repo: TestRepo, commit: str) -> str:
    """Return a commit's own text, which must be UTF-8 and say so, less its trailers."""
    raw = repo.git("cat-file", "commit", commit)
    raw.encode()
    head, _, message = raw.partition("\n\n")
    assert "\nencoding " not in head
    return message.partition("\n\nChange-Id:")[0] + "\n"


def test_an_agent_s_last_message(repo: TestRepo) -> None:
    """It becomes the proposal's, stays when that is amended, accepted later, and squashed."""
    place = repo.lane("auth")
    agent_commits(repo, place, {"auth.py": "1\n"})
    first = repo.lanes.propose("auth").attempt
    assert (said_by(repo, first.commit), first.title) == (TEXT, "café subject")
    repo.write({"auth.py": "2\n"}, place)
    amended = repo.lanes.amend("auth").attempt
    assert said_by(repo, amended.commit) == TEXT
    repo.lanes.accept(amended.id)
    landed = repo.lanes.promote("auth", mode="squash")
    assert said_by(repo, str(landed.head)) == TEXT


def test_accepting_on_a_lane_that_moved_on(repo: TestRepo) -> None:
    """The commit that is written anew says the same."""
    place = repo.lane("auth")
    agent_commits(repo, place, {"auth.py": "1\n"})
    attempt = repo.lanes.propose("auth").attempt
    repo.write({"more.py": "1\n"}, place)
    repo.lanes.commit("auth", message="more", paths=["more.py"], change="new")
    made = repo.lanes.accept(attempt.id).attempt
    assert made.landed != made.commit
    assert said_by(repo, str(made.landed)) == TEXT


def test_a_replay(repo: TestRepo) -> None:
    """Each commit is laid on the target with its message and author, both in UTF-8."""
    place = repo.lane("auth")
    agent_commits(repo, place, {"auth.py": "1\n"})
    repo.git("update-ref", "refs/lanes/head/auth", repo.git("rev-parse", "HEAD", cwd=place))
    landed = repo.lanes.promote("auth", mode="replay")
    assert said_by(repo, str(landed.head)) == TEXT
    assert repo.git("log", "-1", "--format=%an", str(landed.head)) == "José"
    repo.fsck()


def test_bytes_in_no_known_encoding_stay(repo: TestRepo) -> None:
    """With a header that nobody knows, the bytes are taken over as they are."""
    place = repo.lane("auth")
    repo.write({"auth.py": "1\n"}, place)
    repo.git("config", "i18n.commitEncoding", "no-such-encoding")
    said = repo.path.with_name("message")
    said.write_bytes(TEXT.encode("latin-1"))
    repo.git("commit", "-q", "--all", "-F", str(said), cwd=place)
    repo.lanes.commit("auth")
    raw = repo.git("cat-file", "commit", "refs/lanes/head/auth")
    assert raw.encode("utf-8", "surrogateescape").count(b"caf\xe9 subject") == 1
    assert run_cli(repo.path, repo.environ, "history", "auth", "--json").code == 0


@pytest.mark.parametrize("encoding", ["utf-7", "unicode_escape", "zip", "undefined", "a\0b", "é"])
def test_an_encoding_that_is_a_trap(repo: TestRepo, encoding: str) -> None:
    """A header cannot make other bytes of a commit than its own: no line, no name, no NUL."""
    from gitlanes.git.raw import parse_commit

    author = rb"A+AAo-parent \nparent \x3c <a@b> 0 +0000"
    head = b"tree %s\nauthor %s\ncommitter %s\nencoding %s" % (
        repo.rev("main^{tree}").encode(),
        author,
        author,
        encoding.encode(),
    )
    found = parse_commit(head + b"\n\nsubject+AAA- \\0\n")
    assert (found.author, found.parents, found.message.count(b"\0")) == (author, (), 0)
