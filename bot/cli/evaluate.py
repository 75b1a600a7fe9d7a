"""One thing that was handed in, judged on one commit of a local repository, and built when it is accepted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.changeset.check import check
from bot.changeset.guards.config import GuardConfig
from bot.changeset.guards.message import clean_message
from bot.changeset.model import ChangeSet
from bot.changeset.pin import pin
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import TreeChange, TreeReader
from bot.cli.patch_edits import TreePair, complaint_findings, edits_between, one_file_edits
from bot.cli.submitted import Submitted
from bot.config.load import read_config
from bot.core.codes.changeset import make_finding
from bot.core.errors import ConfigInvalid, Refused
from bot.core.findings import Finding, Severity, sentence
from bot.core.names import CONFIG_PATH, TRAILER_CHANGESET, CommitSha
from bot.git_store.commits import Author
from bot.git_store.local import LocalRepository
from bot.git_store.mirror import Mirror
from bot.git_store.scratch import PatchRefused
from bot.publish.commit import build_commit

AUTHOR = Author("cadence[bot]", "cadence[bot]@users.noreply.github.com")
"""Who every commit made on this machine is by; what the ChangeSet claims as its author is not taken over."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """`change_set` is what was judged, pinned; None when the input was none. `changes` is empty unless accepted."""

    base: CommitSha
    accepted: bool = False
    change_set: ChangeSet | None = None
    changes: tuple[TreeChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that refuse it."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)


@dataclass(slots=True)
class Submission:
    """Where a judgement is made, and the notes that gather on the way."""

    repository: LocalRepository
    base: CommitSha
    tree: TreeReader
    notes: list[str] = field(default_factory=list)


def refused(base: CommitSha, findings: tuple[Finding, ...], notes: tuple[str, ...] = ()) -> Evaluated:
    """The judgement on what is not a ChangeSet at all."""
    return Evaluated(base, findings=findings, notes=notes)


def refused_in_the_end(judged: Evaluated, error: Refused) -> Evaluated:
    """The judgement when an accepted ChangeSet could not be made a commit or a branch after all."""
    message = " ".join(sentence(part) for part in (error.summary, *error.details))
    return replace(judged, accepted=False, findings=(*judged.findings, Finding(error.code, message, error.remedy)))


def evaluate(handed: Submitted, repository: LocalRepository, base: CommitSha) -> Evaluated:
    """Check what was handed in on the base, under the configuration that stands there. Writes nothing anywhere."""
    intake = Submission(repository, base, repository.mirror.tree(base), list(handed.notes))
    try:
        config = read_config(repository.mirror.read_file(base, CONFIG_PATH)).require_config()
        change_set = _pinned(_change_set(handed, intake), intake)
    except ChangeSetRejected as error:
        return refused(base, error.findings, tuple(intake.notes))
    except ConfigInvalid as error:
        return refused(base, _config_findings(error), tuple(intake.notes))
    checked = check(change_set, intake.tree, GuardConfig.from_repo(config), handed.mentioned)
    findings, accepted = checked.findings, checked.accepted
    if accepted and not _is_text(change_set):
        findings, accepted = (
            (*findings, make_finding("contract.encoding", "the ChangeSet holds lone surrogates")),
            False,
        )
    changes = checked.changes if accepted else ()
    return Evaluated(base, accepted, change_set, changes, findings, tuple(intake.notes))


def build(judged: Evaluated, repository: LocalRepository, store: Mirror) -> CommitSha:
    """The commit of an accepted judgement, in the store given. Author and date follow from the base alone."""
    if judged.change_set is None or not judged.accepted:
        raise ValueError("only an accepted ChangeSet is built")
    trailer = f"{TRAILER_CHANGESET}: {judged.change_set.digest()}"
    return build_commit(
        store,
        base=judged.base,
        changes=judged.changes,
        message=f"{clean_message(judged.change_set.message).text}\n\n{trailer}\n",
        author=AUTHOR,
        date=repository.committed_at(judged.base),
    )


def _change_set(handed: Submitted, intake: Submission) -> ChangeSet:
    if handed.one_file is not None:
        change_set, notes = one_file_edits(handed.one_file, intake.tree, handed.message)
        intake.notes += notes
        return change_set
    if handed.patch is not None:
        return _of_patch(handed.patch, handed.message, intake)
    if handed.change_set is None:
        raise ValueError("nothing was handed in")
    return handed.change_set


def _of_patch(patch: str, message: str, intake: Submission) -> ChangeSet:
    with intake.repository.scratch() as scratch:
        tree = scratch.apply_patch(intake.base, patch.encode("utf-8", "surrogatepass"))
        if isinstance(tree, PatchRefused):
            raise ChangeSetRejected(complaint_findings(tree.lines))
        pair = TreePair(intake.tree, scratch.tree(tree), scratch.changed(intake.base, tree))
        return edits_between(pair, message)


def _pinned(change_set: ChangeSet, intake: Submission) -> ChangeSet:
    """Pin what came unpinned: to the commit the ChangeSet names as its base, else to the commit it is judged on."""
    tree = intake.tree
    named = change_set.base
    if named is not None and named.lower() != intake.base:
        if intake.repository.mirror.has(named.lower()):
            tree = intake.repository.mirror.tree(CommitSha(named.lower()))
            intake.notes.append(f"unpinned edits are pinned to {named[:12]}, the base that the ChangeSet names")
        elif any(_unpinned(change_set)):
            message = f"the ChangeSet was made for {named[:12]}, which this repository does not have"
            raise ChangeSetRejected([make_finding("stale", message)])
    done = pin(change_set, tree)
    intake.notes += done.notes
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
