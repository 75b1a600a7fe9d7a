"""Every reason code that is not a ChangeSet's own: what it says and what to do next. docs/codes.md is made of it. Pure.

The codes of ChangeSets are in bot/core/codes/changeset.py;
a test compares both tables with the codes used in the code.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from bot.core.codes.gate import gate_codes
from bot.core.codes.weakening import MEANINGS


class ReasonMeaning(NamedTuple):
    """One line each."""

    meaning: str
    remedy: str


M = ReasonMeaning

_GATE = {
    code: M(entry.meaning.removesuffix("."), f"{entry.who[0].upper()}{entry.who[1:]}: {entry.next_step}")
    for code, entry in gate_codes().items()
    if not code.endswith(">") and not code.startswith(("github.", "model."))
} | {
    "review.approved": M("a review approves the change", "Nothing."),
    "base.unrelated": M("the head shares no history with its base", "Open a pull request from a real branch."),
    "base.missing": M("the base names no commit", "Create the branch, or correct `plan.base` or `--base`."),
    "base.red": M("CI of the base failed after the merge", "Look at the revert that Cadence opened."),
    "base.unjudged": M(
        "the pull request was merged into another branch than the one it was judged for",
        "Merge the draft that reverts it, or keep the change and close the draft.",
    ),
}

_PLAN = {
    "contract.block": M("the blueprint's own ChangeSet cannot be read", "Correct the block in the issue."),
    "contract.commit": M("git cannot hold the message, the author or a mode", "Report it: the guards come first."),
    "contract.patch": M("git cannot apply the patch; its own line says why", "Make it with `git diff --binary`."),
    "loss.path": M("a new file would replace a directory or file in its way", "Delete that explicitly first."),
    "path.unsafe": M("a path no checkout should see, or one named twice", "Use a plain path inside the repository."),
    "plan.empty": M("there is nothing to plan from", "Say in the issue what should change."),
    "approval.labeller": M(
        "a bot, or somebody who may not write, put the label on", "A writer comments `/cadence go`."
    ),
    "approval.diff": M("the text is by somebody who may not write", "Read the diff and comment `/cadence go`."),
    "blueprint.unreadable": M("the issue has more edits than Cadence reads", "Read it and comment `/cadence go`."),
    "model.absent": M("no model is configured", "Set OPENAI_API_KEY, or give the blueprint its own ChangeSet."),
    "model.unavailable": M("the model did not answer", "Nothing: it is asked again."),
    "model.unreachable": M("no connection to the model", "Check OPENAI_BASE_URL if it lasts."),
    "model.timeout": M("the model did not answer in time", "Nothing: it is asked again."),
    "model.quota": M("the model account's quota is spent", "Raise it, then comment `/cadence replan`."),
    "model.unauthorized": M("the model's server does not accept the key", "Correct OPENAI_API_KEY."),
    "model.unknown": M("the model's server does not know the model", "Correct CADENCE_MODEL."),
    "model.protocol": M("the model's server does not use the expected protocol", "Correct OPENAI_BASE_URL."),
    "model.too_long": M("the request is longer than the model takes", "Make the blueprint smaller."),
    "model.refused": M("the model declines to answer", "Reword the blueprint."),
    "model.refused_request": M("the model's server refused the request", "Read its message in the details."),
    "model.empty": M("the model's answer is empty", "Nothing: it is asked again."),
    "model.not_json": M("the model's answer is not JSON", "Nothing: it is asked again with the error."),
    "model.prose": M("the model answered in prose", "Nothing: it is asked again with the error."),
    "model.truncated": M("the model's answer is cut off", "Make the blueprint smaller."),
}

_GITHUB = {
    "branch.taken": M("the branch is at another commit, or its name is in use", "Choose another, or delete it."),
    "rule.push": M("a rule or hook of the repository refused the push", "Let the App push to `cadence/*`."),
    "secret.push_protection": M("GitHub found a secret in the change", "Replan without the value."),
    "issue.gone": M("the issue was deleted or moved to another repository", "File and label an issue here again."),
    "pull.closed": M("a person closed the pull request", "Reopen it, or `/cadence replan`."),
    "repository.archived": M("the repository is archived", "Unarchive it."),
    "repository.empty": M("the repository has no commit", "Push a first one."),
    "github.error": M("GitHub answered with an error", "Read its message in the details."),
    "github.not_found": M("it does not exist, or this installation cannot see it", "Check the App's installation."),
    "github.forbidden": M("a permission is missing", "Grant the App the permission named."),
    "github.unauthorized": M("GitHub does not accept the App's key or token", "Check the App's id and key."),
    "github.too_large": M("GitHub's answer is larger than Cadence reads", "Look at what the log names."),
    "github.suspended": M("the installation is suspended", "Its owner unsuspends it; the work then goes on."),
    "github.installation_gone": M("the installation was removed", "Install the App again."),
    "github.unprocessable": M("GitHub understood and refused", "Read its message in the details."),
    "github.unknown_outcome": M(
        "GitHub gave no usable answer; it may have happened", "Nothing: Cadence checks before it repeats the call."
    ),
    "github.unavailable": M("GitHub did not answer", "Nothing: Cadence asks again."),
    "github.redirected": M("the repository has moved", "Nothing: Cadence reads its current name."),
    "github.too_many": M("GitHub lists more than Cadence reads", "Make the pull request smaller."),
    "github.no_bot_user": M("GitHub does not show the App's bot user", "Check CADENCE_APP_ID."),
    "limit": M("a rate limit of GitHub", "Nothing: Cadence waits until the limit resets."),
    "command.unknown": M("a `/cadence` command that does not exist", "`/cadence help` lists them."),
    "command.missing": M("`/cadence` without a command", "`/cadence help` lists them."),
    "command.argument": M("a command lacks its argument, or has one too many", "`/cadence help` shows its form."),
    "command.later": M("a command that this version does not have yet", "`/cadence help` lists what it has."),
    "text.unreadable": M("the Markdown parser cannot read a text", "Write it with less nesting."),
    "webhook.signature": M("a delivery's signature does not match the secret", "Set the same secret on both sides."),
    "webhook.headers": M("a delivery lacks GitHub's headers", "Send it from GitHub."),
    "webhook.content_type": M("a delivery is not sent as JSON", "Choose `application/json` in the App's webhook."),
    "webhook.json": M("a delivery's body is not a JSON object", "Send it from GitHub."),
    "webhook.size": M("a delivery is larger than GitHub sends", "Send it from GitHub."),
    "webhook.target": M("a delivery is meant for another App", "Correct the webhook's address, or CADENCE_APP_ID."),
    "webhook.installation": M("a delivery names no installation", "Send it from an App's webhook."),
}

_PROOF = {
    "proof.bundle": M("the file, or the ledger's text, is not what was signed", "Use the file as it was exported."),
    "proof.signature": M("a signature does not match its key, or the key is not trusted", "Ask for the file again."),
    "proof.key": M("compare the key id yourself", "Give the service's keys with --keys."),
    "proof.digest": M("the seal names another manifest", "Ask for the file again."),
    "proof.chain": M("the run's chain is broken, cut off or lacks a record", "Find out who changed the ledger."),
    "proof.ledger": M("a table of the ledger differs from the run's chain", "Find out who changed the ledger."),
    "proof.rebuild": M(
        "rebuilding the recorded commits gives other commits", "Fetch the pull request's commits, or ask why."
    ),
    "proof.commit": M("the commit is not the sealed merge", "Name the merge commit; else find out who rewrote it."),
    "proof.trailer": M("the merge commit does not quote the manifest", "Compare it with `cadence/gate`."),
    "proof.tree": M("merging the head gives another tree", "Find out what else was merged."),
    "proof.policy": M("the base's config is not the one that the gate used", "Compare the file at the base."),
    "proof.evidence": M("a review is missing, rejects, or is for another change", "Review the change yourself."),
    "proof.ci": M("no successful CI is named, or one failed", "Look at the checks of the merged head."),
    "proof.missing": M("the ledger has no proof of that commit", "A merge by a person has none."),
    "proof.unsealed": M("the merge of a proof was not seen", "Nothing to export; the log says why."),
    "proof.incomplete": M("evidence for a proof is missing, so nothing was merged", "Comment `/cadence replan`."),
    "proof.repository": M("no full clone to check against", "Name one with --repo; `git fetch --unshallow` helps."),
    "base.moved": M("the base moved between review and merge, or before a rebuild", "Nothing."),
    "commit.ambiguous": M("several merges begin with that", "Give more of the id."),
    "commit.short": M("too few characters for a commit's id", "Give at least seven."),
}

_OPERATION = {
    "what_if.invalid": M("`--what-if` names a fact that cannot be supposed", "Use one of the forms that it lists."),
    "usage": M("a command cannot work with what it was given", "See the command's --help."),
    "repository.missing": M("the directory is not a git repository", "Name one with --repo DIR."),
    "repository.sha256": M("the repository uses SHA-256 object names", "Use a repository with SHA-1 names."),
    "settings.invalid": M("the environment does not describe a service", "Correct the setting named."),
    "ledger.missing": M(
        "there is no ledger at the configured place", "Start `cadence serve`, or set CADENCE_DATA_DIR."
    ),
    "database.unavailable": M("the database does not answer", "Check CADENCE_DATABASE_URL and the server."),
    "port.in_use": M("another process listens on the address", "Stop it, or choose another CADENCE_PORT."),
    "port.refused": M("the address cannot be used", "Choose another CADENCE_HOST or CADENCE_PORT."),
    "files": M("a file or directory cannot be read or written", "Check the path, its permissions and the free space."),
    "run.unknown": M("no such run, or its record is gone", "`cadence runs` lists them."),
    "run.ambiguous": M("several runs begin with that", "Give more of the id."),
    "fence.closed": M("the run ended, was stopped or superseded; nothing was sent", "Nothing."),
    "door.closed": M("an effect was attempted outside the effect gateway", "Report it: it is a defect in Cadence."),
    "state.move": M("a state change that the state table does not allow", "Report it: it is a defect in Cadence."),
    "git.failed": M("a git command failed", "Nothing: it is tried again. Read the log if it lasts."),
    "git.too_large": M("git gives or takes more data than Cadence handles", "Work on a smaller change or repository."),
    "git.busy": M("another process holds the mirror", "Nothing: it is tried again."),
    "git.missing_commit": M("the repository does not have the commit", "Fetch it, or name another."),
    "git.missing_object": M("the repository lacks an object it names", "Repair it, or fetch it completely."),
    "internal": M("an error that Cadence does not know", "Report it with the log's lines."),
}

_WEAKENING = {
    code: M(meaning, "Undo it; or a person with write permission approves the diff with `/cadence go`.")
    for code, meaning in MEANINGS.items()
}

SECTIONS = MappingProxyType(
    {
        "The gate, CI and reviews": _GATE,
        "Planning and models": _PLAN,
        "GitHub, pushes, commands and deliveries": _GITHUB,
        "Weakened tests and CI": _WEAKENING,
        "Proofs of merges": _PROOF,
        "Running Cadence": _OPERATION,
    }
)

FAMILIES = MappingProxyType(
    {
        "unread.*": M("a fact of the pull request could not be read", "Nothing: Cadence reads it again."),
        "rule.<type>": M(
            "a rule of the base branch of that type, which only GitHub checks", "Nothing, unless it refuses."
        ),
        "rule.<id>": M("the change breaks the repository's own rule of that id", "Read the rule's message."),
    }
)
"""Codes whose last part is made at run time."""


def remedy_of(code: str) -> str:
    """The next step of a code; an empty text for one that this table does not have."""
    return next((codes[code].remedy for codes in SECTIONS.values() if code in codes), "")
