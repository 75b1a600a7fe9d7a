"""Commit objects, and merges computed again from objects alone. Nothing here moves a ref."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.core.errors import GitFailed
from bot.core.names import CommitSha, TreeSha
from bot.git_store.commits import Author, CommitObject
from bot.git_store.git_errors import last_lines
from bot.git_store.objects import ObjectReader
from bot.git_store.process import GitRunner

# The author of helper commits that no ref ever reaches; a fixed time, so that they are the same each time.
_PLACEHOLDER = b"cadence <cadence@localhost> 946684800 +0000"


class CommitGraph:
    """Reads commits and computes merges in one bare repository."""

    def __init__(self, runner: GitRunner, reader: ObjectReader) -> None:
        self._runner = runner
        self._reader = reader

    def commit(self, sha: str) -> CommitObject | None:
        """The commit of that full sha, or None when the repository does not have it."""
        info = self._reader.info(sha)
        if info is None or info[0] != sha or info[1] != "commit":
            return None
        raw = self._reader.read(sha)
        return None if raw is None else _parsed(CommitSha(sha), raw)

    def between(self, base: CommitSha, head: CommitSha) -> list[CommitSha]:
        """The commits reachable from head and not from base, oldest first. Raises GitFailed when one is missing."""
        out = self._runner.check("rev-list", "--reverse", "--topo-order", f"{base}..{head}", "--")
        return [CommitSha(line) for line in out.decode().split()]

    def resolve(self, name: str) -> CommitSha | None:
        """The commit of a sha or of the unique beginning of one, or None."""
        # Without `--end-of-options` a name that begins with `-` would be read as an option.
        # https://git-scm.com/docs/git-rev-parse#Documentation/git-rev-parse.txt---end-of-options
        done = self._runner.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return CommitSha(done.out.decode().strip()) if done.status == 0 else None

    def merged_tree(self, onto: CommitSha, head: CommitSha) -> TreeSha | None:
        """The tree of a merge of `head` into `onto`, or None for a conflict. Raises GitFailed for a missing commit."""
        for sha in (onto, head):
            # git ends with status 1 for a conflict and also for a commit that it does not have (seen with 2.39).
            self._require(sha)
        # https://git-scm.com/docs/git-merge-tree#_exit_status
        done = self._runner.run("merge-tree", "--write-tree", "--no-messages", onto, head)
        if done.status > 1 or done.status < 0:
            raise GitFailed("git merge-tree failed.", log_lines=last_lines(done.err))
        return TreeSha(done.out.decode().split("\n", 1)[0]) if done.status == 0 else None

    def replayed_trees(self, onto: CommitSha, commits: Sequence[CommitSha]) -> list[TreeSha] | None:
        """The tree after each of these commits is applied on `onto`, one by one; None when one conflicts.

        Merge commits are left out. Raises GitFailed for a missing commit.
        """
        tree, made = self._require(onto).tree, []
        for sha in commits:
            commit = self._require(sha)
            # A rebase drops merge commits. https://git-scm.com/docs/git-rebase#_rebasing_merges
            if len(commit.parents) != 1:
                continue
            picked = self._applied(tree, commit)
            if picked is None:
                return None
            tree = picked
            made.append(tree)
        return made

    def _applied(self, tip: TreeSha, commit: CommitObject) -> TreeSha | None:
        """The tree of `commit` applied on the tree `tip`, or None for a conflict."""
        # Debian 12 has git 2.39, and `git merge-tree --merge-base` came with 2.40. So the three trees become commits of
        # a small history of their own, whose merge base git then finds.
        # https://git-scm.com/docs/git-merge-tree#Documentation/git-merge-tree.txt---merge-basetree-ish
        origin = self._require(commit.parents[0]).tree
        if origin == tip:
            return commit.tree
        root = self._commit_of(origin, None)
        return self.merged_tree(self._commit_of(tip, root), self._commit_of(commit.tree, root))

    def _commit_of(self, tree: TreeSha, parent: CommitSha | None) -> CommitSha:
        lines = [b"tree %b" % tree.encode(), *([b"parent %b" % parent.encode()] if parent else [])]
        lines += [b"author %b" % _PLACEHOLDER, b"committer %b" % _PLACEHOLDER, b"", b"x", b""]
        out = self._runner.check("hash-object", "-t", "commit", "-w", "--stdin", stdin=b"\n".join(lines))
        return CommitSha(out.decode().strip())

    def _require(self, sha: CommitSha) -> CommitObject:
        found = self.commit(sha)
        if found is None:
            raise GitFailed(f"The repository does not have commit {sha}.", code="git.missing_commit", retry=False)
        return found


def _parsed(sha: CommitSha, raw: bytes) -> CommitObject:
    # Header lines, an empty line, the message. A line that begins with a space continues a signature.
    # https://git-scm.com/docs/git-cat-file
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
    """The author and the time of `Name <address> seconds zone`; the time only in UTC."""
    # https://git-scm.com/docs/git-commit-tree#_date_formats
    who, _, when = raw.rpartition(b"> ")
    name, _, email = who.partition(b" <")
    seconds, _, zone = when.partition(b" ")
    who_name, address = _text(name), _text(email)
    author = Author(who_name, address) if who_name is not None and address is not None and who else None
    date = datetime.fromtimestamp(int(seconds), UTC) if zone == b"+0000" and seconds.isdigit() else None
    return author, date


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
