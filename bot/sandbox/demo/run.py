"""`cadence demo`: the main job, told on an embedded GitHub, and checked against what is there at the end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack

from rich.console import Console

from bot.core.clock import Clock, SystemClock
from bot.core.names import CHECK_GATE
from bot.sandbox.demo.embedded import OWNER, AnswerSource
from bot.sandbox.demo.environment import DemoEnvironment
from bot.sandbox.demo.options import DemoOptions, DemoPlan, choose_plan
from bot.sandbox.demo.own_repository import report_own
from bot.sandbox.demo.progress import BAD, GOOD, Progress, claims_table, open_progress, summary_table
from bot.sandbox.demo.repository_view import SeenCheck
from bot.sandbox.demo.serve_process import ServeFailed
from bot.sandbox.demo.signals import ended_by_signals
from bot.sandbox.demo.story_runner import StoryFailed, StoryResult, StoryRunner
from bot.sandbox.demo.surroundings import data_directory, surroundings, with_env_file

__all__ = ["DemoOptions", "run_demo"]


def run_demo(options: DemoOptions) -> int:
    """Play the demo. 0 when everything ended as expected, 1 when not, 2 for options that describe no demo."""
    environment = with_env_file(os.environ)
    console = Console(no_color=True if "NO_COLOR" in environment else None)
    plain = options.plain or "NO_COLOR" in environment or "CI" in environment
    clock = SystemClock()
    with ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        directory = data_directory(options.keep, stack)
        key = bool(environment.get("OPENAI_API_KEY", "").strip())
        play = choose_plan(options, directory / "yours", key=key, say=lambda text: console.print(text, markup=False))
        around = surroundings(directory, clock, environment)
        stage = DemoEnvironment(play.subject, play.answers, play.rules, around)
        progress = stack.enter_context(open_progress(console, clock, plain=plain))
        try:
            return _perform(play, stage, progress, console, options=options, clock=clock)
        except KeyboardInterrupt:
            progress.say("stopped")
            return 130


def _perform(
    play: DemoPlan, stage: DemoEnvironment, progress: Progress, console: Console, *, options: DemoOptions, clock: Clock
) -> int:
    progress.say(play.notice)
    _announce_ci(play, progress)
    told: list[StoryResult] = []
    trouble = ""
    try:
        with stage:
            where = f" at {stage.url}/{OWNER}/{play.subject.name}" if options.stay else ""
            progress.say(f"the embedded GitHub is ready{where}; Cadence is ready")
            teller = StoryRunner(stage, progress, clock, timeout=options.timeout, show_urls=options.stay)
            try:
                for story in play.stories:
                    progress.stage(story.name, f"--- {story.headline} ---")
                    told.append(teller.tell(story, sample=play.sample))
                    if not told[-1].as_expected:
                        break
            except StoryFailed as error:
                trouble = str(error)
            _close(play, stage, told, console, progress)
            code = _verdict(play, stage, told, trouble, progress, options)
            if options.stay:
                _stay(stage, progress, clock)
            return code
    except ServeFailed as error:
        progress.say(str(error), style=BAD)
        _show_log(stage, progress)
        return 1


def _announce_ci(play: DemoPlan, progress: Progress) -> None:
    if play.sample:
        return
    subject = play.subject
    where = f" in {subject.folder}" if subject.folder else ""
    if subject.setup_command:
        progress.say(f"CI prepares with{where}: {subject.setup_command}")
    progress.say(f"CI runs{where}: {subject.test_command}")
    if play.source is not None and play.source.note:
        progress.say(play.source.note)


def _close(
    play: DemoPlan, stage: DemoEnvironment, told: Sequence[StoryResult], console: Console, progress: Progress
) -> None:
    recorded = stage.serve.runs()
    model = {
        AnswerSource.SCRIPTED: "recorded answers",
        AnswerSource.RECORDED: "recorded, not a real review",
        AnswerSource.NONE: "none",
    }
    rows: dict[str, list[str]] = {}
    for one in told:
        answered = model.get(play.answers) or one.seen.model.replace("`", "") or "the configured model"
        for label, cell in _cells(one, stage, answered, recorded.get(one.seen.issue, "not recorded")):
            rows.setdefault(label, []).append(cell)
    names = [one.story.name for one in told]
    console.print(summary_table(names, rows))
    claims: dict[str, list[bool | None]] = {}
    for column, one in enumerate(told):
        for proof in one.proofs:
            claims.setdefault(proof.claim, [None] * len(told))[column] = proof.holds
    if claims and (play.sample or all(one.as_expected for one in told)):
        console.print(claims_table(names, claims))
    for one in told:
        commit = one.seen.pull.merge_commit if one.seen.pull else None
        if commit is not None:
            progress.stage(one.story.name, f"#{one.seen.issue} was merged as {commit.sha[:12]}", style=GOOD)


def _cells(told: StoryResult, stage: DemoEnvironment, model: str, state: str) -> list[tuple[str, str]]:
    seen, pull = told.seen, told.seen.pull
    own = [check for check in pull.checks if check.app_id == stage.cadence.app_id] if pull else []
    foreign = [check for check in pull.checks if check.app_id != stage.cadence.app_id] if pull else []
    reviews = [check for check in own if check.name != CHECK_GATE]
    first = "rejected, then " if told.rejection else ""
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
        ("GitHub calls", f"{told.calls[0]} ({told.calls[1]} write)"),
        ("model calls", str(stage.serve.model_calls(seen.issue))),
    ]


def _conclusions(reviews: Sequence[SeenCheck]) -> str:
    """`success` where every review says so, else each review with its conclusion."""
    if len({check.conclusion for check in reviews}) == 1:
        return f"{len(reviews)} x {reviews[0].conclusion}"
    return ", ".join(f"{check.name.split('/')[-1]} {check.conclusion}" for check in reviews)


def _stay(stage: DemoEnvironment, progress: Progress, clock: Clock) -> None:
    progress.say(f"staying at {stage.url}/{stage.repository.full_name} until Ctrl-C")
    try:
        while True:
            stage.serve.must_run()
            clock.sleep(0.5)
    except KeyboardInterrupt:
        progress.say("ending")


def _verdict(
    play: DemoPlan,
    stage: DemoEnvironment,
    told: Sequence[StoryResult],
    trouble: str,
    progress: Progress,
    options: DemoOptions,
) -> int:
    """Say whether everything ended as expected, why if not, and where the result is; the exit code."""
    if play.source is not None:
        for one in told:
            report_own(stage, one, play.source, progress, patch=options.patch)
    else:
        for one in told:
            for proof in one.proofs:
                if not proof.holds:
                    found = f" ({proof.found})" if proof.found else ""
                    progress.stage(one.story.name, f"MISSING: {proof.claim}{found}", style=BAD)
    missing = _missing(play, stage, told, trouble)
    if not missing:
        claims = sum(len(one.proofs) for one in told)
        progress.say(f"Everything ended as expected: {claims} claims hold.", style=GOOD)
        return 0
    for line in missing:
        progress.say(line, style=BAD)
    if play.sample or stage.ci_failures():
        _show_log(stage, progress)
    return 1


def _show_log(stage: DemoEnvironment, progress: Progress) -> None:
    tail = stage.serve_log()
    if tail:
        progress.say("the end of Cadence's log:")
        for line in tail.splitlines():
            progress.say(f"  {line}")


def _missing(play: DemoPlan, stage: DemoEnvironment, told: Sequence[StoryResult], trouble: str) -> list[str]:
    found = [trouble] if trouble else []
    found += [f"the CI could not work: {failure}" for failure in stage.ci_failures()]
    found += [f"the script has no answer: {asked.describe()}" for asked in stage.model.unmatched]
    if play.answers is AnswerSource.NONE:
        found.append(play.notice)
    elif len(told) < len(play.stories) or not all(one.as_expected for one in told):
        found.append("Not everything ended as expected." if play.sample else "The change was not merged.")
    if play.answers is AnswerSource.SCRIPTED:
        found += [
            f"{one.story.name}: the script rejects the first plan, and no rejection was seen"
            for one in told
            if one.story.guidance is not None and one.rejection is None
        ]
    return found
