"""What a run may use, told before anything is paid: from the size of its context and from earlier runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

PLAN, REVIEWS = "plan", ("reasoning", "efficiency")
"""The phases of a run, by the names that the ledger gives their calls."""
MOST_RUNS = 60
"""Older runs are left out: models, prompts and repositories change."""
ENOUGH_HERE = 5
"""With fewer runs of the repository itself, runs of other repositories are added."""
LEAST_RUNS = 3
"""With fewer runs at all, the defaults below count as the missing ones."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much of an amount grows with the context; the rest does not depend on it."""
TWICE = math.log(2)
STEP = TWICE / 16
"""How finely the middle is looked for: to 4 %."""

Price = Callable[[str, int, int], float | None]
"""(phase, input tokens, output tokens) -> US dollars at today's prices; None without a price."""


@dataclass(frozen=True, slots=True)
class PhaseUse:
    """What the calls of one phase used: tokens, US dollars (None without a price), seconds that the model took.

    `model` is the name that was asked, of the last call.
    """

    phase: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float
    model: str = ""


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run up to its pull request. `seconds` leaves out waiting; `here` says that it is of this repository.

    `context_tokens` is as in Task.
    """

    context_tokens: int
    planned: bool
    phases: tuple[PhaseUse, ...]
    seconds: float
    files: int
    lines: int
    here: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """What is known before the first call.

    `planned` says that a model plans; `context_tokens` is then the size of the plan's prompt, else that of the
    ChangeSet that is there already, as JSON. `files` is the number of its files, None while there is no ChangeSet.
    `models` are (phase, name of the model that will be asked).
    """

    context_tokens: int
    planned: bool
    files: int | None = None
    models: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`; `middle` is the estimate by which the error is measured."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run may use up to its pull request; `cost` is None where a model has no price.

    `runs_here` and `runs_elsewhere` are the numbers of earlier runs that it comes from.
    """

    tokens: Range
    cost: Range | None
    seconds: Range
    files: Range
    runs_here: int
    runs_elsewhere: int


def estimate(task: Task, past: Sequence[PastRun], price: Price) -> Estimate:
    """What the task may use, from earlier runs (oldest first). Whatever the history holds, there is an estimate."""
    # A run that needed no plan says nothing about one that does; the other way round the reviews are the same.
    alike = [run for run in past if run.planned or not task.planned]
    here = _by_these_models(task, [run for run in alike if run.here])
    elsewhere = _by_these_models(task, [run for run in alike if not run.here]) if len(here) < ENOUGH_HERE else []
    found = [*elsewhere, *here]
    assumed = [_default(task)] * max(0, LEAST_RUNS - len(found))
    pool, sizes = [*found, *assumed], [max(1.0, _size(task, run)) for run in (*found, *assumed)]
    size = max(1.0, float(task.context_tokens))

    def fitted(amount: Callable[[PastRun], float]) -> Range:
        return fit(sizes, [amount(run) for run in pool], size, widened=not found)

    costs = [_cost(task, run, price) for run in pool]
    known = [cost for cost in costs if cost is not None]
    files = None if task.files is None else float(task.files)
    return Estimate(
        tokens=fitted(lambda run: sum(one.input_tokens + one.output_tokens for one in _phases(task, run))),
        cost=fit(sizes, known, size, widened=not found) if len(known) == len(pool) else None,
        seconds=fitted(lambda run: _seconds(task, run)),
        files=fitted(lambda run: run.files) if files is None else Range(files, files, files),
        runs_here=len(here),
        runs_elsewhere=len(elsewhere),
    )


def fit(sizes: Sequence[float], amounts: Sequence[float], size: float, *, widened: bool = False) -> Range:
    """The range of an amount for a context of `size`, from past (size, amount) pairs.

    The amount is taken as a part that grows with the context and a part that does not. Of each possible division and
    scale the one is taken that would have been within a factor of two for the most past runs, so neither a single
    expensive run nor repairs in some runs move it far. `widened` is for pairs that are assumed and were not seen.
    """
    pairs = [(a, b) for a, b in zip(sizes, amounts, strict=True) if a > 0 and 0 < b < math.inf]
    if not pairs:
        return Range(0.0, 0.0, 0.0)
    usual = median(a for a, _ in pairs)
    best: tuple[float, float, float, list[float]] | None = None
    for share in SHARES if len(pairs) > len(SHARES) else (0.5,):
        # Not the logarithm of the quotient, which is 0 for the smallest numbers there are.
        logs = sorted(math.log(b) - math.log(share * a / usual + 1 - share) for a, b in pairs)
        score, centre = _densest(logs)
        if best is None or score > best[0] + 1e-9:
            best = (score, centre, share, logs)
    assert best is not None
    _, centre, share, logs = best
    shape = share * size / usual + 1 - share
    low, high = (centre - TWICE, centre + TWICE) if widened else _spread(logs)
    low, high = min(low, centre - TWICE / 4), max(high, centre + TWICE / 4)
    return Range(*(shape * math.exp(one) for one in (low, centre, high)))


def off_by(estimated: float, used: float) -> float | None:
    """By which factor more was used than estimated; below 1: less. None where nothing can be said."""
    return used / estimated if estimated > 0 and used > 0 else None


def _densest(logs: Sequence[float]) -> tuple[float, float]:
    """(score, centre) of the interval of a factor of two to both sides that holds the most values; middle of ties."""
    first, last = logs[0], logs[-1]
    centres = [median(logs), *(first + STEP * step for step in range(1, math.ceil((last - first) / STEP)))]
    # Nearly 1 within the interval and nearly 0 outside, with soft edges: values near an edge count as uncertain.
    scores = [sum(1 / (1 + (abs(one - centre) / TWICE) ** 6) for one in logs) / len(logs) for centre in centres]
    top = max(scores)
    return top, median(centre for centre, score in zip(centres, scores, strict=True) if score >= top - 1e-9)


def _spread(logs: Sequence[float]) -> tuple[float, float]:
    """The fifth and the ninety-fifth percentile; of fewer than twenty values the first and the last."""
    rest = len(logs) // 20
    return logs[rest], logs[len(logs) - 1 - rest]


def _by_these_models(task: Task, runs: Sequence[PastRun]) -> list[PastRun]:
    """The newest runs that asked the models that the task will ask, where there are enough of them; else of any."""
    will_ask = dict(task.models)
    same = [run for run in runs if all(will_ask.get(one.phase, one.model) == one.model for one in _phases(task, run))]
    return list(same if len(same) >= ENOUGH_HERE else runs)[-MOST_RUNS:]


def _phases(task: Task, run: PastRun) -> list[PhaseUse]:
    """The phases that the task will have; a ChangeSet that is there already needs no plan."""
    return [one for one in run.phases if task.planned or one.phase != PLAN]


def _cost(task: Task, run: PastRun, price: Price) -> float | None:
    """What those phases would cost today; None where one has no price."""
    costs = [price(one.phase, one.input_tokens, one.output_tokens) for one in _phases(task, run)]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _seconds(task: Task, run: PastRun) -> float:
    planning = sum(one.seconds for one in run.phases if one.phase == PLAN)
    return run.seconds if task.planned else max(0.0, run.seconds - planning)


def _size(task: Task, run: PastRun) -> float:
    """The size of a past run in the task's measure."""
    if task.planned or not run.planned:
        return float(run.context_tokens)
    # A plan's answer is a ChangeSet as JSON; only the last one was taken.
    plans = [one for one in run.phases if one.phase == PLAN]
    return sum(one.output_tokens for one in plans) / max(1, sum(one.calls for one in plans))


def _default(task: Task) -> PastRun:
    """A run as it is assumed where there is no history: docs/operators.md names the same figures."""
    change = 3_000 if task.planned else task.context_tokens
    plan = (PhaseUse(PLAN, 1, task.context_tokens * 5 // 4, 3_000, None, 45.0),) if task.planned else ()
    reviews = tuple(PhaseUse(kind, 1, 1_500 + change, 700, None, 15.0) for kind in REVIEWS)
    return PastRun(
        context_tokens=task.context_tokens,
        planned=task.planned,
        phases=(*plan, *reviews),
        seconds=sum(one.seconds for one in (*plan, *reviews)) + 15.0,
        files=task.files or 3,
        lines=80,
    )
