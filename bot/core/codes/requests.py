"""Codes of GitHub's answers, of pushes, of `/cadence` commands and of webhook deliveries."""

from __future__ import annotations

from bot.core.codes.reason_code import CADENCE, COMMENTER, MAINTAINER, OPERATOR, OWNER, WRITER, ReasonCode

REQUESTS = (
    ReasonCode(
        "branch.taken",
        "the branch is at another commit, or its name is in use",
        "Choose another, or delete it.",
        WRITER,
    ),
    ReasonCode(
        "rule.push", "a rule or hook of the repository refused the push", "Let the App push to `cadence/*`.", MAINTAINER
    ),
    ReasonCode("secret.push_protection", "GitHub found a secret in the change", "Replan without the value.", WRITER),
    ReasonCode(
        "issue.gone",
        "the issue was deleted or moved to another repository",
        "File and label an issue here again.",
        WRITER,
    ),
    ReasonCode("pull.closed", "a person closed the pull request", "Reopen it, or `/cadence replan`.", WRITER),
    # An archived repository is read-only: https://docs.github.com/en/repositories/archiving-a-github-repository/archiving-repositories
    ReasonCode("repository.archived", "the repository is archived", "Unarchive it.", MAINTAINER),
    ReasonCode("repository.empty", "the repository has no commit", "Push a first one.", MAINTAINER),
    ReasonCode("github.error", "GitHub answered with an error", "Read its message in the details.", OPERATOR),
    ReasonCode(
        "github.not_found",
        "it does not exist, or this installation cannot see it",
        "Check the App's installation.",
        MAINTAINER,
    ),
    ReasonCode("github.forbidden", "a permission is missing", "Grant the App the permission named.", MAINTAINER),
    ReasonCode(
        "github.unauthorized", "GitHub does not accept the App's key or token", "Check the App's id and key.", OPERATOR
    ),
    ReasonCode(
        "github.too_large", "GitHub's answer is larger than Cadence reads", "Look at what the log names.", OPERATOR
    ),
    ReasonCode(
        "github.suspended", "the installation is suspended", "Its owner unsuspends it; the work then goes on.", OWNER
    ),
    ReasonCode("github.installation_gone", "the installation was removed", "Install the App again.", OWNER),
    ReasonCode("github.unprocessable", "GitHub understood and refused", "Read its message in the details.", WRITER),
    ReasonCode("github.unavailable", "GitHub did not answer", "Nothing: Cadence asks again.", CADENCE),
    ReasonCode("github.redirected", "the repository has moved", "Nothing: Cadence reads its current name.", CADENCE),
    ReasonCode("github.too_many", "GitHub lists more than Cadence reads", "Make the pull request smaller.", WRITER),
    ReasonCode("github.no_bot_user", "GitHub does not show the App's bot user", "Check CADENCE_APP_ID.", OPERATOR),
    ReasonCode("limit", "a rate limit of GitHub", "Nothing: Cadence waits until the limit resets.", CADENCE),
    ReasonCode("command.unknown", "a `/cadence` command that does not exist", "`/cadence help` lists them.", COMMENTER),
    ReasonCode("command.missing", "`/cadence` without a command", "`/cadence help` lists them.", COMMENTER),
    ReasonCode(
        "command.argument",
        "a command lacks its argument, or has one too many",
        "`/cadence help` shows its form.",
        COMMENTER,
    ),
    ReasonCode(
        "command.too_many",
        "a comment holds more commands than are carried out",
        "Give the others in another comment.",
        COMMENTER,
    ),
    ReasonCode(
        "command.later",
        "a command that this version does not have yet",
        "`/cadence help` lists what it has.",
        COMMENTER,
    ),
    ReasonCode("text.unreadable", "the Markdown parser cannot read a text", "Write it with less nesting.", COMMENTER),
    ReasonCode(
        "webhook.signature",
        "a delivery's signature does not match the secret",
        "Set the same secret on both sides.",
        OPERATOR,
    ),
    ReasonCode("webhook.headers", "a delivery lacks GitHub's headers", "Send it from GitHub.", OPERATOR),
    ReasonCode(
        "webhook.content_type",
        "a delivery is not sent as JSON",
        "Choose `application/json` in the App's webhook.",
        OPERATOR,
    ),
    ReasonCode("webhook.json", "a delivery's body is not a JSON object", "Send it from GitHub.", OPERATOR),
    ReasonCode("webhook.size", "a delivery is larger than GitHub sends", "Send it from GitHub.", OPERATOR),
    ReasonCode(
        "webhook.target",
        "a delivery is meant for another App",
        "Correct the webhook's address, or CADENCE_APP_ID.",
        OPERATOR,
    ),
    ReasonCode("webhook.installation", "a delivery names no installation", "Send it from an App's webhook.", OPERATOR),
)
