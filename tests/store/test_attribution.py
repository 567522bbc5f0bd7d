"""Whose work a colliding path is, whatever the user's git shows of a commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Collision
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

# Signs and verifies in gpg's words, on any machine.
SIGNER = r"""#!/bin/sh
case "$*" in
*--verify*)
    echo "gpg: Good signature from nobody" >&2
    printf '\n[GNUPG:] GOODSIG 0123456789ABCDEF Nobody\n' ;;
*)
    cat >/dev/null
    printf '\n[GNUPG:] SIG_CREATED D 1 8 00 0 0\n' >&2
    printf -- '-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n' ;;
esac
"""


@pytest.fixture
def signing(repo: TestRepo) -> TestRepo:
    """A user who signs each commit and has `git log` show the signatures."""
    signer = repo.path.with_name("signer")
    signer.write_text(SIGNER)
    signer.chmod(0o755)
    with Path(repo.environ["GIT_CONFIG_GLOBAL"]).open("a") as config:
        config.write(f'[gpg]\n\tprogram = "{signer}"\n[commit]\n\tgpgSign = true\n')
        config.write("[log]\n\tshowSignature = true\n")
    return repo


def test_signatures_in_the_log_do_not_hide_the_authors(signing: TestRepo, cli: Cli) -> None:
    """With log.showSignature both sides of each collision are told as without it."""
    signing.lane("b", {"auth.py": "b\n"})
    signing.lane("a", {"auth.py": "a\n", "src/app.py": "a\n", "new\nline": "a\n"})
    assert cli("promote", "b").code == 0
    signed = signing.save({"src/app.py": "people\n"})
    other = signing.save({"new\nline": "people\n"})
    assert "Good signature" in signing.git("log", "-1", "--format=%H")
    with pytest.raises(Collision) as caught:
        signing.lanes.promote("a")
    found = {x["path"]: x for x in caught.value.data["collisions"]}
    assert {(x["source"]["attempt"], x["source"]["agent"]) for x in found.values()} == {
        ("a/1", "agent-a")
    }
    target = {path: x["target"] for path, x in found.items()}
    assert (target["auth.py"]["attempt"], target["auth.py"]["agent"]) == ("b/1", "agent-b")
    assert (target["src/app.py"]["commit"], target["new\nline"]["commit"]) == (signed, other)
    told = cli("promote", "a").err.splitlines()
    people = f"source modified it in a/1 by agent-a; target modified it in {signed[:12]}"
    assert f"collision: 'src/app.py': {people}" in told


def test_what_was_amended_and_laid_again_is_called_as_it_is_now(repo: TestRepo, cli: Cli) -> None:
    """Records carried to a commit name the attempt that it was before."""
    repo.lane("a", {"new.txt": "1\n"})
    repo.write({"new.txt": "2\n"}, repo.workspace("a"))
    assert cli("commit", "a", "--amend").code == 0
    repo.save({"people.txt": "1\n"})
    repo.lanes.sync("a")
    repo.save({"new.txt": "people\n"})
    with pytest.raises(Collision) as caught:
        repo.lanes.promote("a")
    (found,) = caught.value.data["collisions"]
    assert (found["source"]["attempt"], found["source"]["agent"]) == ("a/3", "agent-a")
