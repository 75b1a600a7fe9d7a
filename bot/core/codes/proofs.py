"""Codes of the checks that `cadence verify` makes on the proof of a merge."""

from __future__ import annotations

from bot.core.codes.reason_code import CADENCE, OPERATOR, USER, VERIFIER, WRITER, ReasonCode

PROOFS = (
    ReasonCode(
        "proof.bundle",
        "the file, or the ledger's text, is not what was signed",
        "Use the file as it was exported.",
        VERIFIER,
    ),
    ReasonCode(
        "proof.signature",
        "a signature does not match its key, or the key is not trusted",
        "Ask for the file again.",
        VERIFIER,
    ),
    ReasonCode(
        "proof.key",
        "no `--keys` were given, so compare the key's id yourself",
        "Give the service's keys with --keys.",
        VERIFIER,
    ),
    ReasonCode("proof.digest", "the seal names another manifest", "Ask for the file again.", VERIFIER),
    ReasonCode(
        "proof.chain",
        "the run's chain is broken, cut off or lacks a record",
        "Find out who changed the ledger.",
        VERIFIER,
    ),
    ReasonCode(
        "proof.ledger",
        "a table of the ledger differs from the run's chain",
        "Find out who changed the ledger.",
        VERIFIER,
    ),
    ReasonCode(
        "proof.rebuild",
        "rebuilding the recorded commits gives other commits",
        "Fetch the pull request's commits, or ask why.",
        VERIFIER,
    ),
    ReasonCode(
        "proof.commit",
        "the commit is not the sealed merge",
        "Name the merge commit; else find out who rewrote it.",
        VERIFIER,
    ),
    ReasonCode(
        "proof.trailer", "the merge commit does not quote the manifest", "Compare it with `cadence/gate`.", VERIFIER
    ),
    ReasonCode("proof.tree", "merging the head gives another tree", "Find out what else was merged.", VERIFIER),
    ReasonCode(
        "proof.policy", "the base's config is not the one that the gate used", "Compare the file at the base.", VERIFIER
    ),
    ReasonCode(
        "proof.evidence",
        "a review is missing, rejects, or is for another change",
        "Review the change yourself.",
        VERIFIER,
    ),
    ReasonCode(
        "proof.ci", "no successful CI is named, or one failed", "Look at the checks of the merged head.", VERIFIER
    ),
    ReasonCode("proof.missing", "the ledger has no proof of that commit", "A merge by a person has none.", VERIFIER),
    ReasonCode(
        "proof.unsealed",
        "Cadence has not read this merge from GitHub yet",
        "Export it later; if it lasts, read the log.",
        OPERATOR,
    ),
    ReasonCode(
        "proof.incomplete",
        "evidence for a proof is missing, so nothing was merged",
        "Comment `/cadence replan`.",
        WRITER,
    ),
    ReasonCode(
        "proof.repository",
        "no full clone to check against",
        "Name one with --repo; `git fetch --unshallow` helps.",
        VERIFIER,
    ),
    ReasonCode("base.moved", "the base moved between review and merge, or before a rebuild", "Nothing.", CADENCE),
    ReasonCode(
        "commit.ambiguous", "several merge commits have an id that begins like that", "Give more of the id.", USER
    ),
    ReasonCode("commit.short", "too few characters for a commit's id", "Give at least seven.", USER),
)
