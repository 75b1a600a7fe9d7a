"""`cadence demo`: the main job, told on an embedded GitHub, and checked against what stands there at the end."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

import bot
from bot.clock import Clock, SystemClock
from bot.names import CHECK_GATE
from bot.sandbox.demo_play import DemoOptions, Play, WrongUse, choose_play, model_settings, without_settings
from bot.sandbox.demo_set import OWNER, Answers, DemoSet, Surroundings
from bot.sandbox.observe import SeenCheck
from bot.sandbox.progress import BAD, GOOD, Progress, claims_table, open_progress, summary_table
from bot.sandbox.serve_process import ServeFailed
from bot.sandbox.telling import StoryFailed, Teller, Told

__all__ = ["DemoOptions", "run_demo"]


def run_demo(options: DemoOptions) -> int:
    """Play the demo. 0 when everything ended as told, 1 when not, 2 for options that describe no demo."""
    environment = dict(os.environ)
    console = Console(no_color=True if "NO_COLOR" in environment else None)
    try:
        play = choose_play(options, key=bool(environment.get("OPENAI_API_KEY", "").strip()))
    except WrongUse as error:
        Console(stderr=True).print(str(error), soft_wrap=True, markup=False, highlight=False)
        return 2
    plain = options.plain or "NO_COLOR" in environment or "CI" in environment
    clock = SystemClock()
    with ExitStack() as stack:
        directory = _directory(options, stack)
        around = _surroundings(directory, clock, environment)
        stage = DemoSet(play.subject, play.answers, play.rules, around)
        progress = stack.enter_context(open_progress(console, clock, plain=plain))
        try:
            return _perform(play, stage, progress, console, options=options, clock=clock)
        except KeyboardInterrupt:
            progress.say("interrupted")
            return 1


def _directory(options: DemoOptions, stack: ExitStack) -> Path:
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        return options.keep.resolve()
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cadence-demo-", ignore_cleanup_errors=True)))


def _surroundings(directory: Path, clock: Clock, environment: Mapping[str, str]) -> Surroundings:
    # The working directory of `cadence serve` is its data, so the package has to be found by path where it is not
    # installed; and `python` in a test command should be the one that runs the demo.
    home = str(Path(bot.__file__).resolve().parent.parent)
    child = without_settings(environment)
    child["PYTHONPATH"] = os.pathsep.join(part for part in (home, child.get("PYTHONPATH", "")) if part)
    search_path = os.pathsep.join((str(Path(sys.executable).parent), environment.get("PATH", os.defpath)))
    return Surroundings(directory, clock, child, search_path, model_settings(environment))


def _perform(
    play: Play, stage: DemoSet, progress: Progress, console: Console, *, options: DemoOptions, clock: Clock
) -> int:
    progress.say(play.notice)
    told: list[Told] = []
    trouble = ""
    try:
        with stage:
            where = f" at {stage.url}/{OWNER}/{play.subject.name}" if options.stay else ""
            progress.say(f"the embedded GitHub is ready{where}; Cadence is ready")
            teller = Teller(stage, progress, clock, timeout=options.timeout, show_urls=options.stay)
            for story in play.stories:
                progress.stage(story.name, f"--- {story.headline} ---")
                told.append(teller.tell(story, sample=play.sample))
                if not told[-1].as_told:
                    break
            _close(play, stage, told, console)
            if options.stay:
                _stay(stage, progress, clock)
    except (StoryFailed, ServeFailed) as error:
        trouble = str(error)
    return _verdict(play, stage, told, trouble, progress)


def _close(play: Play, stage: DemoSet, told: Sequence[Told], console: Console) -> None:
    recorded = stage.serve.runs()
    model = {
        Answers.SCRIPTED: f"{stage.model.name} (recorded answers)",
        Answers.RECORDED: f"{stage.model.name} (recorded, not a real review)",
        Answers.NONE: "none",
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
    if claims:
        console.print(claims_table(names, claims))


def _cells(told: Told, stage: DemoSet, model: str, state: str) -> list[tuple[str, str]]:
    seen, pull = told.seen, told.seen.pull
    own = [check for check in pull.checks if check.app_id == stage.cadence.app_id] if pull else []
    foreign = [check for check in pull.checks if check.app_id != stage.cadence.app_id] if pull else []
    reviews = [check for check in own if check.name != CHECK_GATE]
    first = f"rejected on {told.rejection.head[:7]}, then " if told.rejection else ""
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
        ("GitHub calls", f"{told.calls[0]}, {told.calls[1]} of them writes"),
        ("model calls", str(told.calls[2])),
    ]


def _conclusions(reviews: Sequence[SeenCheck]) -> str:
    """`success` where every review says so, else each review with its conclusion."""
    if len({check.conclusion for check in reviews}) == 1:
        return f"{len(reviews)} x {reviews[0].conclusion}"
    return ", ".join(f"{check.name.split('/')[-1]} {check.conclusion}" for check in reviews)


def _stay(stage: DemoSet, progress: Progress, clock: Clock) -> None:
    progress.say(f"staying at {stage.url}/{stage.repository.full_name} until Ctrl-C")
    try:
        while True:
            stage.serve.must_run()
            clock.sleep(0.5)
    except KeyboardInterrupt:
        progress.say("ending")


def _verdict(play: Play, stage: DemoSet, told: Sequence[Told], trouble: str, progress: Progress) -> int:
    """Say whether everything ended as expected, and every claim that does not hold; the exit code."""
    for one in told:
        for proof in one.proofs:
            if not proof.holds:
                found = f" ({proof.found})" if proof.found else ""
                progress.stage(one.story.name, f"MISSING: {proof.claim}{found}", style=BAD)
    missing = _missing(play, stage, told, trouble)
    if not missing:
        progress.say(f"Everything ended as expected: {sum(len(one.proofs) for one in told)} claims hold.", style=GOOD)
        return 0
    for line in missing:
        progress.say(line, style=BAD)
    tail = "" if play.answers is Answers.NONE else stage.serve_log()
    if tail:
        progress.say("the end of Cadence's log:")
        for line in tail.splitlines():
            progress.say(f"  {line}")
    return 1


def _missing(play: Play, stage: DemoSet, told: Sequence[Told], trouble: str) -> list[str]:
    found = [trouble] if trouble else []
    found += [f"the CI could not work: {failure}" for failure in stage.ci_failures()]
    found += [f"the script has no answer: {asked.describe()}" for asked in stage.model.unmatched]
    if play.answers is Answers.NONE:
        found.append(play.notice)
    elif len(told) < len(play.stories) or not all(one.as_told for one in told):
        found.append("Not everything ended as expected.")
    if play.answers is Answers.SCRIPTED:
        found += [
            f"{one.story.name}: the script rejects the first plan, and no rejection was seen"
            for one in told
            if one.story.guidance is not None and one.rejection is None
        ]
    return found
