"""What people are shown of a pull request's own version of `.github/cadence.yml`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config.yaml_text import YamlMistake
from bot.core.escape import cell, code_span, escape_line, shorten
from bot.core.names import CONFIG_PATH
from bot.gate.config_tests import ConfigReport, Outcome
from bot.github_api.records import Annotation, CheckOutput

MOST_ANNOTATIONS = 50
MOST_ROWS = 200
SUMMARY_LIMIT = 60_000
MESSAGE_LIMIT = 2_000
"""Characters of one mistake; a value of the file may be as long as the file."""


def config_output(report: ConfigReport) -> CheckOutput:
    """The check run `cadence/config`: every mistake and policy test, and annotations on the lines at fault."""
    title = f"{CONFIG_PATH}: {report.summary}"
    parts = [f"**{escape_line(title)}**"]
    if not report.present:
        parts.append("The pull request removes the file. Every key then has its default value.")
    if report.mistakes:
        parts.append(_listed([_row(mistake) for mistake in report.mistakes]))
        parts.append("While the base branch has such a file, Cadence plans and merges nothing (`config.invalid`).")
    if report.notes:
        parts.append(_listed([_row(note) for note in report.notes]))
    if report.outcomes:
        head = "| policy test | line | expects | the gate decides | |\n|---|---|---|---|---|"
        parts.append("\n".join([head, *(_tested(one) for one in report.outcomes[:MOST_ROWS])]))
    parts.append(
        "Cadence always uses the base branch's config; this version is used after its merge. "
        "`cadence config check FILE` says the same in a terminal."
    )
    return CheckOutput(
        title=title[:140],
        summary=shorten("\n\n".join(parts), SUMMARY_LIMIT),
        annotations=tuple(_annotation(one) for one in report.faults[:MOST_ANNOTATIONS]),
    )


def _listed(rows: Sequence[str]) -> str:
    more = [f"- and {len(rows) - MOST_ROWS} more"] if len(rows) > MOST_ROWS else []
    return "\n".join([*rows[:MOST_ROWS], *more])


def _row(mistake: YamlMistake) -> str:
    return f"- line {mistake.line}, column {mistake.column}: {escape_line(mistake.text[:MESSAGE_LIMIT])}"


def _tested(one: Outcome) -> str:
    name = escape_line(one.name[:200]) or str(one.number)
    cells = (name, str(one.line), code_span(one.expected, 200), code_span(one.decided, 200), _sign(one.passed))
    return "| " + " | ".join(map(cell, cells)) + " |"


def _sign(passed: bool) -> str:
    return "✅ passed" if passed else "❌ failed"


def _annotation(fault: YamlMistake) -> Annotation:
    # GitHub has columns only for annotations of one line, and does not show them, so the text names them.
    message = f"line {fault.line}, column {fault.column}: {fault.text[:MESSAGE_LIMIT]}"
    return Annotation(CONFIG_PATH, fault.line, fault.line, "failure", message, title=CONFIG_PATH)
