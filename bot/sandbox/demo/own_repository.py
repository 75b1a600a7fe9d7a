"""What `cadence demo --repo` says at the end: why the change was not merged, or where the result is."""

from __future__ import annotations

import re
from pathlib import Path

from rich.text import Text

from bot.core.names import CHECK_GATE
from bot.sandbox.demo.embedded import CADENCE_SLUG
from bot.sandbox.demo.environment import DemoEnvironment
from bot.sandbox.demo.progress import BAD, GOOD, Progress
from bot.sandbox.demo.repository_view import SeenCheck, SeenPull
from bot.sandbox.demo.source import Source, hand_back
from bot.sandbox.demo.story_runner import StoryResult, unfolded_lines

CI_LINES = 20
_LINK = re.compile(r" ?\(\[details\]\(http://127\.0\.0\.1[^)]*\)\)")
_TAIL = re.compile(r"```text\n(.*)\n```", re.DOTALL)


def report_own(
    parts: DemoEnvironment, ended: StoryResult, source: Source, progress: Progress, *, patch: Path | None
) -> None:
    """Print the gate's reasons, the failed CI and the base's CI where it was not merged; hand the result back.

    Raises WrongUse where the result cannot be written.
    """
    seen, pull = ended.seen, ended.seen.pull
    if pull is None:
        progress.say(f"No pull request was opened: {seen.why or seen.state or 'the run did not begin'}", style=BAD)
        return
    if pull.merge_commit is None:
        _why_not(parts, pull, progress)
    base = parts.bare_merge_base(pull.head)
    result = pull.merge_commit.sha if pull.merge_commit and pull.state == "merged" else pull.head
    back = hand_back(source, parts.repository.state.path, base=base, result=result, issue=seen.issue, patch=patch)
    progress.say(f"{'The merged change' if pull.merge_commit else 'The change, not merged,'} is in {back.what}.")
    progress.say(f"look at it: {back.command}", style=GOOD)


def _why_not(parts: DemoEnvironment, pull: SeenPull, progress: Progress) -> None:
    for check in pull.checks:
        if check.name == CHECK_GATE:
            progress.say(f"{CHECK_GATE}: {check.title}", style=BAD)
            for line in unfolded_lines(check.summary, 30)[1:]:
                # The embedded GitHub ends with the demo, and its addresses with it.
                progress.say(f"  {_LINK.sub('', line)}")
    failed = [one for one in pull.checks if one.app != CADENCE_SLUG and one.conclusion not in (None, "success")]
    for check in failed:
        _failed_ci(parts, check, progress)


def _failed_ci(parts: DemoEnvironment, check: SeenCheck, progress: Progress) -> None:
    progress.say(f"CI: {check.title}; the end of its output:", style=BAD)
    found = _TAIL.search(check.summary)
    # Many tools colour their output, and a program could also clear the person's screen.
    output = Text.from_ansi(found[1] if found else check.summary).plain
    for line in output.rstrip().splitlines()[-CI_LINES:]:
        progress.say(f"  {line}")
    on_base = next((one for one in parts.base_checks() if one.name == check.name), None)
    if on_base is None or on_base.conclusion is None:
        progress.say("CI has not finished on the base branch, so it is not known whether it passed there.")
    elif on_base.conclusion == "success":
        progress.say("CI passes on the base branch: the change, or a flaky test, made it fail.")
    else:
        progress.say(
            "CI fails on the base branch too: correct --test-command or --setup-command, or the repository, first.",
            style=BAD,
        )
