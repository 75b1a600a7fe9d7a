"""How a demo ends: the tables, whether everything ended as expected, and why not."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from bot.core.names import CHECK_GATE
from bot.sandbox.demo.embedded import AnswerSource
from bot.sandbox.demo.environment import DemoEnvironment
from bot.sandbox.demo.options import DemoOptions, DemoPlan
from bot.sandbox.demo.own_repository import report_own
from bot.sandbox.demo.progress import BAD, GOOD, Progress, claims_table, summary_table
from bot.sandbox.demo.repository_view import SeenCheck
from bot.sandbox.demo.story_runner import StoryResult


def print_tables(
    plan: DemoPlan, parts: DemoEnvironment, results: Sequence[StoryResult], console: Console, progress: Progress
) -> None:
    """Print what happened, what was checked on the embedded GitHub afterwards, and one line for each merge."""
    recorded = parts.serve.runs()
    model = {
        AnswerSource.SCRIPTED: "recorded answers",
        AnswerSource.RECORDED: "recorded, not a real review",
    }
    rows: dict[str, list[str]] = {}
    for result in results:
        answered = model.get(plan.answers) or result.seen.model.replace("`", "") or "the configured model"
        for label, cell in _cells(result, parts, answered, recorded.get(result.seen.issue, "not recorded")):
            rows.setdefault(label, []).append(cell)
    names = [result.story.name for result in results]
    console.print(summary_table(names, rows))
    found: dict[str, list[bool | None]] = {}
    for column, result in enumerate(results):
        for claim in result.claims:
            found.setdefault(claim.claim, [None] * len(results))[column] = claim.holds
    if found and (plan.sample or all(result.as_expected for result in results)):
        console.print(claims_table(names, found))
    for result in results:
        commit = result.seen.pull.merge_commit if result.seen.pull else None
        if commit is not None:
            progress.stage(result.story.name, f"#{result.seen.issue} was merged as {commit.sha[:12]}", style=GOOD)


def _cells(result: StoryResult, parts: DemoEnvironment, model: str, state: str) -> list[tuple[str, str]]:
    seen, pull = result.seen, result.seen.pull
    own = [check for check in pull.checks if check.app_id == parts.cadence.app_id] if pull else []
    foreign = [check for check in pull.checks if check.app_id != parts.cadence.app_id] if pull else []
    reviews = [check for check in own if check.name != CHECK_GATE]
    first = "rejected, then " if result.rejection else ""
    commit = pull.merge_commit if pull else None
    return [
        ("issue", f"#{seen.issue} {'open' if seen.issue_open else 'closed'}"),
        ("pull request", f"#{pull.number} {pull.state}" if pull else "none"),
        ("reviews", first + (_conclusions(reviews) or "none")),
        ("gate", next((str(check.conclusion) for check in own if check.name == CHECK_GATE), "none")),
        ("CI", ", ".join(f"{check.name} {check.conclusion}" for check in foreign) or "none"),
        ("merged as", commit.sha[:12] if commit else "not merged"),
        ("`cadence runs`", state),
        ("model", model),
        ("GitHub calls", f"{result.calls[0]} ({result.calls[1]} write)"),
        ("model calls", str(parts.serve.model_calls(seen.issue))),
    ]


def _conclusions(reviews: Sequence[SeenCheck]) -> str:
    """`success` where every review says so, else each review with its conclusion."""
    if len({check.conclusion for check in reviews}) == 1:
        return f"{len(reviews)} x {reviews[0].conclusion}"
    return ", ".join(f"{check.name.split('/')[-1]} {check.conclusion}" for check in reviews)


def outcome(
    plan: DemoPlan,
    parts: DemoEnvironment,
    results: Sequence[StoryResult],
    failure: str,
    progress: Progress,
    options: DemoOptions,
) -> int:
    """Print whether everything ended as expected, why not, and where the result is; gives the exit code, 0 or 1.

    Raises WrongUse where the result cannot be written into the user's repository or patch file.
    """
    if plan.source is not None:
        for result in results:
            report_own(parts, result, plan.source, progress, patch=options.patch)
    else:
        for result in results:
            for claim in result.claims:
                if not claim.holds:
                    found = f" ({claim.found})" if claim.found else ""
                    progress.stage(result.story.name, f"MISSING: {claim.claim}{found}", style=BAD)
    missing = _missing(plan, parts, results, failure)
    if not missing:
        claims = sum(len(result.claims) for result in results)
        progress.say(f"Everything ended as expected: {claims} claims hold.", style=GOOD)
        return 0
    for line in missing:
        progress.say(line, style=BAD)
    if plan.sample or parts.ci_failures():
        show_log(parts, progress)
    return 1


def show_log(parts: DemoEnvironment, progress: Progress) -> None:
    """Print the end of what `cadence serve` wrote."""
    tail = parts.serve_log()
    if tail:
        progress.say("the end of Cadence's log:")
        for line in tail.splitlines():
            progress.say(f"  {line}")


def _missing(plan: DemoPlan, parts: DemoEnvironment, results: Sequence[StoryResult], failure: str) -> list[str]:
    found = [failure] if failure else []
    found += [f"the CI could not work: {failure}" for failure in parts.ci_failures()]
    found += [f"the script has no answer: {asked.describe()}" for asked in parts.model.unmatched]
    if len(results) < len(plan.stories) or not all(result.as_expected for result in results):
        found.append("Not everything ended as expected." if plan.sample else "The change was not merged.")
    if plan.answers is AnswerSource.SCRIPTED:
        found += [
            f"{result.story.name}: the script rejects the first plan, and no rejection was seen"
            for result in results
            if result.story.guidance is not None and result.rejection is None
        ]
    return found
