"""A decision in words: a title of one line, markdown for the check run, and plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.escape import escape_line, shorten
from bot.gate.reasons import Block, Decision, Done, Merge, Reason, Wait
from bot.gate.snapshot import Snapshot

TITLE_LIMIT = 140
SUMMARY_LIMIT = 60_000
"""GitHub takes 65,535 characters in a check run's summary."""
SENTENCE_LIMIT = 2_000


def title_of(decision: Decision) -> str:
    """One line: `Waiting for CI: tests pending (+1 more)`."""
    if isinstance(decision, Done):
        return "Merged" if decision.how == "merged" else "Closed without a merge"
    if isinstance(decision, Merge):
        if decision.queue:
            return f"Everything passed: putting {decision.head[:12]} into the merge queue"
        return f"Everything passed: merging {decision.head[:12]}"
    first, more = decision.reasons[0], len(decision.reasons) - 1
    said = escape_line(first.short or first.text)
    rest = f" (+{more} more)" if more else ""
    line = f"Waiting {said}" if isinstance(decision, Wait) else f"Blocked: {said}"
    room = TITLE_LIMIT - len(rest)
    return (line if len(line) <= room else line[: room - 1].rstrip() + "…") + rest


def explain(decision: Decision, snapshot: Snapshot | None = None) -> str:
    """Markdown for `cadence/gate`: every open reason with who and what next, then what passed, folded."""
    parts = [f"**{title_of(decision)}**"]
    if isinstance(decision, (Wait, Block)):
        parts.append("\n".join(_row(reason) for reason in decision.reasons))
    if not isinstance(decision, Done) and decision.notes:
        parts.append("Notes:\n" + "\n".join(_row(note) for note in decision.notes))
    if not isinstance(decision, Done) and decision.passed:
        parts.append(_folded(decision.passed))
    end = f"\n\nDecided for head `{snapshot.head}` on base tip `{snapshot.base_tip or 'unknown'}`." if snapshot else ""
    if when := merges_when(decision):
        end = f"\n\n{shorten(when, SENTENCE_LIMIT)}{end}"
    return shorten("\n\n".join(parts), SUMMARY_LIMIT - len(end)) + end


def merges_when(decision: Decision) -> str:
    """`Merges when `lint` passes and a reviewer approves.`: what the open reasons together ask for; else nothing."""
    if not isinstance(decision, (Wait, Block)):
        return ""
    wishes = list(dict.fromkeys(escape_line(reason.when) for reason in decision.reasons if reason.when))
    if not wishes:
        return ""
    *most, last = wishes
    return f"Merges when {', '.join(most)} and {last}." if most else f"Merges when {last}."


def plain(decision: Decision) -> str:
    """The same for a terminal: no markdown, one reason a line with its next step below."""
    lines = [title_of(decision)]
    if isinstance(decision, (Wait, Block)):
        lines += [line for reason in decision.reasons for line in _lines(reason)]
    if not isinstance(decision, Done):
        lines += [
            f"  note {line.lstrip()}" if i == 0 else line for n in decision.notes for i, line in enumerate(_lines(n))
        ]
    if not isinstance(decision, Done) and decision.passed:
        lines.append(f"  passed: {'; '.join(decision.passed)}")
    if when := merges_when(decision):
        lines.append(when)
    return "\n".join(lines)


def _row(reason: Reason) -> str:
    links = "".join(f" ([details]({link}))" for link in reason.links if _is_link(link))
    text = escape_line(reason.text)
    return f"- `{reason.code}` {text}{links}\n  - who: {reason.who}; next: {escape_line(reason.next_step)}"


def _is_link(link: str) -> bool:
    # The address of a foreign check is that App's own text.
    return link.startswith(("https://", "http://")) and not any(mark in link for mark in " ()<>\n\"'")


def _folded(passed: Sequence[str]) -> str:
    rows = "\n".join(f"- {escape_line(item)}" for item in passed)
    return f"<details><summary>Passed ({len(passed)})</summary>\n\n{rows}\n\n</details>"


def _lines(reason: Reason) -> list[str]:
    text = " ".join(reason.text.split())
    return [
        f"  {reason.code}: {text}",
        f"      {reason.who}: {reason.next_step}",
        *(f"      {x}" for x in reason.links),
    ]
