"""Codes of planning and of answers from models."""

from __future__ import annotations

from bot.core.codes.reason_code import AUTHOR, CADENCE, ISSUE_AUTHOR, OPERATOR, WRITER, ReasonCode

PLANNING = (
    ReasonCode(
        "contract.block",
        "the blueprint's own ChangeSet cannot be read",
        "Correct the block in the issue.",
        ISSUE_AUTHOR,
    ),
    ReasonCode(
        "contract.commit",
        "git cannot hold the message, the author or a mode",
        "Report it: the guards should have refused it first.",
        OPERATOR,
    ),
    ReasonCode(
        "contract.patch",
        "git cannot apply the patch; its own line says why",
        "Make it with `git diff --binary`.",
        AUTHOR,
    ),
    ReasonCode(
        "loss.path", "a new file would replace a directory or file in its way", "Delete that explicitly first.", AUTHOR
    ),
    ReasonCode(
        "path.unsafe",
        "a path no checkout should see, or one named twice",
        "Use a plain path inside the repository.",
        AUTHOR,
    ),
    ReasonCode("plan.empty", "there is nothing to plan from", "Say in the issue what should change.", ISSUE_AUTHOR),
    # A label by a bot, or by a person who may not write, decides nothing: anyone with triage access can set labels.
    # https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization
    ReasonCode(
        "approval.labeller",
        "a bot, or a person without write access, put the label on",
        "A writer comments `/cadence go`.",
        WRITER,
    ),
    ReasonCode(
        "approval.diff",
        "the text is by a person without write access",
        "Read the diff and comment `/cadence go`.",
        WRITER,
    ),
    ReasonCode(
        "blueprint.unreadable",
        "the issue has more edits than Cadence reads",
        "Read it and comment `/cadence go`.",
        WRITER,
    ),
    ReasonCode("model.unavailable", "the model did not answer", "Nothing: it is asked again.", CADENCE),
    ReasonCode("model.unreachable", "no connection to the model", "Check OPENAI_BASE_URL if it lasts.", OPERATOR),
    ReasonCode("model.timeout", "the model did not answer in time", "Nothing: it is asked again.", CADENCE),
    ReasonCode(
        "model.quota", "the model account's quota is spent", "Raise it, then comment `/cadence replan`.", OPERATOR
    ),
    ReasonCode("model.unauthorized", "the model's server does not accept the key", "Correct OPENAI_API_KEY.", OPERATOR),
    ReasonCode("model.unknown", "the model's server does not know the model", "Correct CADENCE_MODEL.", OPERATOR),
    ReasonCode(
        "model.protocol", "the model's server does not use the expected protocol", "Correct OPENAI_BASE_URL.", OPERATOR
    ),
    ReasonCode(
        "model.too_long", "the request is longer than the model takes", "Make the blueprint smaller.", ISSUE_AUTHOR
    ),
    ReasonCode("model.refused", "the model declines to answer", "Reword the blueprint.", ISSUE_AUTHOR),
    ReasonCode(
        "model.refused_request", "the model's server refused the request", "Read its message in the details.", OPERATOR
    ),
    ReasonCode("model.empty", "the model's answer is empty", "Nothing: it is asked again.", CADENCE),
    ReasonCode(
        "model.not_json", "the model's answer is not JSON", "Nothing: it is asked again with the error.", CADENCE
    ),
    ReasonCode("model.prose", "the model answered in prose", "Nothing: it is asked again with the error.", CADENCE),
    ReasonCode("model.truncated", "the model's answer is cut off", "Make the blueprint smaller.", ISSUE_AUTHOR),
)
