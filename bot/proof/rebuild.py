"""Rebuilds a proof's commits and its merge in a repository, and compares them with the ones that are there.

A commit's id is the hash of its tree, parents, author, dates and message (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects),
so equal ids mean that nothing in it differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.changeset.edits import resolve
from bot.changeset.model import ChangeSet
from bot.core.errors import CadenceError, Refused
from bot.core.findings import Severity
from bot.core.names import TRAILER_PROOF, CommitSha, TreeSha, sha256
from bot.git_store.commits import Author
from bot.proof.bundle import Bundle
from bot.proof.checklist import Check, failed, note, ok
from bot.proof.statements import THROUGH_QUEUE, OwnCommit, document_digest, read_commit

if TYPE_CHECKING:
    # For types alone: a proof is checked without importing what fetches and pushes.
    from bot.git_store.bare_repository import BareRepository
    from bot.git_store.commit_graph import CommitGraph
    from bot.git_store.commits import CommitObject

_TRAILER = re.compile(rf"(?im)^{TRAILER_PROOF}:[ \t]*(.*?)[ \t]*$")
_FETCH = "Fetch the pull request's commits (`git fetch origin refs/pull/<number>/head`) and verify again."


def rebuilt(repository: BareRepository, commit: OwnCommit, change_set: ChangeSet) -> CommitSha:
    """Write the commit that the ChangeSet makes on the recorded parent, with the recorded author, date and message.

    Raises Refused when the ChangeSet does not apply to the parent, GitFailed when the parent is not in the repository.
    """
    resolution = resolve(change_set, repository.tree(commit.parent))
    wrong = [finding for finding in resolution.findings if finding.severity is Severity.ERROR]
    if wrong:
        raise Refused(f"its ChangeSet does not apply to its parent: {wrong[0].message}", code=wrong[0].code)
    return repository.write_commit(
        commit.parent,
        resolution.changes,
        message=commit.message,
        author=Author(commit.author_name, commit.author_email),
        date=datetime.fromtimestamp(commit.date, UTC),
    )


def proof_trailers(message: str | None) -> list[str]:
    """The values of every `Cadence-Proof` trailer in a commit message."""
    return _TRAILER.findall(message or "")


def onto_of(repository: CommitGraph, merge: CommitObject, method: str, steps: int) -> CommitSha | None:
    """The commit of the base on which a merge was made; None when the history ends too early.

    `steps` is how many commits a rebase added; the other methods add one.
    """
    at: CommitObject | None = merge
    onto: CommitSha | None = None
    for _ in range(steps if method == "rebase" else 1):
        if at is None or not at.parents:
            return None
        onto = at.parents[0]
        at = repository.commit(onto)
    return onto


def picked(repository: CommitGraph, commits: Sequence[CommitSha]) -> list[CommitSha]:
    """The commits that a rebase replays, in the same order. Raises CadenceError `proof.rebuild` for a missing one."""
    found = []
    for sha in commits:
        commit = repository.commit(sha)
        if commit is None:
            raise CadenceError(f"commit {sha} is not in this repository", code="proof.rebuild", remedy=_FETCH)
        # A rebase leaves merge commits out: https://git-scm.com/docs/git-rebase
        found += [sha] if len(commit.parents) == 1 else []
    return found


class Rebuilder:
    """The checks of one proof that need the repository. `commit` is what was merged, as the repository has it."""

    def __init__(self, bundle: Bundle, repository: BareRepository, commit: CommitSha) -> None:
        self._bundle = bundle
        self._repository = repository
        self._commit = commit
        manifest = bundle.manifest
        self._commits = [read_commit(row) for row in manifest["commits"]]
        self._head, self._merge_base = CommitSha(manifest["head"]), CommitSha(manifest["merge_base"])
        self._tip, self._method = CommitSha(manifest["base"]["tip"]), str(manifest["method"])

    def rebuild(self) -> Iterator[Check]:
        """Our commits can be rebuilt from ChangeSets, people's are present, and together they are the head's."""
        code, sets = "proof.rebuild", {sha256(text): text for text in self._bundle.changesets}
        wrong = sorted(sets.keys() ^ set(self._bundle.manifest["changesets"]))
        if wrong:
            yield failed(code, f"ChangeSet {wrong[0][:12]} is not both named by the manifest and in the proof")
            return
        own = [one for one in self._commits if isinstance(one, OwnCommit)]
        for commit in own:
            made = rebuilt(self._repository, commit, ChangeSet.model_validate_json(sets[commit.changeset]))
            if made != commit.sha:
                yield failed(code, f"commit {commit.sha} came out as {made}")
                return
        missing = [one.sha for one in self._commits if not self._repository.has(one.sha)]
        if missing:
            yield failed(code, f"commit {missing[0]} of another author is not in this repository. {_FETCH}")
            return
        listed = [one.sha for one in self._commits]
        base = self._repository.merge_base(self._tip, self._head)
        if base != self._merge_base or self._repository.history.between(self._merge_base, self._head) != listed:
            yield failed(code, f"the recorded commits are not what {self._head} has over its base")
            return
        others = len(listed) - len(own)
        text = f"{len(own)} commit(s) rebuilt to the recorded ids" + (f", {others} known by id" if others else "")
        yield ok(code, text)

    def merge_commit(self) -> Iterator[Check]:
        """The commit is the one that the seal names, and has the parents that the seal names."""
        code, seal = "proof.commit", self._bundle.seal
        merge = self._merge()
        if merge.sha != seal["merge_commit"]:
            yield failed(code, f"the seal is for {seal['merge_commit']}, not for {merge.sha}")
        parents = [str(one) for one in merge.parents]
        onto = self._onto(merge)
        shaped = {"squash": [onto], "merge": [onto, self._head]}.get(self._method, parents[:1])
        if parents != seal["parents"] or onto != seal["onto"] or parents != shaped:
            yield failed(code, f"the parents of {merge.sha} are not those of a {self._method} onto {seal['onto']}")
        elif merge.sha == seal["merge_commit"]:
            yield ok(code, f"{merge.sha} is the {self._method} commit that the seal names, on top of {onto}")
        if onto is not None and onto != self._tip:
            yield note("base.moved", f"merged onto {onto}; reviewed on {self._tip}")
        if bool(seal["base_moved"]) != (seal["onto"] != self._tip):
            yield failed(code, "the seal is wrong about whether the base moved")

    def trailer(self) -> Iterator[Check]:
        """The merge commit quotes the manifest's digest, unless GitHub wrote its message."""
        # A rebase keeps the messages of the commits, and a merge queue writes its own:
        # https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/about-merge-methods-on-github
        code, digest = "proof.trailer", f"sha256:{document_digest(self._bundle.manifest)}"
        quoted = proof_trailers(self._merge().message)
        if self._bundle.manifest.get("through") == THROUGH_QUEUE and not quoted:
            yield note(code, f"a merge queue writes its own message: compare {digest} with `cadence/gate`")
        elif self._method == "rebase" and not quoted:
            yield note(code, f"a rebase takes no message: compare {digest} with `cadence/gate` on the pull request")
        elif quoted == [digest]:
            yield ok(code, f"the merge commit quotes {digest}")
        else:
            yield failed(code, f"the merge commit quotes {', '.join(quoted) or 'no proof'}, the manifest is {digest}")

    def merged(self) -> Iterator[Check]:
        """Merging the head onto the actual parent by the recorded method gives the merged tree, and nothing else."""
        code, history, merge = "proof.tree", self._repository.history, self._merge()
        onto = self._onto(merge)
        if onto is None:
            yield failed(code, f"the history of {merge.sha} ends before the base")
            return
        if self._method == "rebase":
            commits = picked(history, [one.sha for one in self._commits])
            made = history.replayed_trees(onto, commits)
            there = self._trees_down(merge, len(commits))
        else:
            tree = history.merged_tree(onto, self._head)
            made, there = None if tree is None else [tree], [merge.tree]
        if made is None:
            yield failed(code, f"{self._head} does not merge with {onto} without conflict")
        elif made != there or merge.tree != self._bundle.seal["tree"]:
            yield failed(code, f"the tree of {merge.sha} is not what merging {self._head} onto {onto} gives")
        else:
            yield ok(code, f"merging {self._head} onto {onto} gives tree {merge.tree}")

    def _trees_down(self, merge: CommitObject, steps: int) -> list[TreeSha]:
        trees: list[TreeSha] = []
        at: CommitObject | None = merge
        for _ in range(steps):
            if at is None:
                break
            trees.insert(0, at.tree)
            at = self._repository.history.commit(at.parents[0]) if at.parents else None
        return trees

    def _onto(self, merge: CommitObject) -> CommitSha | None:
        steps = 1
        if self._method == "rebase":
            steps = len(picked(self._repository.history, [one.sha for one in self._commits]))
        return onto_of(self._repository.history, merge, self._method, steps)

    def _merge(self) -> CommitObject:
        merge = self._repository.history.commit(self._commit)
        if merge is None:
            raise CadenceError(
                f"commit {self._commit} is not in this repository",
                code="proof.commit",
                remedy="Fetch, and verify again.",
            )
        return merge
