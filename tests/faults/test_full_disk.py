"""A disk that is full at any moment: one line, nothing lost, and all goes on with room again."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Disk
from tests.faults.verbs import VERBS, WORDS, Verb, assert_kept, assert_sound, error_of
from tests.support.cli import run_cli
from tests.support.repos import TestRepo

# More pages than any of the verbs writes.
_ENOUGH = 100


@pytest.mark.parametrize("verb", VERBS, ids=WORDS)
def test_full_after_some_files(verb: Verb, disk: Disk, on_disk: TestRepo) -> None:
    """With room for no file, for one, for two and so on, it fails cleanly until it is done."""
    verb.prepare(on_disk)
    failed = 0
    for pages in range(_ENOUGH):
        with disk.full(pages):
            ran = verb.run(on_disk)
        assert_kept(verb, on_disk)
        if ran.code == 0 or verb.done(on_disk):
            break
        said = error_of(ran)
        assert "space" in said or "write" in said, ran.err
        assert "hint: " in ran.err
        failed += 1
    assert failed > 3
    assert verb.done(on_disk)
    assert_sound(on_disk)


@pytest.mark.parametrize("verb", VERBS, ids=WORDS)
def test_full_once(verb: Verb, disk: Disk, on_disk: TestRepo) -> None:
    """After a failure for want of room the command repeated does all of its work."""
    verb.prepare(on_disk)
    with disk.full(2):
        error_of(verb.run(on_disk))
    assert verb.run(on_disk).code == 0
    assert verb.done(on_disk)
    assert_sound(on_disk)


@pytest.mark.parametrize("args", [("list",), ("status",), ("history",), ("doctor",)])
def test_readers_need_no_room(args: tuple[str, ...], disk: Disk, on_disk: TestRepo) -> None:
    """Reading works on a disk that is full."""
    on_disk.lane("auth", {"auth.py": "better\n"})
    with disk.full():
        ran = run_cli(on_disk.path, on_disk.environ, *args)
    assert ran.code == 0, ran.err + ran.out


def test_the_whole_message(disk: Disk, on_disk: TestRepo) -> None:
    """The line names the file that could not be written, and the hint says what helps."""
    on_disk.write({"more.txt": "more\n"}, on_disk.lane("auth"))
    with disk.full():
        ran = run_cli(on_disk.path, on_disk.environ, "new", "other")
    said = "cannot write to the object store: failed to write out file: No space left on device"
    hint = "nothing was changed: mend that, then repeat"
    assert (ran.code, ran.out, ran.err) == (128, "", f"error: {said}\nhint: {hint}\n")


def test_a_workspace_half_made_is_finished(disk: Disk, on_disk: TestRepo) -> None:
    """Where files had no room, the line says so, and the command repeated writes the rest."""
    verb = next(x for x in VERBS if x.name == "create")
    verb.prepare(on_disk)
    place = on_disk.path.with_name("repo.lanes") / "auth"
    for pages in range(_ENOUGH):
        with disk.full(pages):
            ran = verb.run(on_disk)
        if place.exists():
            break
    said = f"cannot write all files of workspace '{place}': git reset failed: unable to write file"
    hint = "mend that: the next command that works there goes on where this one stopped"
    assert (ran.code, ran.out) == (128, "")
    assert ran.err == f"error: {said} auth.py\nhint: {hint}\n"
    again = verb.run(on_disk)
    assert (again.code, again.out) == (0, f"{place}\n")
    assert verb.done(on_disk)
    assert verb.run(on_disk).code == 128
