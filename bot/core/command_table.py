"""Every `/cadence` command: its form, who may give it, where it works, what it does and what it answers.

`/cadence help`, the table in docs/authors.md and the tests of permissions are made from this table. What a verb does is
in the file of bot/commands/ with its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Who = Literal["anyone", "triage", "write"]
Where = Literal["issue", "pull request"]

BOTH: tuple[Where, ...] = ("issue", "pull request")
WHO_WORDS: dict[Who, str] = {
    "anyone": "anyone",
    "triage": "triage permission",
    # The least permission is the config's `trigger.permission`, which is `write` unless a repository says otherwise.
    "write": "write permission",
}


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command. `form` is what follows `/cadence`; `answer` is what is written on GitHub besides the reactions."""

    verb: str
    form: str
    who: Who
    what: str
    answer: str
    where: tuple[Where, ...] = BOTH
    later: bool = False
    """Not in this version: it is answered with `command.later`, and shown nowhere as a next step."""


STATUS_COMMENT = "the status comment; a reply if it is refused"
A_REPLY = "a reply"
COMMANDS = (
    CommandRow("help", "help", "anyone", "lists the commands", A_REPLY),
    CommandRow("status", "status", "anyone", "shows the state of the run", A_REPLY),
    CommandRow("why", "why", "anyone", "reads GitHub again and lists every open reason", A_REPLY),
    CommandRow("plan", "plan [guidance]", "write", "shows a plan without a pull request", A_REPLY, later=True),
    CommandRow(
        "go",
        "go [hash]",
        "write",
        "approves exactly what the status comment shows; with a hash, only that version",
        STATUS_COMMENT,
    ),
    CommandRow(
        "replan",
        "replan [--discard] [guidance]",
        "write",
        "makes a new plan for the same pull request; keeps people's commits on the branch, unless `--discard` is given",
        STATUS_COMMENT,
    ),
    CommandRow("review", "review", "write", "runs both reviews of the current head again", STATUS_COMMENT),
    CommandRow(
        "use", "use PATH…", "write", "shows these files to the model whenever this issue is planned", STATUS_COMMENT
    ),
    CommandRow(
        "stop",
        "stop [all]",
        "triage",
        "stops the run; with `all`, which needs admin permission, every run in the repository",
        STATUS_COMMENT,
    ),
    CommandRow("hold", "hold [reason]", "triage", "lets everything go on except the merge", STATUS_COMMENT),
    CommandRow("resume", "resume", "write", "ends a hold, or continues a stopped run", STATUS_COMMENT),
    CommandRow("retry", "retry", "write", "tries again what was refused, failed or waits for a limit", STATUS_COMMENT),
)
ROWS = {row.verb: row for row in COMMANDS}
VERBS = {row.verb: row.what for row in COMMANDS if not row.later}
"""What each command does that this version carries out."""
LATER = frozenset(row.verb for row in COMMANDS if row.later)
BUTTONS = (
    ("replan", "Re-plan", "Makes a new plan for this pull request"),
    ("review", "Re-review", "Runs both reviews of this head again"),
    ("why", "Why", "Lists every open reason"),
)
"""Commands that the check runs have a button for: (verb, label, description); the verb is the button's identifier."""


def help_text() -> str:
    """The commands, for a comment."""
    lines = [f"- `/cadence {row.form}` ({WHO_WORDS[row.who]}): {row.what}" for row in COMMANDS if not row.later]
    return "\n".join(lines)
