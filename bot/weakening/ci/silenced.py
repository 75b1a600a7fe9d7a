"""Jobs and steps that are still there and whose failure no longer counts, or that no longer run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.weakening.ci.commands import UPLOADS, checks_of, forgiven, kinds
from bot.weakening.ci.conditions import narrowed
from bot.weakening.ci.config import Config
from bot.weakening.ci.jobs import LENIENT_KEYS
from bot.weakening.ci.steps import Job, Step
from bot.weakening.model import WeakeningFinding


def silenced(old: Job, new: Job, config: Config, already: bool) -> Iterator[WeakeningFinding]:
    """Commands, steps and jobs that may fail now; `already`: whether any job of the base might fail."""
    purposes = frozenset().union(*(checks_of(line) for line in old.lines if not _forgiven(line, old)))
    yield from _switched(old, new, config)
    yield from _jobs_silenced(old, new, config, already)
    for line in new.lines:
        how = _forgiven(line, new)
        if (
            how
            and _SKIPS.search(how)
            and any("test" in kinds(checks_of(one)) and not _forgiven(one, new) for one in new.lines)
        ):
            continue  # Another command of the job runs the tests.
        checks = checks_of(line)
        if how and checks and line not in old.lines and checks <= purposes:
            message = f"A failure of `{line[:80]}` no longer counts ({how})."
            yield WeakeningFinding(
                "ci.failure_ignored", config.path, config.line(line, new.name) or config.line(line[:40]), message
            )


def _jobs_silenced(old: Job, new: Job, config: Config, already: bool) -> Iterator[WeakeningFinding]:
    """Jobs and steps that may fail now, never run, or follow a name that can move."""
    if new.lenient and not old.lenient and not already:
        yield WeakeningFinding(
            "ci.failure_ignored", config.path, _switch_line(config, new.name), f"`{new.name}` may now fail."
        )
    if new.off and not old.off:
        yield WeakeningFinding(
            "ci.disabled", config.path, config.line(new.name), f"The job `{new.name}` never runs any more."
        )
    before = {step.key: step for step in old.steps}
    for step in new.steps:
        was = before.get(step.key)
        if was is None:
            continue
        # In a job that might fail before, one of its steps that may fail now changes nothing.
        # Where files are named for the recipe alone (`-rm x`), a failure says nothing of the change.
        if step.lenient and not was.lenient and not old.lenient and _counts(step) and (step.checks or step.uses):
            at = _switch_line(config, step.key.split("\n")[0])
            yield WeakeningFinding("ci.failure_ignored", config.path, at, f"The step {shown(step)} may now fail.")
        if step.off and not was.off:
            yield WeakeningFinding(
                "ci.disabled",
                config.path,
                config.line(step.key.split("\n")[0]),
                f"The step {shown(step)} never runs any more.",
            )
        # A full commit id is the only immutable release of an action,
        # https://docs.github.com/actions/reference/security/secure-use
        if re.fullmatch(r"[0-9a-f]{40}", was.pin) and not re.fullmatch(r"[0-9a-f]{40}", step.pin):
            message = f"`{step.uses}` was pinned to a commit and now follows `{step.pin}`."
            yield WeakeningFinding("ci.unpinned", config.path, config.line(f"{step.uses}@{step.pin}"), message)


def conditioned(old: Job, new: Job, config: Config, with_checks: frozenset[str]) -> Iterator[WeakeningFinding]:
    """Jobs and steps with checks that ran always, or under less, before.

    `with_checks`: the names of the head's jobs that make checks.
    """
    if new.checks and narrowed(old.condition, new.condition) and not new.off:
        message = f"The job `{new.name}` runs only under a condition now: {new.condition[:80]}."
        yield WeakeningFinding(
            "ci.condition", config.path, config.line(new.condition[:20], new.name) or config.line(new.name), message
        )
    before: dict[str, list[Step]] = {}
    for step in old.steps:
        before.setdefault(step.key, []).append(step)
    for step in new.steps:
        twins = before.get(step.key, ())
        if (
            not step.checks
            or not twins
            or step.off
            or not _counts(step)
            or len([one for one in new.steps if one.key == step.key]) > len(twins)
        ):
            continue
        was = twins[0]
        if narrowed(was.condition, step.condition):
            message = f"{shown(step)} runs only under a condition now: {step.condition[:80]}."
            yield WeakeningFinding("ci.condition", config.path, config.line(step.key.split("\n")[0]), message)
    # A job without checks of its own that others are required through is a gate: its needs are what it checks.
    gone = [name for name in old.needs if name not in new.needs and name in with_checks]
    if gone and not old.checks and not new.checks and len(new.needs) < len(old.needs):
        message = f"`{new.name}` no longer waits for `{gone[0]}`, whose failure it stood for."
        yield WeakeningFinding("ci.gate_narrowed", config.path, config.line("needs", new.name), message)


_SKIPS = re.compile(r"-DskipTests|-Dmaven\.test\.skip|-x\s+test")


def _forgiven(line: str, job: Job) -> str | None:
    # `set -o pipefail` anywhere in the job counts: most jobs set it in their first line.
    strict = job.pipefail or any("pipefail" in one and "+o" not in one for one in job.lines)
    kept = re.search(r"\|\|\s*\(?\s*\w+=", line)
    if kept and any(re.search(r"\b(?:exit|return|test|\[)\b.*\$", one) for one in job.lines if one != line):
        return None  # The exit code is kept for later.
    return forgiven(line, strict, job.stops)


_GOES_ON = re.compile(r"^set \+(?:[a-z]*e\b|o errexit)|^exit(?:\s+0)?$")


def _switched(old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
    """Lines that keep the checks after them from counting: `set +e`, an early `exit`, or `set -o pipefail` gone."""
    # GitLab joins the lines of a script into one, https://docs.gitlab.com/ci/yaml/script/
    blocks = [tuple(new.lines)] if "gitlab-ci" in config.path else [step.lines for step in new.steps]
    for block in blocks:
        for number, line in enumerate(block):
            after = [one for one in block[number + 1 :] if checks_of(one)]
            if _GOES_ON.match(line) and after and line not in old.lines and "set -e" not in block[number + 1 :]:
                message = f"After `{line[:40]}` a failure of `{after[0][:60]}` no longer counts."
                yield WeakeningFinding(
                    "ci.failure_ignored",
                    config.path,
                    config.line(line.split(" #")[0]) or config.line(after[0][:40]),
                    message,
                )
    piped = [line for line in new.lines if line in old.lines and _forgiven(line, new) and not _forgiven(line, old)]
    if piped:
        message = f"Without `pipefail` a failure of `{piped[0][:80]}` no longer counts."
        yield WeakeningFinding("ci.failure_ignored", config.path, config.line(piped[0][:40]), message)


def _counts(step: Step) -> bool:
    """Whether a failure can say something of the change: not where files are only handed to a service."""
    tools = {check.split(":")[1] for check in step.checks}
    return not (re.search(r"upload|artifact|cache", step.uses) or (tools and tools <= UPLOADS))


def shown(step: Step) -> str:
    return f"`{(step.uses or step.lines[0])[:80]}`" if step.uses or step.lines else "its check"


def _switch_line(config: Config, after: str) -> int | None:
    """The line of the first key that lets a failure pass, after that of the job or step."""
    return next((config.line(key, after) for key in LENIENT_KEYS if key in config.text), None)
