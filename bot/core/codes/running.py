"""Codes of the service and the command line."""

from __future__ import annotations

from bot.core.codes.reason_code import CADENCE, MAINTAINER, OPERATOR, USER, WRITER, ReasonCode

RUNNING = (
    ReasonCode(
        "what_if.invalid",
        "`--what-if` names a fact that cannot be changed",
        "Use one of the forms that the message lists.",
        USER,
    ),
    ReasonCode("usage", "a command cannot work with what it was given", "See the command's --help.", USER),
    ReasonCode("repository.missing", "the directory is not a git repository", "Name one with --repo DIR.", USER),
    ReasonCode(
        "worktree.dirty",
        "a file that a change touches has changes of your own",
        "Commit or stash them, or plan without --apply.",
        USER,
    ),
    ReasonCode(
        "repository.sha256", "the repository uses SHA-256 object names", "Use a repository with SHA-1 names.", USER
    ),
    ReasonCode("settings.invalid", "a setting is missing or wrong", "Correct the setting named.", OPERATOR),
    ReasonCode(
        "ledger.missing",
        "there is no ledger at the configured place",
        "Start `cadence serve`, or set CADENCE_DATA_DIR.",
        OPERATOR,
    ),
    ReasonCode(
        "ledger.too_old",
        "the ledger is at a migration before 0004",
        "Start `cadence serve` of commit 03cc379 on it once, after a backup.",
        OPERATOR,
    ),
    ReasonCode(
        "ledger.too_new",
        "the ledger is at a migration that this version does not have",
        "Use the version that wrote it, or a newer one.",
        OPERATOR,
    ),
    ReasonCode(
        "database.unavailable", "the database does not answer", "Check CADENCE_DATABASE_URL and the server.", OPERATOR
    ),
    ReasonCode(
        "port.in_use", "another process listens on the address", "Stop it, or choose another CADENCE_PORT.", OPERATOR
    ),
    ReasonCode("port.refused", "the address cannot be used", "Choose another CADENCE_HOST or CADENCE_PORT.", OPERATOR),
    ReasonCode(
        "files",
        "a file or directory cannot be read or written",
        "Check the path, its permissions and the free space.",
        OPERATOR,
    ),
    ReasonCode("run.unknown", "no such run, or its record is gone", "`cadence runs` lists them.", USER),
    ReasonCode("run.ambiguous", "several runs have an id that begins like that", "Give more of the id.", USER),
    ReasonCode(
        "replay.differs",
        "a run that is planned and reviewed again from its recording is not the same",
        "Read what differs with `cadence replay RUN --diff`: code, prompts or settings have changed since.",
        USER,
    ),
    ReasonCode(
        "replay.nothing",
        "nothing is recorded of a run",
        "Recordings are kept for 30 days, of runs that were planned or reviewed.",
        USER,
    ),
    ReasonCode("fence.closed", "the run ended, was stopped or superseded; nothing was sent", "Nothing.", CADENCE),
    ReasonCode(
        "stop.late",
        "Cadence's own merge landed although the run was stopped",
        "Merge the draft that reverts it, or keep the change and close the draft.",
        WRITER,
    ),
    ReasonCode(
        "fence.late",
        "a worker was too slow between the last look at a stop and the request; nothing was sent",
        "Nothing: Cadence tries again.",
        CADENCE,
    ),
    ReasonCode(
        "door.closed",
        "an effect was attempted outside the effect gateway",
        "Report it: it is a defect in Cadence.",
        OPERATOR,
    ),
    ReasonCode(
        "state.move",
        "a state change that the state table does not allow",
        "Report it: it is a defect in Cadence.",
        OPERATOR,
    ),
    ReasonCode("git.failed", "a git command failed", "Nothing: it is tried again. Read the log if it lasts.", CADENCE),
    ReasonCode(
        "git.too_large",
        "git returned or needs more data than Cadence handles",
        "Work on a smaller change or repository.",
        WRITER,
    ),
    ReasonCode("git.busy", "another process holds the mirror", "Nothing: it is tried again.", CADENCE),
    ReasonCode("git.missing_commit", "the repository does not have the commit", "Fetch it, or name another.", USER),
    ReasonCode(
        "git.missing_object",
        "an object that the repository refers to is missing",
        "Repair it, or fetch it completely.",
        MAINTAINER,
    ),
    ReasonCode("internal", "an unexpected error", "Report it with the log's lines.", OPERATOR),
)
