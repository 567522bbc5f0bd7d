"""What hosts do with a branch under review, done with plain git on the checked-out branch."""

from __future__ import annotations

from tests.support.repos import TestRepo

# The committer is the host: so no commit can come out the same as the one that it is made of.
_AS_HOST = ("-c", "user.name=Host", "-c", "user.email=noreply@host.example")


def commits_of(repo: TestRepo, branch: str) -> list[str]:
    """Return a branch's own commits, oldest first."""
    return repo.git("rev-list", "--reverse", "--no-merges", f"HEAD..{branch}").split()


def squash(repo: TestRepo, branch: str, message: str) -> str:
    """Bring a branch as one commit; return it."""
    repo.git("merge", "--quiet", "--squash", branch)
    repo.git(*_AS_HOST, "commit", "--quiet", f"--message={message}")
    return repo.rev("HEAD")


def like_github(repo: TestRepo, branch: str) -> str:
    """Return GitHub's usual message of a squash: a title, then the message of each commit."""
    messages = [repo.git("log", "-1", "--format=%B", x) for x in commits_of(repo, branch)]
    return "\n\n".join([f"Work of {branch} (#7)", *(f"* {x.strip()}" for x in messages)])


def rebase(repo: TestRepo, branch: str, *, trailers: bool = True) -> list[str]:
    """Lay each commit of a branch again, as a rebase merge does; return the new ones."""
    made = []
    for commit in commits_of(repo, branch):
        repo.git("cherry-pick", "--no-commit", commit)
        message = repo.git("log", "-1", f"--format={'%B' if trailers else '%s'}", commit)
        repo.git(*_AS_HOST, "commit", "--quiet", f"--message={message}")
        made.append(repo.rev("HEAD"))
    return made
