"""A scripted agent: a process of its own that edits its workspace and reports as agents do.

Run as ``python -m gitlanes.demo.agent TASK`` in a lane's workspace.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """What one run of an agent does: the file, its edit, and the words it reports with.

    ``edit`` is (text to replace, replacement); an empty first text appends.
    """

    agent: str
    prompt: str
    file: str
    edit: tuple[str, str]
    verb: str = "commit"
    cost: tuple[str, ...] = ()


_LOGIN = "def login(user, password):\n"
_LOGOUT = "def logout(user):\n"

TASKS = {
    "auth": Task(
        agent="coder-1",
        prompt="Reject empty passwords",
        file="auth.py",
        edit=(_LOGIN, _LOGIN + "    assert password\n"),
        verb="propose",
        cost=("--tokens-in=5200", "--tokens-out=310", "--cost=0.021", "--wall=41s"),
    ),
    "auth-retry": Task(
        agent="coder-1",
        prompt="Reject empty passwords, with an error that callers can catch",
        file="auth.py",
        edit=(
            "    assert password\n",
            '    if not password:\n        raise ValueError("no password")\n',
        ),
        cost=("--tokens-in=6100", "--tokens-out=450", "--cost=0.027", "--wall=48s"),
    ),
    "docs": Task(
        agent="writer-1",
        prompt="Describe how to log in",
        file="docs/login.md",
        edit=("", "# Logging in\n\nCall `auth.login(user, password)`.\n"),
        cost=("--tokens-in=1900", "--tokens-out=520", "--cost=0.009", "--wall=17s"),
    ),
    "sso": Task(
        agent="coder-2",
        prompt="Tell the identity provider when a user logs out",
        file="auth.py",
        edit=(_LOGOUT, _LOGOUT + '    print("single sign-out", user)\n'),
        cost=("--tokens-in=4800", "--tokens-out=390", "--cost=0.019", "--wall=36s"),
    ),
}

# What the story's repository has before any agent starts.
AUTH = f"""\
{_LOGIN}    return (user, password)


{_LOGOUT}    return user
"""


def work(task: Task) -> int:
    """Edit the file, then hand the work in with `git lanes`; return its exit code."""
    path = Path(task.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    old, new = task.edit
    text = path.read_text() if path.exists() else ""
    path.write_text(text.replace(old, new, 1) if old else text + new)
    report = (f"--prompt={task.prompt}", f"--agent={task.agent}", "--model=scripted", *task.cost)
    command = [sys.executable, "-P", "-m", "gitlanes", task.verb, "--quiet", *report]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(work(TASKS[sys.argv[1]]))
