"""What Cadence writes into commits, merges and pull requests."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.changeset.model import Edit
from bot.core.escape import cell, code_span, escape_line, escape_markdown, shorten
from bot.core.message_words import CLOSING, CONTROL, REFERENCE, SKIP, SKIP_CHECKS, TRAILER, without_mentions
from bot.core.names import (
    CHECK_EFFICIENCY,
    CHECK_GATE,
    CHECK_REASONING,
    HOLD_LABEL,
    TRAILER_CHANGESET,
    TRAILER_ISSUE,
    TRAILER_PROOF,
    TRAILER_RUN,
    Digest,
    IssueNumber,
    RunId,
    marker,
)

DEFAULT_TEMPLATE = "[Cadence] {summary} (#{issue})"
REVERT_TEMPLATE = "{summary} (#{issue})"
BODY_LIMIT = 60_000
"""GitHub takes 65,536 characters; the rest is room for what people and other Apps append."""
SUMMARY_LIMIT = 120
MESSAGE_LIMIT = 20_000
FILES_SHOWN = 200
_MOST_PASSES = 20


def clean_message(text: str) -> str:
    """A text for a commit message: without skip words, closing keywords, mentions, references and our trailers.

    GitHub starts no workflow for `[skip ci]` or a `skip-checks` trailer in the head commit, which would leave required
    checks pending for ever, and acts on closing keywords in commits that reach the default branch.
    """
    text = CONTROL.sub("", shorten(text, 2 * MESSAGE_LIMIT).replace("\r\n", "\n").replace("\r", "\n"))
    for _ in range(_MOST_PASSES):
        # Taking one out can put another together.
        before = text
        text = TRAILER.sub("", SKIP_CHECKS.sub("", SKIP.sub("", text)))
        text = without_mentions(REFERENCE.sub("", CLOSING.sub("see ", text)))
        if text == before:
            break
    else:
        # Nested on purpose. Without brackets and stars no skip word is left.
        text = re.sub(r"[\[\]*#@]", "", text)
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def subject(template: str, summary: str, issue: IssueNumber) -> str:
    """One line from `commit.template`; `{summary}` and `{issue}` are filled in, nothing else is interpreted."""
    values = {"{summary}": _one_line(summary) or f"change for issue {issue}", "{issue}": str(issue)}
    line = re.sub(r"\{summary\}|\{issue\}", lambda match: values[match[0]], template)
    line = " ".join(line.split())
    # The template and the summary can put a skip word together that neither of them holds.
    while (bare := " ".join(SKIP.sub("", line).split())) != line:
        line = bare
    return line[:250]


def commit_message(
    *, template: str, summary: str, body: str, run: RunId, issue: IssueNumber, changeset_digest: Digest | str
) -> str:
    """The message of a run's commit: subject, plan, trailers, and a newline at the end."""
    title, rest = merge_message(
        template=template, summary=summary, body=body, run=run, issue=issue, changeset_digest=changeset_digest
    )
    return f"{title}\n\n{rest}\n"


def merge_message(
    *,
    template: str,
    summary: str,
    body: str,
    run: RunId,
    issue: IssueNumber,
    changeset_digest: Digest | str,
    proof: Digest | None = None,
) -> tuple[str, str]:
    """Title and message of the merge (or squash) commit; both are always sent, so GitHub's defaults never apply.

    `proof` is the digest of the merge's manifest.
    """
    trailers = f"{TRAILER_RUN}: {run}\n{TRAILER_CHANGESET}: {changeset_digest}\n{TRAILER_ISSUE}: #{issue}"
    if proof is not None:
        trailers += f"\n{TRAILER_PROOF}: sha256:{proof}"
    text = shorten(clean_message(body), MESSAGE_LIMIT)
    return subject(template, summary, issue), f"{text}\n\n{trailers}" if text else trailers


def pull_title(summary: str, issue: IssueNumber, template: str = DEFAULT_TEMPLATE, *, reverts: bool = False) -> str:
    """The pull request's title: the same line as the commit's subject.

    The title of a revert begins with `Revert`, as GitHub's own do: people and tools look for that word.
    """
    return subject(REVERT_TEMPLATE if reverts else template, summary, issue)


def revert_summary(summary: str) -> str:
    """The summary of the change that takes another one back, in GitHub's form: `Revert "Add a limit"`."""
    line = " ".join(clean_message(summary).split())
    room = SUMMARY_LIMIT - len('Revert ""')
    return f'Revert "{line if len(line) <= room else line[: room - 1].rstrip() + "…"}"'


def pull_body(
    *,
    summary: str,
    plan: str,
    edits: Sequence[Edit],
    issue: IssueNumber,
    run: RunId,
    closes: bool,
    approved_by: str = "",
    draft: bool = False,
    context: str = "",
    receipt: str = "",
) -> str:
    """The pull request's body, at most BODY_LIMIT characters; marker and issue link survive every cut.

    `closes` says that the base is the default branch, where GitHub acts on `Closes #n`. `context` is the folded section
    about what the model was shown; `receipt` is Markdown by Cadence that says what the phases used.
    """
    link = f"Closes #{issue}" if closes else f"For #{issue}"
    then = _NEXT.format(merging=_DRAFT if draft else _MERGES)
    cost = f"\n\n### Cost\n\n{receipt}" if receipt else ""
    # Never cut: an open `<details>` would hide everything below it.
    section = f"\n\n{context}" if context else ""
    end = f"{cost}{section}\n\n{then}\n\n{link}\n\n{marker('pull', run=run, issue=issue)}\n"
    parts = [escape_line(summary) or f"A change for issue {issue}."]
    if plan.strip():
        parts.append(f"### Plan\n\n{shorten(escape_markdown(plan.strip()), BODY_LIMIT // 2)}")
    if approved_by:
        parts.append(f"The diff was shown to {escape_line('@' + approved_by)} and approved before it was pushed.")
    parts.append(f"### Files\n\n{_table(edits)}")
    return shorten("\n\n".join(parts), BODY_LIMIT - len(end)) + end


_MERGES = "Cadence merges when no reason is left."
_DRAFT = "This is a draft: Cadence merges it only after a person has marked it ready for review."
_NEXT = f"""### What happens next

Two reviewers read exactly this commit (`{CHECK_REASONING}`, `{CHECK_EFFICIENCY}`), CI runs, and `{CHECK_GATE}` lists \
every reason why this pull request does not merge yet. {{merging}}

`/cadence why` lists the open reasons, `/cadence replan <guidance>` makes a new plan, `/cadence stop` ends \
the run, and so does removing the issue's label. The label `{HOLD_LABEL}` stops the merge until it is removed."""


def _table(edits: Sequence[Edit]) -> str:
    rows = [f"| {_what(edit)} | {_code(edit.path)} |" for edit in edits[:FILES_SHOWN]]
    table = "\n".join(["| change | file |", "|---|---|", *rows])
    more = len(edits) - FILES_SHOWN
    return f"{table}\n\n… and {more} more." if more > 0 else table


def _what(edit: Edit) -> str:
    if edit.rename_from:
        return f"renamed from {_code(edit.rename_from)}"
    return {"add": "added", "modify": "changed", "delete": "deleted"}[edit.mode]


def _code(path: str) -> str:
    return cell(code_span(path))


def _one_line(summary: str) -> str:
    line = " ".join(clean_message(" ".join(summary[: 20 * SUMMARY_LIMIT].split())).split())
    return line if len(line) <= SUMMARY_LIMIT else line[: SUMMARY_LIMIT - 1].rstrip() + "…"
