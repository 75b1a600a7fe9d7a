"""Checks a submitted ChangeSet on one commit of a local repository, and makes a commit of an accepted one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.guards.message import clean_message
from bot.changeset.model import ChangeSet
from bot.changeset.pin import pin
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import TreeChange, TreeReader
from bot.cli.patch_edits import TreePair, complaint_findings, edits_between, one_file_edits
from bot.cli.submitted import Submitted
from bot.config.load import read_config
from bot.core.codes.lookup import make_finding
from bot.core.errors import ConfigInvalid, Refused
from bot.core.findings import Finding, Severity, sentence
from bot.core.names import CONFIG_PATH, TRAILER_CHANGESET, CommitSha
from bot.git_store.bare_repository import BareRepository
from bot.git_store.commits import Author
from bot.git_store.local import LocalRepository
from bot.git_store.scratch import PatchRefused
from bot.publish.commit import build_commit

AUTHOR = Author("cadence[bot]", "cadence[bot]@users.noreply.github.com")
"""The author of every commit made here. `author` of a ChangeSet is only a claim, so it is not used."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The result. `change_set` is the pinned one, None when the input is not a ChangeSet.

    `changes` is empty unless accepted. `base` is the commit it was checked on, None when the input is not a ChangeSet.
    """

    base: CommitSha | None
    accepted: bool = False
    change_set: ChangeSet | None = None
    changes: tuple[TreeChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which it is refused."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)


@dataclass(slots=True)
class Submission:
    """Where a ChangeSet is checked, and the notes so far on how it was read."""

    repository: LocalRepository
    base: CommitSha
    tree: TreeReader
    notes: list[str] = field(default_factory=list)


def refused(base: CommitSha, findings: tuple[Finding, ...], notes: tuple[str, ...] = ()) -> Evaluated:
    """The result for an input that is not a ChangeSet."""
    return Evaluated(base, findings=findings, notes=notes)


def refused_by_git(evaluated: Evaluated, error: Refused) -> Evaluated:
    """The result when git refuses the commit or the branch of an accepted ChangeSet."""
    message = " ".join(sentence(part) for part in (error.summary, *error.details))
    return replace(
        evaluated, accepted=False, findings=(*evaluated.findings, Finding(error.code, message, error.remedy))
    )


def evaluate(submitted: Submitted, repository: LocalRepository, base: CommitSha) -> Evaluated:
    """Check a submission on the base, under the config at the base. Writes nothing to the repository."""
    submission = Submission(repository, base, repository.mirror.tree(base), list(submitted.notes))
    try:
        # The config at the base: a ChangeSet must not loosen the rules that it is checked by.
        config = read_config(repository.mirror.read_file(base, CONFIG_PATH)).require_config()
        change_set = _pinned(_change_set(submitted, submission), submission)
    except ChangeSetRejected as error:
        return refused(base, error.findings, tuple(submission.notes))
    except ConfigInvalid as error:
        return refused(base, _config_findings(error), tuple(submission.notes))
    checked = check(change_set, submission.tree, GuardConfig.from_repo(config), submitted.mentioned)
    findings, accepted = checked.findings, checked.accepted
    # The guards accept half of a surrogate pair, but the digest and the commit need UTF-8.
    if accepted and not _is_text(change_set):
        findings, accepted = (
            (*findings, make_finding("contract.encoding", "the ChangeSet holds lone surrogates")),
            False,
        )
    changes = checked.changes if accepted else ()
    return Evaluated(base, accepted, change_set, changes, findings, tuple(submission.notes))


def build(evaluated: Evaluated, repository: LocalRepository, store: BareRepository) -> CommitSha:
    """Make the commit of an accepted ChangeSet in `store`, and return its id.

    Author and date depend only on the base, so the same ChangeSet on the same base is the same commit.
    """
    if evaluated.change_set is None or evaluated.base is None or not evaluated.accepted:
        raise ValueError("only an accepted ChangeSet is built")
    trailer = f"{TRAILER_CHANGESET}: {evaluated.change_set.digest()}"
    return build_commit(
        store,
        base=evaluated.base,
        changes=evaluated.changes,
        message=f"{clean_message(evaluated.change_set.message).text}\n\n{trailer}\n",
        author=AUTHOR,
        date=repository.committed_at(evaluated.base),
    )


def _change_set(submitted: Submitted, submission: Submission) -> ChangeSet:
    if submitted.one_file is not None:
        change_set, notes = one_file_edits(submitted.one_file, submission.tree, submitted.message)
        submission.notes += notes
        return change_set
    if submitted.patch is not None:
        return _of_patch(submitted.patch, submitted.message, submission)
    if submitted.change_set is None:
        raise ValueError("nothing was submitted")
    return submitted.change_set


def _of_patch(patch: str, message: str, submission: Submission) -> ChangeSet:
    # In a scratch store: checking a patch leaves no objects in the repository.
    with submission.repository.scratch() as scratch:
        # JSON may escape half of a surrogate pair, which plain UTF-8 cannot encode:
        # https://www.rfc-editor.org/rfc/rfc8259#section-8.2
        tree = scratch.apply_patch(submission.base, patch.encode("utf-8", "surrogatepass"))
        if isinstance(tree, PatchRefused):
            raise ChangeSetRejected(complaint_findings(tree.lines))
        pair = TreePair(submission.tree, scratch.tree(tree), scratch.changed(submission.base, tree))
        return edits_between(pair, message)


def _pinned(change_set: ChangeSet, submission: Submission) -> ChangeSet:
    """Pin unpinned edits to the commit that the ChangeSet names as its base, else to the commit it is checked on."""
    tree = submission.tree
    named = change_set.base
    # People and models may write the id in capitals; git writes it in lower case.
    if named is not None and named.lower() != submission.base:
        if submission.repository.mirror.has(named.lower()):
            tree = submission.repository.mirror.tree(CommitSha(named.lower()))
            submission.notes.append(f"unpinned edits are pinned to {named[:12]}, the base that the ChangeSet names")
        # An edit with a pin needs no base: its pin is compared with the file itself.
        elif any(_unpinned(change_set)):
            message = f"the ChangeSet was made for {named[:12]}, which this repository does not have"
            raise ChangeSetRejected([make_finding("stale", message)])
    done = pin(change_set, tree)
    submission.notes += done.notes
    return done.change_set


def _unpinned(change_set: ChangeSet) -> list[str]:
    return [e.path for e in change_set.edits if e.before_sha is None and (e.mode != "add" or e.rename_from)]


def _config_findings(error: ConfigInvalid) -> tuple[Finding, ...]:
    lines = error.details or (error.summary,)
    remedy = error.remedy or f"Correct {CONFIG_PATH} at the base."
    return tuple(Finding(error.code, f"{CONFIG_PATH}: {line}", remedy, path=CONFIG_PATH) for line in lines)


def _is_text(change_set: ChangeSet) -> bool:
    try:
        change_set.canonical_json().encode()
    except UnicodeEncodeError:
        return False
    return True
