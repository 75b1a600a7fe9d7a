"""`cadence demo`: does the main job on an embedded GitHub, shows every step, and checks what is there at the end."""

from __future__ import annotations

import os
from contextlib import ExitStack

from rich.console import Console

from bot.core.clock import Clock, SystemClock
from bot.sandbox.demo.closing import outcome, print_tables, show_log
from bot.sandbox.demo.embedded import OWNER
from bot.sandbox.demo.environment import DemoEnvironment
from bot.sandbox.demo.options import DemoOptions, DemoPlan, choose_plan
from bot.sandbox.demo.progress import BAD, Progress, open_progress
from bot.sandbox.demo.serve_process import ServeFailed
from bot.sandbox.demo.signals import ended_by_signals
from bot.sandbox.demo.story_runner import StoryFailed, StoryResult, StoryRunner
from bot.sandbox.demo.surroundings import data_directory, surroundings, with_env_file

__all__ = ["DemoOptions", "run_demo"]


def run_demo(options: DemoOptions) -> int:
    """Run the demo; gives the exit code: 0 when everything ended as expected, 1 when not, 130 when it was stopped.

    Raises WrongUse for options that cannot be used together, a repository that cannot be opened, a missing command.
    """
    environment = with_env_file(os.environ)
    console = Console(no_color=True if "NO_COLOR" in environment else None)
    plain = options.plain or "NO_COLOR" in environment or "CI" in environment
    clock = SystemClock()
    with ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        directory = data_directory(options.keep, stack)
        key = bool(environment.get("OPENAI_API_KEY", "").strip())
        plan = choose_plan(options, directory / "yours", key=key, say=lambda text: console.print(text, markup=False))
        around = surroundings(directory, clock, environment)
        parts = DemoEnvironment(plan.subject, plan.answers, plan.rules, around)
        progress = stack.enter_context(open_progress(console, clock, plain=plain))
        try:
            return _run_plan(plan, parts, progress, console, options=options, clock=clock)
        except KeyboardInterrupt:
            progress.say("stopped")
            return 130


def _run_plan(
    plan: DemoPlan, parts: DemoEnvironment, progress: Progress, console: Console, *, options: DemoOptions, clock: Clock
) -> int:
    progress.say(plan.notice)
    _announce_ci(plan, progress)
    results: list[StoryResult] = []
    failure = ""
    try:
        with parts:
            where = f" at {parts.url}/{OWNER}/{plan.subject.name}" if options.stay else ""
            progress.say(f"the embedded GitHub is ready{where}; Cadence is ready")
            runner = StoryRunner(parts, progress, clock, timeout=options.timeout, show_urls=options.stay)
            try:
                for story in plan.stories:
                    progress.stage(story.name, f"--- {story.headline} ---")
                    results.append(runner.run(story, sample=plan.sample))
                    if not results[-1].as_expected:
                        break
            except StoryFailed as error:
                failure = str(error)
            print_tables(plan, parts, results, console, progress)
            code = outcome(plan, parts, results, failure, progress, options)
            if options.stay:
                _stay(parts, progress, clock)
            return code
    except ServeFailed as error:
        progress.say(str(error), style=BAD)
        show_log(parts, progress)
        return 1


def _announce_ci(plan: DemoPlan, progress: Progress) -> None:
    if plan.sample:
        return
    subject = plan.subject
    where = f" in {subject.folder}" if subject.folder else ""
    if subject.setup_command:
        progress.say(f"CI prepares{where} with: {subject.setup_command}")
    progress.say(f"CI runs{where}: {subject.test_command}")
    if plan.source is not None and plan.source.note:
        progress.say(plan.source.note)


def _stay(parts: DemoEnvironment, progress: Progress, clock: Clock) -> None:
    progress.say(f"staying at {parts.url}/{parts.repository.full_name} until Ctrl-C")
    try:
        while True:
            parts.serve.must_run()
            clock.sleep(0.5)
    except KeyboardInterrupt:
        progress.say("ending")
