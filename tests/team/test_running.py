"""Running a gate: what it knows, what is kept of its words, and that it surely ends."""

from __future__ import annotations

import hashlib
import os
import resource
import sys
from pathlib import Path
from threading import Event, Timer

import psutil
import pytest

from gitlanes.team import running
from gitlanes.team.running import KEPT, Order, Ran, Stopped


def run(place: Path, *args: str, timeout: float = 60, stop: Event | None = None) -> Ran:
    """Run a command with the usual environment."""
    environ = running.environment(os.environ, ())
    return running.run(Order(args, str(place), environ, timeout), stop or Event())


def living(mark: Path) -> list[int]:
    """Return the processes that wrote their number into files of that directory and still run."""
    numbers = [int(x.read_text()) for x in mark.glob("*.pid")]
    return [
        x
        for x in numbers
        if psutil.pid_exists(x) and psutil.Process(x).status() != psutil.STATUS_ZOMBIE
    ]


def sleeper(name: str) -> str:
    """Return a script that leaves word of its number and sleeps."""
    return f"echo $$ > {name}.new; mv {name}.new {name}.pid; exec sleep 300"


def test_a_command_is_no_shell_text(tmp_path: Path) -> None:
    """Arguments arrive as they are, stdin is empty, and both outputs are kept in order."""
    script = "import sys; print(sys.argv[1:], repr(sys.stdin.read()), file=sys.stderr)"
    ran = run(tmp_path, sys.executable, "-c", script, "$HOME; echo", "a b")
    said = b"['$HOME; echo', 'a b'] ''\n"
    assert (ran.code, ran.head, ran.size, ran.timed_out) == (0, said, len(said), False)
    assert ran.digest == hashlib.sha256(said).hexdigest()


def test_the_environment_is_what_is_listed(tmp_path: Path) -> None:
    """Beside a few usual variables a gate gets those that it lists, and nothing else."""
    given = {"PATH": os.environ["PATH"], "TOKEN": "t", "SECRET": "s", "GIT_DIR": "/nowhere"}
    environ = running.environment(given, ("TOKEN", "ABSENT"))
    ran = running.run(Order(("env",), str(tmp_path), environ, 60), Event())
    names = {x.partition("=")[0] for x in ran.head.decode().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"PATH", "TOKEN", running.MARK}


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """It has no exit code, and the reason is told."""
    ran = run(tmp_path, "no-such-program")
    assert (ran.code, ran.fault) == (
        None,
        "cannot start 'no-such-program': no such file or directory",
    )


@pytest.mark.parametrize(
    "blocks", [800, pytest.param(16_000, marks=pytest.mark.slow)], ids=["50MB", "1GB"]
)
def test_much_output_costs_no_memory(tmp_path: Path, blocks: int) -> None:
    """The beginning and the end are kept, all of it is counted and digested."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    script = (
        f"import os\nos.write(1, b'first')\nfor _ in range({blocks}): os.write(1, b'x' * 65536)\n"
        "os.write(1, b'last')"
    )
    ran = run(tmp_path, sys.executable, "-c", script)
    assert (ran.code, ran.size) == (0, 9 + blocks * 65536)
    assert (len(ran.head), len(ran.tail)) == (KEPT, KEPT)
    assert ran.head.startswith(b"firstxxx")
    assert ran.tail.endswith(b"xxxlast")
    digest = hashlib.sha256(b"first")
    for _ in range(blocks):
        digest.update(b"x" * 65536)
    digest.update(b"last")
    assert ran.digest == digest.hexdigest()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_a_gate_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Children, those in a session of their own, and orphans of such a session all end."""
    script = (
        f"(sh -c '{sleeper('child')}') & "
        f"setsid sh -c '{sleeper('session')}' & "
        f"(setsid sh -c '({sleeper('orphan')}) & exit' &) ; "
        f"trap '' TERM INT HUP; while [ ! -e orphan.pid ]; do sleep 0.01; done; {sleeper('own')}"
    )
    ran = run(tmp_path, "sh", "-c", script, timeout=3)
    assert (ran.code, ran.timed_out) == (None, True)
    assert {x.stem for x in tmp_path.glob("*.pid")} == {"child", "session", "orphan", "own"}
    assert living(tmp_path) == []


def test_an_orphan_that_left_its_session_and_its_environment_but_not_its_parent(
    tmp_path: Path,
) -> None:
    """Who still has a living ancestor in the family is found without any mark."""
    inner = f"setsid sh -c '{sleeper('bare')}'"
    script = f'env -i PATH="$PATH" sh -c "{inner}; true" & sleep 300'
    ran = run(tmp_path, "sh", "-c", script, timeout=2)
    assert ran.timed_out
    assert {x.stem for x in tmp_path.glob("*.pid")} == {"bare"}
    assert living(tmp_path) == []


def test_what_a_gate_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """A daemon that holds the output open neither keeps the gate waiting nor lives on."""
    script = (
        f"setsid sh -c '{sleeper('daemon')}' & "
        "while [ ! -e daemon.pid ]; do sleep 0.01; done; echo done; exit 3"
    )
    ran = run(tmp_path, "sh", "-c", script)
    assert (ran.code, ran.head) == (3, b"done\n")
    assert living(tmp_path) == []


def test_a_gate_that_closes_its_output_is_waited_for(tmp_path: Path) -> None:
    """The end of the output is not the end of the gate."""
    ran = run(tmp_path, "sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 4")
    assert ran.code == 4


def test_a_signal_is_told(tmp_path: Path) -> None:
    """A gate that was killed has the signal as a negative code."""
    assert run(tmp_path, "sh", "-c", "kill -9 $$").code == -9


def test_everything_can_be_stopped(tmp_path: Path) -> None:
    """When the run is to stop, the gate ends with what it started, and no verdict comes of it."""
    stop = Event()
    Timer(0.5, stop.set).start()
    script = f"setsid sh -c '{sleeper('child')}' & {sleeper('own')}"
    with pytest.raises(Stopped):
        run(tmp_path, "sh", "-c", script, stop=stop)
    assert living(tmp_path) == []
