"""Jobs and steps that a change drops, silences or narrows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.weakening.ci.commands import (
    UPLOADS,
    checks_of,
    forgiven,
    kinds,
    limits,
    selectors,
    strict_flags,
    targets_of,
    without_forgiveness,
)
from bot.weakening.ci.conditions import narrowed
from bot.weakening.ci.config import Config
from bot.weakening.ci.jobs import jobs
from bot.weakening.ci.steps import Job, Step
from bot.weakening.model import WeakeningFinding
from bot.weakening.thresholds import RENAMED_JOB, SAME_COMMAND

Side = tuple[Config, Config]


class Pipelines:
    """All jobs of the changed files, before and after."""

    def __init__(self, sides: Sequence[Side], elsewhere: frozenset[str]) -> None:
        self.sides = sides
        self.old = [job for old, _ in sides for job in jobs(old)]
        self.new = [job for _, new in sides for job in jobs(new)]
        old_keys = frozenset().union(*(job.keys for job in self.old))
        self.new_keys = frozenset().union(*(job.keys for job in self.new))
        self.fresh = frozenset().union(
            *(step.checks for job in self.new for step in job.steps if step.key not in old_keys and not step.lenient)
        )
        """Checks that commands make which only the head has."""
        self.delegated = any(".github/workflows/" in key for key in self.new_keys - old_keys)
        """A new job calls a workflow kept elsewhere, which cannot be looked into."""
        self.elsewhere = elsewhere
        self.old_keys = old_keys

    def findings(self) -> Iterator[WeakeningFinding]:
        taken: set[int] = set()
        couples: list[tuple[Job, Job | None, Config]] = []
        for old_side, new_side in self.sides:
            new_jobs = jobs(new_side)
            for job in jobs(old_side):
                twin = next((one for one in new_jobs if one.name == job.name), None)
                couples.append((job, twin, new_side))
                if twin is not None:
                    taken.add(_key(twin))
        for job, twin, config in couples:
            other = twin or self._renamed(job, taken)
            if other is None:
                yield from self._job_gone(job, config)
                continue
            taken.add(_key(other))
            yield from self._steps_gone(job, other, config)
            yield from self._silenced(job, other, config)
            yield from self._conditioned(job, other, config)
            yield from self._fewer_tests(job, other, config)
            yield from _narrowed(job, other, config)

    def _renamed(self, job: Job, taken: set[int]) -> Job | None:
        """A new job that does most of what the old one did."""
        best, share = None, 0.0
        for one in self.new:
            if _key(one) in taken or not job.keys:
                continue
            common = len(one.keys & job.keys) / len(job.keys)
            checks = len(one.checks & job.checks) / len(job.checks) if job.checks else 0.0
            if max(common, checks) > share:
                best, share = one, max(common, checks)
        return best if share >= RENAMED_JOB else None

    def _covered(self, step: Step) -> bool:
        """Whether the head runs the step's checks elsewhere: the same command, or a new one for the same purpose."""
        return (
            step.key in self.new_keys
            or bool(step.lines and all(line in self.new_keys for line in step.lines))
            or bool(kinds(step.checks) <= kinds(self.fresh))
        )

    def _job_gone(self, job: Job, config: Config) -> Iterator[WeakeningFinding]:
        lost = [step for step in job.steps if step.checks and not self._covered(step) and not step.lenient]
        if not lost or job.lenient or self.delegated or (kinds(job.checks) <= self.elsewhere and not config.text):
            return
        code = "ci.job_removed" if config.text else "ci.file_deleted"
        yield WeakeningFinding(
            code, config.path, None, f"The job `{job.name}` is gone, and nothing new runs {_says(lost[0])}."
        )

    def _steps_gone(self, old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
        kept = new.checks
        swapped = any(
            step.uses and not re.search(r"checkout|setup-|cache|artifact", step.uses)
            for step in new.steps
            if step.key not in self.old_keys
        )
        for step in old.steps:
            if not step.checks or step.key in new.keys or step.checks <= kept or self._covered(step) or step.lenient:
                continue
            if step.uses and swapped:
                continue
            yield WeakeningFinding(
                "ci.step_removed", config.path, config.line(new.name), f"`{new.name}` no longer runs {_says(step)}."
            )

    def _silenced(self, old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
        had = {line for job in self.old for line in job.lines if _forgiven(line, job)}
        plain = {without_forgiveness(line) for line in old.lines if not _forgiven(line, old)}
        purposes = frozenset().union(*(checks_of(line) for line in old.lines if not _forgiven(line, old)))
        already = any(job.lenient or any(_forgiven(line, job) for line in job.lines) for job in self.old)
        yield from _switched(old, new, config)
        yield from self._jobs_silenced(old, new, config, already)
        for line in new.lines:
            how = _forgiven(line, new)
            if (
                how
                and _SKIPS.search(how)
                and any("test" in kinds(checks_of(one)) and not _forgiven(one, new) for one in new.lines)
            ):
                continue  # Another command of the job runs the tests.
            checks = checks_of(line)
            if (
                how
                and checks
                and line not in had
                and line not in old.lines
                and (without_forgiveness(line) in plain or checks <= purposes)
            ):
                message = f"A failure of `{line[:80]}` no longer counts ({how})."
                yield WeakeningFinding(
                    "ci.failure_ignored", config.path, config.line(line, new.name) or config.line(line[:40]), message
                )

    def _jobs_silenced(self, old: Job, new: Job, config: Config, already: bool) -> Iterator[WeakeningFinding]:
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
            if step.lenient and not was.lenient and not old.lenient and _counts(step):
                at = _switch_line(config, step.key.split("\n")[0])
                yield WeakeningFinding("ci.failure_ignored", config.path, at, f"The step {_says(step)} may now fail.")
            if step.off and not was.off:
                yield WeakeningFinding(
                    "ci.disabled",
                    config.path,
                    config.line(step.key.split("\n")[0]),
                    f"The step {_says(step)} never runs any more.",
                )
            if re.fullmatch(r"[0-9a-f]{40}", was.pin) and not re.fullmatch(r"[0-9a-f]{40}", step.pin):
                message = f"`{step.uses}` was pinned to a commit and now follows `{step.pin}`."
                yield WeakeningFinding("ci.unpinned", config.path, config.line(f"{step.uses}@{step.pin}"), message)

    def _conditioned(self, old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
        """Jobs and steps with checks that ran always, or under less, before."""
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
                message = f"{_says(step)} runs only under a condition now: {step.condition[:80]}."
                yield WeakeningFinding("ci.condition", config.path, config.line(step.key.split("\n")[0]), message)
        gone = [
            name
            for name in old.needs
            if name not in new.needs and any(job.name == name and job.checks for job in self.new)
        ]
        if gone and not old.checks and not new.checks and len(new.needs) < len(old.needs):
            message = f"`{new.name}` no longer waits for `{gone[0]}`, whose failure it stood for."
            yield WeakeningFinding("ci.gate_narrowed", config.path, config.line("needs", new.name), message)

    def _fewer_tests(self, old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
        """A test runner's command that selects less, or looks into less, than the same command before."""
        for line in new.lines:
            if line in old.lines or "test" not in kinds(checks_of(line)):
                continue
            was = _predecessor(line, old.lines) or _same_runner(line, old.lines)
            if was is None or was in new.lines:
                continue
            more = fewer_selected(was, line)
            had = {one for job in self.old for text in job.lines for one in selectors(text)}
            if more and more not in had:
                message = f"`{line[:80]}` runs fewer tests than before ({more})."
                yield WeakeningFinding("ci.tests_narrowed", config.path, config.line(line[:40]), message)
                continue
            lost = _fewer_targets(was, line, [text for job in self.new for text in job.lines])
            if lost:
                message = f"`{line[:80]}` no longer runs what `{lost}` held."
                yield WeakeningFinding("ci.tests_narrowed", config.path, config.line(line[:40]), message)


def fewer_selected(was: str, now: str) -> str:
    """A selection that a command makes and its predecessor did not; a value that changed is no new selection."""
    before = selectors(was)
    flags = [re.split(r"[=\s]", one, maxsplit=1)[0] for one in before]
    for one in selectors(now):
        flag = re.split(r"[=\s]", one, maxsplit=1)[0]
        if one in before:
            continue
        if flag not in flags or flag in ("--ignore", "--deselect", "--exclude", "--skip"):
            return one
        wider = next((text for text in before if text.startswith(flag)), "")
        if " not " in one and one.count(" not ") > wider.count(" not ") and " or " not in one:
            return one
    return ""


def _fewer_targets(was: str, now: str, everywhere: list[str]) -> str:
    """A path that the runner looked into and no command looks into now; "all" where it looked into everything."""
    before, after = targets_of(was), targets_of(now)
    wide = {"", ".", "./...", "...", "./"}
    if not after or before == after:
        return ""
    others = [target for line in everywhere if line != now for target in targets_of(line)]
    if not before or set(before) & wide:
        narrow = [one for one in after if one.strip("./") not in ("", "tests", "test", "spec") and one not in wide]
        return (
            "all"
            if narrow and len(narrow) == len(after) and not others and ("/" in narrow[0] or "." in narrow[0])
            else ""
        )
    kept = [*after, *others]
    lost = [
        one
        for one in before
        if not any(one == two or one.startswith(two.rstrip("/.") + "/") or two in wide for two in kept)
    ]
    narrower = [one for one in lost if any(two.startswith(one.rstrip("/.") + "/") for two in after)]
    return lost[0] if narrower or (lost and len(after) < len(before)) else ""


_SKIPS = re.compile(r"-DskipTests|-Dmaven\.test\.skip|-x\s+test")


def _same_runner(line: str, lines: list[str]) -> str | None:
    """The only old command with the same kind and tool of check."""
    same = [one for one in lines if checks_of(one) & checks_of(line)]
    return same[0] if len(same) == 1 else None


def _forgiven(line: str, job: Job) -> str | None:
    strict = job.pipefail or any("pipefail" in one and "+o" not in one for one in job.lines)
    return forgiven(line, strict, job.stops)


_GOES_ON = re.compile(r"^set \+(?:[a-z]*e\b|o errexit)|^exit(?:\s+0)?$")


def _switched(old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
    """Lines that keep the checks after them from counting: `set +e`, an early `exit`, or `set -o pipefail` gone."""
    for step in new.steps:
        for number, line in enumerate(step.lines):
            after = [one for one in step.lines[number + 1 :] if checks_of(one)]
            if _GOES_ON.match(line) and after and line not in old.lines and "set -e" not in step.lines[number + 1 :]:
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


def _key(job: Job) -> int:
    return hash((job.path, job.name))


def _says(step: Step) -> str:
    return f"`{(step.uses or step.lines[0])[:80]}`" if step.uses or step.lines else "its check"


def _switch_line(config: Config, after: str) -> int | None:
    for switch in (
        "continue-on-error",
        "continueOnError",
        "allow_failure",
        "ignore_outcome",
        "ignore_errors",
        "soft_fail",
    ):
        if switch in config.text:
            return config.line(switch, after)
    return None


def _narrowed(old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
    yield from _flags(old, new, config)
    if not (old.checks or new.checks):
        return
    for key, values in old.matrix.items():
        now = new.matrix.get(key)
        if now is None:
            continue
        for lost in _lost_values(key, values, now):
            if f'"{_family(lost)}' in config.text.replace("'", '"').replace("|| ", '"'):
                continue
            yield WeakeningFinding(
                "ci.matrix", config.path, config.line(key, new.name), f"`{new.name}` no longer runs on {key} {lost}."
            )
    known = {value for values in old.matrix.values() for value in values}
    for excluded in new.excluded:
        if excluded not in old.excluded and excluded and all(value in known for value in excluded):
            yield WeakeningFinding(
                "ci.matrix",
                config.path,
                config.line("exclude"),
                f"`{new.name}` no longer runs on {', '.join(excluded)}.",
            )


def _lost_values(key: str, old: list[str], new: list[str]) -> Iterator[str]:
    """Platforms without a successor, and named checks; an old version that is dropped is no loss."""
    if re.search(r"^os$|platform|runs-on|image|target|^implementation$", key):
        families = {_family(value) for value in new}
        if len(families) >= len({_family(value) for value in old}):
            return
        yield from sorted({value for value in old if _family(value) not in families})
        return
    gone = [value for value in old if value not in new]
    if len(old) > len(new):
        yield from (
            value
            for value in gone
            if re.search(r"lint|mypy|test|check|cover|type|style|fmt|clippy|audit", value, re.IGNORECASE)
        )


def _family(value: str) -> str:
    return re.split(r"[-_\d.]", value.lower(), maxsplit=1)[0] or value


def _flags(old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
    """The same command with a weaker threshold or without a flag that made it strict."""
    for line in new.lines:
        if line in old.lines or not checks_of(line):
            continue
        was = _predecessor(line, old.lines)
        if was is None:
            continue
        before, after = dict(limits(was)), dict(limits(line))
        for flag, amount in before.items():
            now = after.get(flag)
            lower_is_weaker = not flag.startswith(("max", "line-length"))
            if (now is None and lower_is_weaker) or (
                now is not None and (now < amount if lower_is_weaker else now > amount)
            ):
                became = "gone" if now is None else f"{now:g}"
                yield WeakeningFinding(
                    "ci.threshold", config.path, config.line(line[:30]), f"`--{flag}` was {amount:g} and is {became}."
                )
        for flag in sorted(strict_flags(was) - strict_flags(line)):
            if was.replace(flag, "").split() == line.split():
                yield WeakeningFinding(
                    "ci.lint_relaxed",
                    config.path,
                    config.line(line[:30]),
                    f"`{flag}` is no longer given to `{line[:60]}`.",
                )


def _predecessor(line: str, lines: list[str]) -> str | None:
    words = set(line.split())
    best, share = None, SAME_COMMAND
    for one in lines:
        other = set(one.split())
        common = len(words & other) / max(1, len(words | other))
        if common and one.split()[0] == line.split()[0]:
            common += 0.2
        if common > share:
            best, share = one, common
    return best
