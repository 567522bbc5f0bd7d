"""The commit-msg hook, case by case as Gerrit's own has it, and against our own trailers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings

from gitlanes.git.trailers import add_change_id
from tests.git.test_trailers import BLANK, EXISTING, PLAIN, SIGNED, _messages
from tests.githooks.conftest import HOOKS, SHELLS

ID = "I[0-9a-f]{40}"
CUT = "# ------------------------ >8 ------------------------\n"
DIFF = f"{CUT}# All below is cut off.\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n+Change-Id: I1\n"


class Desk:
    """A directory with a repository, in which messages are written and the hook is run."""

    def __init__(self, path: Path, shell: tuple[str, ...]):
        self.path, self.shell = path, shell
        home = {"HOME": str(path), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
        self.environ = {"PATH": os.environ["PATH"], **home}
        self.message = path / "message"
        self.git("init", "--quiet")

    def git(self, *args: str, **environ: str) -> None:
        """Run git there."""
        subprocess.run(["git", *args], cwd=self.path, env=self.environ | environ, check=True)

    def run(self, text: str | None = None) -> tuple[int, str]:
        """Run the hook on a message; return its exit code and the message as it is then."""
        if text is not None:
            self.message.write_bytes(os.fsencode(text))
        command = [*self.shell, str(HOOKS / "commit-msg"), str(self.message)]
        done = subprocess.run(
            command, cwd=self.path, env=self.environ, capture_output=True, check=False
        )
        assert bool(done.stderr) == bool(done.returncode), done.stderr
        assert [x.name for x in self.path.iterdir() if ".lanes-" in x.name] == []
        left = self.message.exists()
        return done.returncode, os.fsdecode(self.message.read_bytes()) if left else ""


@pytest.fixture
def desk(tmp_path: Path, shell: tuple[str, ...]) -> Desk:
    """Return a desk for one shell."""
    return Desk(tmp_path, shell)


# What is written, what it becomes (ID stands for any id), with these settings.
CASES: dict[str, tuple[str, str, dict[str, str]]] = {
    "a subject alone": ("fix\n", "fix\n\nChange-Id: ID\n", {}),
    "a subject without an end": ("fix", "fix\n\nChange-Id: ID\n", {}),
    "a body": ("fix\n\nall of it\n", "fix\n\nall of it\n\nChange-Id: ID\n", {}),
    "after a bug": ("fix\n\nBug: 7\n", "fix\n\nBug: 7\nChange-Id: ID\n", {}),
    "before a sign-off": (
        "fix\n\nBug: 7\nSigned-off-by: A\n",
        "fix\n\nBug: 7\nChange-Id: ID\nSigned-off-by: A\n",
        {},
    ),
    "before the first sign-off": (
        "fix\n\nSigned-off-by: A\nSigned-off-by: B\n",
        "fix\n\nChange-Id: ID\nSigned-off-by: A\nSigned-off-by: B\n",
        {},
    ),
    "a line in the body": ("fix\n\na\n---\nb\n", "fix\n\na\n---\nb\n\nChange-Id: ID\n", {}),
    "a line and a bug": (
        "fix\n\na\n---\nb\n\nBug: 7\n",
        "fix\n\na\n---\nb\n\nBug: 7\nChange-Id: ID\n",
        {},
    ),
    "above what is cut off": (f"fix\n\n{DIFF}", f"fix\n\nChange-Id: ID\n\n{DIFF}", {}),
    "above comments": ("fix\n# a\n# b\n", "fix\n\nChange-Id: ID\n# a\n# b\n", {}),
    "other comments": ("fix\n\n; a\n", "fix\n\nChange-Id: ID\n\n; a\n", {"core.commentChar": ";"}),
    "comments by themselves": (
        "fix\n# a\n",
        "fix\n\nChange-Id: ID\n# a\n",
        {"core.commentChar": "auto"},
    ),
    "one is there": (f"fix\n\nChange-Id: I{'1' * 40}\n", "", {}),
    "one that is none": ("fix\n\nChange-Id: I123\n", "", {}),
    "one in small letters": ("fix\n\nchange-id: I123\n", "", {}),
    "one after no trailers": ("fix\n\nTAG=x\nOTHER=y\nChange-Id: I123\n", "", {}),
    "one before a sign-off": ("fix\n\nChange-Id: I123\nSigned-off-by: A\n", "", {}),
    "one in a list of words": (
        "fix\n\nthe Change-Id: I123 was wrong\n",
        "fix\n\nthe Change-Id: I123 was wrong\n\nChange-Id: ID\n",
        {},
    ),
    "none are wanted": ("fix\n", "", {"gerrit.createChangeId": "false"}),
    "none are wanted, in another word": ("fix\n", "", {"gerrit.createChangeId": "no"}),
    "they are wanted": ("fix\n", "fix\n\nChange-Id: ID\n", {"gerrit.createChangeId": "true"}),
    **{
        f"{word} is for a while": (f"{word}! fix\n\nbody\n", "", {})
        for word in ("squash", "fixup", "amend", "temp", "nopush")
    },
    **{
        f"{word} always": (
            f"{word}! fix\n",
            f"{word}! fix\n\nChange-Id: ID\n",
            {"gerrit.createChangeId": "always"},
        )
        for word in ("squash", "fixup", "amend", "temp", "nopush")
    },
    "no such word": ("fixup the thing\n", "fixup the thing\n\nChange-Id: ID\n", {}),
    "a link": (
        "fix\n",
        "fix\n\nLink: https://r.example/id/ID\n",
        {"gerrit.reviewUrl": "https://r.example/"},
    ),
    "a link before a sign-off": (
        "fix\n\nSigned-off-by: A\n",
        "fix\n\nLink: https://r.example/a/id/ID\nSigned-off-by: A\n",
        {"gerrit.reviewUrl": "https://r.example/a"},
    ),
    "a link is there": (
        f"fix\n\nLink: https://r.example/id/I{'1' * 40}\n",
        "",
        {"gerrit.reviewUrl": "https://r.example/"},
    ),
    "another link is there": (
        "fix\n\nLink: https://r.example/7\n",
        "fix\n\nLink: https://r.example/7\nLink: https://r.example/id/ID\n",
        {"gerrit.reviewUrl": "https://r.example/"},
    ),
    "an id is there in place of a link": (
        "fix\n\nChange-Id: I123\n",
        "",
        {"gerrit.reviewUrl": "https://r.example/"},
    ),
    "nothing but a sign-off": ("\nSigned-off-by: A\n# words\n", "", {}),
    "blanks at the end": ("fix\n\n\n\n", "fix\n\nChange-Id: ID\n", {}),
    "odd bytes": ("fi\udcffx \\n & |\n", "fi\udcffx \\n & |\n\nChange-Id: ID\n", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_message(desk: Desk, case: str) -> None:
    """A message becomes what Gerrit's hook makes of it; '' stands for one that stays."""
    text, wanted, config = CASES[case]
    for key, value in config.items():
        desk.git("config", key, value)
    code, now = desk.run(text)
    assert code == 0
    assert re.sub(ID, "ID", now) == re.sub(ID, "ID", wanted or text)
    assert wanted or now == text
    assert desk.run() == (0, now)


@pytest.mark.parametrize("text", [None, "", "\n\n", "# a\n\n# b\n", f"\n# a\n{DIFF}"])
def test_no_message(desk: Desk, text: str | None) -> None:
    """A file that is missing, or has nothing but blanks and comments, is an error, and stays."""
    code, now = desk.run(text)
    assert (code, now) == (1, text or "")


@pytest.mark.parametrize("args", [(), ("a", "b")])
def test_wrong_arguments(desk: Desk, args: tuple[str, ...]) -> None:
    """It takes one file."""
    command = [*desk.shell, str(HOOKS / "commit-msg"), *args]
    done = subprocess.run(
        command, cwd=desk.path, env=desk.environ, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")


def test_no_two_ids_are_one(desk: Desk) -> None:
    """The same words at the same moment in the same place get ids of their own."""
    assert len({desk.run("fix\n")[1] for _ in range(5)}) == 5


def test_ids_are_short_with_longer_hashes(tmp_path: Path, shell: tuple[str, ...]) -> None:
    """In a repository of SHA-256 an id has 40 digits, too."""
    desk = Desk(tmp_path, shell)
    desk.git("init", "--quiet", "--object-format=sha256", "other")
    desk.path = tmp_path / "other"
    assert re.fullmatch(f"fix\n\nChange-Id: {ID}\n", desk.run("fix\n")[1])


@pytest.mark.parametrize("awk", ["awk", "gawk", "mawk", "busybox"])
def test_a_full_disk_leaves_the_message(desk: Desk, tmp_path: Path, awk: str) -> None:
    """Where no new message can be written the old one stays, and the commit is not made."""
    if (program := shutil.which(awk)) is None:
        pytest.skip(f"there is no {awk}")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/awk").symlink_to(program)
    desk.environ["PATH"] = f"{tmp_path}/bin:{desk.environ['PATH']}"
    text = "fix\n" + "word " * 40_000 + "\n"
    desk.message.write_text(text)
    limited = f"ulimit -f 64; trap '' XFSZ; exec {' '.join(desk.shell)} {HOOKS}/commit-msg message"
    done = subprocess.run(
        ["sh", "-c", limited], cwd=desk.path, env=desk.environ, capture_output=True, check=False
    )
    assert done.returncode != 0
    assert desk.message.read_text() == text


@pytest.fixture(scope="module", params=SHELLS)
def long_desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a desk for many messages."""
    return Desk(tmp_path_factory.mktemp("desk"), request.param)


@settings(max_examples=40, deadline=None)
@given(_messages([*PLAIN, *EXISTING, *SIGNED, *SIGNED, *BLANK]))
def test_hook_and_trailers_agree(long_desk: Desk, message: str) -> None:
    """The hook puts an id where `add_change_id` puts it, and leaves all else as that does."""
    code, now = long_desk.run(message)
    found = re.search(
        f"Change-Id: ({ID})", now.partition(CUT)[0].replace("I" + "abcdef0123" * 4, "")
    )
    assert code == 0
    if found is None:
        # One stands in the last paragraph, among lines that may make it no trailer.
        assert now == message
        assert re.search("(?m)^Change-Id:", message)
    else:
        assert now == add_change_id(message, found[1])
