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
        "git cannot store the message, the author or a file's mode",
        "Report it: the guards should have refused it first.",
        OPERATOR,
    ),
    ReasonCode(
        "contract.patch",
        "git cannot apply the patch; git's message says why",
        "Make it with `git diff --binary`.",
        AUTHOR,
    ),
    ReasonCode(
        "loss.path",
        "a new file would replace an existing directory or file",
        "Add an edit that deletes it, or choose another path.",
        AUTHOR,
    ),
    ReasonCode(
        "path.unsafe",
        "a path is unsafe in a checkout, or named twice",
        "Use a plain path inside the repository.",
        AUTHOR,
    ),
    ReasonCode(
        "plan.empty",
        "the model proposed no change",
        "Say in the issue what should change.",
        ISSUE_AUTHOR,
    ),
    ReasonCode(
        "context.too_large",
        "a file that was asked for is not shown to the model, or only in part: the budget of tokens is too small",
        "Raise the budget, or name fewer files.",
        WRITER,
    ),
    ReasonCode(
        "context.not_text",
        "a file that was asked for is not text, or is a key file, which is never shown to a model",
        "Describe what the model has to know of it.",
        WRITER,
    ),
    ReasonCode(
        "context.no_match",
        "a path of `/cadence use` or a glob of `plan.context_docs` matches no file",
        "Correct the path.",
        WRITER,
    ),
    # A label by a bot, or by a person who may not write, decides nothing: anyone with triage access can set labels.
    # https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization
    ReasonCode(
        "approval.labeller",
        "a bot, or a person without write access, added the label",
        "A person with write access comments `/cadence go`.",
        WRITER,
    ),
    ReasonCode(
        "approval.diff",
        "a person without write access wrote the text",
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
    ReasonCode("model.stalled", "the model's server sent nothing for too long", "Nothing: it is asked again.", CADENCE),
    ReasonCode("model.busy", "the model's server is asked enough already", "Nothing: the run waits its turn.", CADENCE),
    ReasonCode(
        "model.no_tools", "the model's server does not take tools", "Choose a model that can call tools.", OPERATOR
    ),
    ReasonCode(
        "model.wrong_tool",
        "the model calls a tool that was not offered",
        "Nothing: it is asked again with the error.",
        CADENCE,
    ),
    ReasonCode(
        "model.quota", "the model account's quota is spent", "Raise it, then comment `/cadence replan`.", OPERATOR
    ),
    ReasonCode("model.unauthorized", "the model's server does not accept the key", "Correct OPENAI_API_KEY.", OPERATOR),
    ReasonCode("model.unknown", "the model's server does not know the model", "Correct CADENCE_MODEL.", OPERATOR),
    ReasonCode(
        "model.protocol", "the model's server does not use the expected protocol", "Correct OPENAI_BASE_URL.", OPERATOR
    ),
    ReasonCode(
        "model.too_long", "the request is longer than the model allows", "Make the blueprint smaller.", ISSUE_AUTHOR
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
