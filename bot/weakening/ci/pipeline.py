"""Jobs and steps that a change drops, silences or narrows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.weakening.ci.commands import kinds
from bot.weakening.ci.config import Config, Side
from bot.weakening.ci.flags import selectors
from bot.weakening.ci.jobs import jobs
from bot.weakening.ci.matrix import matrix_findings
from bot.weakening.ci.narrowing import fewer_tests, weaker_flags
from bot.weakening.ci.silenced import conditioned, shown, silenced
from bot.weakening.ci.steps import Job, Step
from bot.weakening.model import WeakeningFinding
from bot.weakening.thresholds import RENAMED_JOB


class Pipelines:
    """All jobs of the changed files, before and after."""

    def __init__(self, sides: Sequence[Side], elsewhere: frozenset[str]) -> None:
        self._jobs = [(jobs(old), jobs(new), new) for old, new in sides]
        self._new = [job for _, after, _ in self._jobs for job in after]
        old = [job for before, _, _ in self._jobs for job in before]
        self._old_keys = frozenset(key for job in old for key in job.keys)
        self._new_keys = frozenset(key for job in self._new for key in job.keys)
        fresh = [step for job in self._new for step in job.steps if step.key not in self._old_keys and not step.lenient]
        self._fresh = kinds(check for step in fresh for check in step.checks)
        """Kinds of checks that commands make which only the head has."""
        self._delegated = any(".github/workflows/" in key for key in self._new_keys - self._old_keys)
        """A new job calls a workflow kept elsewhere, which cannot be looked into."""
        self._elsewhere = elsewhere
        self._lines = [line for job in self._new for line in job.lines]
        self._with_checks = frozenset(job.name for job in self._new if job.checks)
        self._already = any(job.lenient for job in old)
        self._selected = frozenset(one for job in old for line in job.lines for one in selectors(line))

    def findings(self) -> Iterator[WeakeningFinding]:
        """Every finding about the jobs that the base had."""
        couples: list[tuple[Job, Job | None, Config]] = []
        for before, after, config in self._jobs:
            by_name = {job.name: job for job in reversed(after)}
            couples += [(job, by_name.get(job.name), config) for job in before]
        taken = {(twin.path, twin.name) for _, twin, _ in couples if twin is not None}
        for job, twin, config in couples:
            other = twin or self._renamed(job, taken)
            if other is None:
                yield from self._job_gone(job, config)
                continue
            taken.add((other.path, other.name))
            # Most jobs of a changed file are the same, and comparing them costs most.
            if job == other:
                continue
            yield from self._steps_gone(job, other, config)
            yield from silenced(job, other, config, self._already)
            yield from conditioned(job, other, config, self._with_checks)
            yield from fewer_tests(job, other, config, self._selected, self._lines)
            yield from weaker_flags(job, other, config)
            yield from matrix_findings(job, other, config)

    def _renamed(self, job: Job, taken: set[tuple[str, str]]) -> Job | None:
        """A new job that does most of what the old one did."""
        best, share = None, 0.0
        for one in self._new:
            if (one.path, one.name) in taken or not job.keys:
                continue
            common = len(one.keys & job.keys) / len(job.keys)
            checks = len(one.checks & job.checks) / len(job.checks) if job.checks else 0.0
            if max(common, checks) > share:
                best, share = one, max(common, checks)
        return best if share >= RENAMED_JOB else None

    # Exchanging flake8 for ruff is not a loss: what counts is the kind of check.
    def _covered(self, step: Step) -> bool:
        """Whether the head runs the step's checks elsewhere: the same command, or a new one for the same purpose."""
        return (
            step.key in self._new_keys
            or bool(step.lines and all(line in self._new_keys for line in step.lines))
            or bool(kinds(step.checks) <= self._fresh)
        )

    def _job_gone(self, job: Job, config: Config) -> Iterator[WeakeningFinding]:
        lost = [step for step in job.steps if step.checks and not self._covered(step) and not step.lenient]
        if not lost or job.lenient or self._delegated or (kinds(job.checks) <= self._elsewhere and not config.text):
            return
        code = "ci.job_removed" if config.text else "ci.file_deleted"
        yield WeakeningFinding(
            code, config.path, None, f"The job `{job.name}` is gone, and nothing new runs {shown(lost[0])}."
        )

    def _steps_gone(self, old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
        kept = new.checks
        # A step that uses an action may become another action, whose checks its name does not say.
        swapped = any(
            step.uses and not re.search(r"checkout|setup-|cache|artifact", step.uses)
            for step in new.steps
            if step.key not in self._old_keys
        )
        for step in old.steps:
            if not step.checks or step.key in new.keys or step.checks <= kept or self._covered(step) or step.lenient:
                continue
            if step.uses and swapped:
                continue
            yield WeakeningFinding(
                "ci.step_removed", config.path, config.line(new.name), f"`{new.name}` no longer runs {shown(step)}."
            )
