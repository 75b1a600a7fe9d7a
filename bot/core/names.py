"""Typed ids, and every public name that appears on GitHub: labels, branches, checks, markers, trailers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NewType

RepositoryId = NewType("RepositoryId", int)
InstallationId = NewType("InstallationId", int)
IssueNumber = NewType("IssueNumber", int)
PullNumber = NewType("PullNumber", int)
CommentId = NewType("CommentId", int)
AppId = NewType("AppId", int)
DeliveryId = NewType("DeliveryId", str)
RunId = NewType("RunId", str)
Cause = NewType("Cause", str)
CommitSha = NewType("CommitSha", str)
HeadSha = NewType("HeadSha", CommitSha)
BaseSha = NewType("BaseSha", CommitSha)
TreeSha = NewType("TreeSha", str)
BlobSha = NewType("BlobSha", str)
Digest = NewType("Digest", str)
"""sha256, lower-case hex, of canonical bytes."""

TRIGGER_LABEL = "blueprint"
HOLD_LABEL = "cadence:hold"
STOP_LABEL = "cadence:stop"

CHECK_REASONING = "cadence/reasoning"
CHECK_EFFICIENCY = "cadence/efficiency"
CHECK_GATE = "cadence/gate"
CHECK_CONFIG = "cadence/config"
"""On pull requests that edit the config; it says nothing about a blueprint's change, so it is not in OWN_CHECKS."""
# Any App, and any workflow, can post a check run of any name, so these count only with the id of this App.
# https://docs.github.com/en/rest/checks/runs
OWN_CHECKS = (CHECK_REASONING, CHECK_EFFICIENCY, CHECK_GATE)
OWN_NAMES = (*OWN_CHECKS, CHECK_CONFIG)
"""Every check name that is ours: no other App may post it, and none of them counts as CI."""

CONFIG_PATH = ".github/cadence.yml"
COMMAND_PREFIX = "/cadence"
# What GitHub sends as `before` or `after` of a push that makes or deletes a branch.
# https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
ZERO_SHA = CommitSha("0" * 40)

# https://git-scm.com/docs/git-interpret-trailers
TRAILER_RUN = "Cadence-Run"
TRAILER_CHANGESET = "Cadence-ChangeSet"
TRAILER_ISSUE = "Cadence-Issue"
TRAILER_PROOF = "Cadence-Proof"
"""In a merge commit: `sha256:` and the digest of the merge's manifest (docs/proof.md)."""
RESERVED_TRAILERS = (TRAILER_RUN, TRAILER_CHANGESET, TRAILER_ISSUE, TRAILER_PROOF)


@dataclass(frozen=True, slots=True)
class RepoName:
    """`owner/name` as GitHub spells it today; state is keyed by repository id, because names change."""

    owner: str
    name: str

    @classmethod
    def parse(cls, full_name: str) -> RepoName:
        owner, slash, name = full_name.partition("/")
        if not (owner and slash and name) or "/" in name:
            raise ValueError(f"{full_name!r} is not OWNER/REPO")
        return cls(owner, name)

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class RepoRef:
    """Where one repository's calls go: its id, its present name, and the installation that may act there."""

    repository_id: RepositoryId
    name: RepoName
    installation_id: InstallationId


def branch_for(issue: IssueNumber) -> str:
    """The one branch of a blueprint, `cadence/issue-<n>`; replans reuse it."""
    return f"cadence/issue-{issue}"


def label_cause(event_id: str) -> Cause:
    """The cause of a run started by a label: the id of the `labeled` event in the issue's timeline."""
    return Cause(f"label:{event_id}")


def comment_cause(comment: CommentId, edit: str = "") -> Cause:
    """The cause of a run started by a command: the id of the comment that gave it, and which edit of it, if one did."""
    return Cause(f"comment:{comment}{edit}")


def revert_cause(merge: str) -> Cause:
    """The cause of a run that takes a merge back: the merge's commit."""
    return Cause(f"revert:{merge}")


def reverted_merge(cause: str) -> str:
    """The merge commit that a revert's cause names."""
    return cause.removeprefix("revert:")


def is_revert(cause: str) -> bool:
    """Whether a run of that cause takes a merge back."""
    return cause.startswith("revert:")


def run_id(repository_id: RepositoryId, issue: IssueNumber, cause: Cause) -> RunId:
    """The name of the run (repository id, issue, cause): the same three always give the same name."""
    return RunId(f"{repository_id}-{issue}-{sha256(cause)[:10]}")


def sha256(text: str | bytes) -> Digest:
    """Lower-case hex sha256 of the text (UTF-8) or bytes."""
    raw = text.encode() if isinstance(text, str) else text
    return Digest(hashlib.sha256(raw).hexdigest())


# HTML comments are not shown in a comment or issue, and are kept in its text.
_MARKER = re.compile(r"<!-- cadence:(?P<kind>[a-z-]+)(?P<fields>(?: [a-z_]+=[^\s=>]+)*) -->")


@dataclass(frozen=True, slots=True)
class Marker:
    """A hidden comment by which one of our own objects is found again: `<!-- cadence:<kind> key=value -->`."""

    kind: str
    fields: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"<!-- cadence:{self.kind}{''.join(f' {k}={v}' for k, v in self.fields)} -->"

    def get(self, key: str) -> str | None:
        return dict(self.fields).get(key)


def marker(kind: str, **fields: object) -> Marker:
    """Build a marker; values must be free of white space, `=` and `>`.

    Raises ValueError for a value that could not be read back.
    """
    made = Marker(kind, tuple((k, str(v)) for k, v in fields.items()))
    if not _MARKER.fullmatch(str(made)):
        raise ValueError(f"a marker cannot hold {fields!r}")
    return made


def markers(text: str | None) -> Iterator[Marker]:
    """Every marker in a text, in order. Text is never trusted alone: check the author or App id beside it."""
    for match in _MARKER.finditer(text or ""):
        pairs = (field.split("=", 1) for field in match["fields"].split())
        yield Marker(match["kind"], tuple((key, value) for key, value in pairs))


def has_marker(text: str | None, wanted: Marker) -> bool:
    """Whether the text holds a marker of that kind with at least the wanted fields."""
    want = set(wanted.fields)
    return any(m.kind == wanted.kind and want <= set(m.fields) for m in markers(text))
