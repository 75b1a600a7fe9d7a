"""Commits as git holds them, and merges made again from objects alone: nothing here moves a ref."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.errors import GitFailed
from bot.core.names import CommitSha, TreeSha
from bot.git_store.commits import Author
from bot.git_store.failures import last_lines
from bot.git_store.objects import ObjectReader
from bot.git_store.process import GitRunner

_NOBODY = b"cadence <cadence@localhost> 946684800 +0000"


@dataclass(frozen=True, slots=True)
class CommitObject:
    """A commit object. `author` and `date` are None where they are not UTF-8 or not in UTC, `message` likewise.

    Such a commit is somebody else's: ours are written in UTF-8 and UTC.
    """

    sha: CommitSha
    tree: TreeSha
    parents: tuple[CommitSha, ...]
    author: Author | None
    date: datetime | None
    message: str | None


class History:
    """Reads commits and computes merges in one bare repository."""

    def __init__(self, runner: GitRunner, reader: ObjectReader) -> None:
        self._runner = runner
        self._reader = reader

    def commit(self, sha: str) -> CommitObject | None:
        """The commit of that full id, or None when the repository does not have it."""
        info = self._reader.info(sha)
        if info is None or info[0] != sha or info[1] != "commit":
            return None
        raw = self._reader.read(sha)
        return None if raw is None else _parsed(CommitSha(sha), raw)

    def between(self, base: CommitSha, head: CommitSha) -> list[CommitSha]:
        """The ids of the commits in head and not in base, oldest first. Raises GitFailed when one is missing."""
        out = self._runner.check("rev-list", "--reverse", "--topo-order", f"{base}..{head}", "--")
        return [CommitSha(line) for line in out.decode().split()]

    def resolve(self, name: str) -> CommitSha | None:
        """The commit that an id, or enough of its beginning, stands for."""
        done = self._runner.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return CommitSha(done.out.decode().strip()) if done.status == 0 else None

    def merged_tree(self, onto: CommitSha, head: CommitSha) -> TreeSha | None:
        """The tree of a merge of `head` into `onto`; None when the two conflict. Raises GitFailed for a missing one."""
        for sha in (onto, head):
            # git ends with the same status 1 for a commit it does not have as for a conflict (seen with 2.39).
            self._must(sha)
        done = self._runner.run("merge-tree", "--write-tree", "--no-messages", onto, head)
        if done.status > 1 or done.status < 0:
            raise GitFailed("git merge-tree failed.", log_lines=last_lines(done.err))
        return TreeSha(done.out.decode().split("\n", 1)[0]) if done.status == 0 else None

    def replayed_trees(self, onto: CommitSha, commits: Sequence[CommitSha]) -> list[TreeSha] | None:
        """The tree after each of these commits replayed on `onto`, one by one; None when one conflicts.

        Merge commits are left out, as GitHub leaves them out of a rebase.
        """
        tree, made = self._must(onto).tree, []
        for sha in commits:
            commit = self._must(sha)
            if len(commit.parents) != 1:
                continue
            picked = self._picked(tree, commit)
            if picked is None:
                return None
            tree = picked
            made.append(tree)
        return made

    def _picked(self, tip: TreeSha, commit: CommitObject) -> TreeSha | None:
        """`git merge-tree --merge-base` came with git 2.40; before, three trees become a small history of their own."""
        origin = self._must(commit.parents[0]).tree
        if origin == tip:
            return commit.tree
        root = self._dressed(origin, None)
        return self.merged_tree(self._dressed(tip, root), self._dressed(commit.tree, root))

    def _dressed(self, tree: TreeSha, parent: CommitSha | None) -> CommitSha:
        lines = [b"tree %b" % tree.encode(), *([b"parent %b" % parent.encode()] if parent else [])]
        lines += [b"author %b" % _NOBODY, b"committer %b" % _NOBODY, b"", b"x", b""]
        out = self._runner.check("hash-object", "-t", "commit", "-w", "--stdin", stdin=b"\n".join(lines))
        return CommitSha(out.decode().strip())

    def _must(self, sha: CommitSha) -> CommitObject:
        found = self.commit(sha)
        if found is None:
            raise GitFailed(f"The repository does not have commit {sha}.", code="git.missing_commit", retry=False)
        return found


def _parsed(sha: CommitSha, raw: bytes) -> CommitObject:
    header, _, message = raw.partition(b"\n\n")
    fields = [line.partition(b" ") for line in header.split(b"\n")]
    named = {name: value for name, _, value in reversed(fields) if name}
    author, date = _signature(named.get(b"author", b""))
    return CommitObject(
        sha=sha,
        tree=TreeSha(named[b"tree"].decode()),
        parents=tuple(CommitSha(value.decode()) for name, _, value in fields if name == b"parent"),
        author=author,
        date=date,
        message=_text(message),
    )


def _signature(raw: bytes) -> tuple[Author | None, datetime | None]:
    """`Name <address> seconds zone` as author and time; the time only where the zone is UTC."""
    who, _, when = raw.rpartition(b"> ")
    name, _, email = who.partition(b" <")
    seconds, _, zone = when.partition(b" ")
    told, address = _text(name), _text(email)
    author = Author(told, address) if told is not None and address is not None and who else None
    date = datetime.fromtimestamp(int(seconds), UTC) if zone == b"+0000" and seconds.isdigit() else None
    return author, date


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
