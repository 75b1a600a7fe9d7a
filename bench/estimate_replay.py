"""How far estimates are off on a history replayed in time order: each run is estimated from the runs before it.

    python bench/estimate_replay.py [--seeds 5] [--runs 120] [--json FILE]
    python bench/estimate_replay.py --ledger URL [--json FILE]

The run itself is never part of what its estimate is made from. Without a ledger the histories are made up: SHAPES
lists what differs between them. For each of money, tokens, time and files it prints the share of runs that used
between half and twice the estimate, of the runs with at least ten earlier ones in their repository, and of the first
ten. `in range` is the share whose money was in the range that is shown; `ceiling` is what the best fixed fit would
reach that had seen every run before it: no estimate from the context size alone can do much better. With a ledger,
money is by the recorded costs, so runs of a model without a price have tokens only.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.plan.estimate import SHARES, TWICE, Estimate, PastRun, PhaseUse, Task, estimate

WARM = 10
"""Runs of the repository that an estimate needs before it is held to the goal."""
GOAL = 0.95
INPUT_PRICE, OUTPUT_PRICE = 1.25, 10.0
"""US dollars for a million tokens; an answer's token costs eight times as much as a prompt's, as with many models."""
AMOUNTS = ("cost", "tokens", "seconds", "files")


@dataclass(frozen=True)
class Shape:
    """One kind of history. Spreads are sigmas of the natural logarithm: 0.7 is a factor of two either way.

    `context` is the usual prompt in tokens, at most `most_context` as the planner's budget cuts it; `answer` the usual
    plan in tokens, of which `follows` says how much it grows with the context (0 to 1); `repair` the chance that an
    answer is refused; `tail` the share of runs that use `tail_factor` times as much; `reread` the chance that a
    review is asked twice; `drift` what amounts grow by over the whole history, and `switch` at which run the model
    is replaced by one of another name that answers three times as long.
    """

    context: float = 12_000
    context_spread: float = 0.6
    most_context: float = 30_000
    answer: float = 1_800
    answer_spread: float = 0.6
    follows: float = 0.3
    repair: float = 0.15
    reread: float = 0.05
    tail: float = 0.02
    tail_factor: float = 5.0
    drift: float = 1.0
    switch: int | None = None


SHAPES = {
    "steady": Shape(),
    "large contexts": Shape(context=26_000, context_spread=0.3),
    "small repository": Shape(context=3_000, context_spread=0.8, answer=1_000),
    "many repairs": Shape(repair=0.35, reread=0.1),
    "long answers": Shape(answer=6_000, answer_spread=0.5, follows=0.5),
    "wild answers": Shape(answer=3_000, answer_spread=1.0, follows=0.0),
    "heavy tails": Shape(tail=0.08, tail_factor=6.0),
    "growing repository": Shape(context=5_000, drift=4.0),
    "another model": Shape(switch=60),
}


def made_up(shape: Shape, runs: int, dice: random.Random) -> list[PastRun]:
    """A history of one repository, oldest first."""
    found = []
    for number in range(runs):
        grown = shape.drift ** (number / max(1, runs - 1))
        context = min(shape.most_context, shape.context * grown * dice.lognormvariate(0, shape.context_spread))
        context = max(1_500.0, context)
        longer = 3.0 if shape.switch is not None and number >= shape.switch else 1.0
        longer *= shape.tail_factor if dice.random() < shape.tail else 1.0
        size = (context / shape.context) ** shape.follows * dice.lognormvariate(0, shape.answer_spread)
        change = max(150.0, shape.answer * size)
        run = one_run(shape, dice, context, change * longer, change)
        model = "second" if shape.switch is not None and number >= shape.switch else "first"
        found.append(replace(run, phases=tuple(replace(one, model=model) for one in run.phases)))
    return found


def one_run(shape: Shape, dice: random.Random, context: float, answer: float, change: float) -> PastRun:
    """One run: its plan with repairs, both reviews, and what they did not see coming."""
    asked, answered, attempts = 0.0, 0.0, 0
    for attempt in range(3):
        # A repair shows the prompt again, the refused answer, and what is wrong with it.
        asked += context * dice.lognormvariate(0.02, 0.05) + (answer + 400 if attempt else 0)
        answered += min(16_000.0, answer * dice.lognormvariate(0, 0.15))
        attempts += 1
        if dice.random() >= shape.repair:
            break
    speed = dice.lognormvariate(math.log(60), 0.35)
    plan = PhaseUse("plan", attempts, int(asked), int(answered), None, 3 * attempts + answered / speed)
    reviews = [review(shape, dice, kind, change, speed) for kind in ("reasoning", "efficiency")]
    files = max(1, round(change / 700 * dice.lognormvariate(0, 0.45)))
    seconds = sum(one.seconds for one in (plan, *reviews)) + dice.lognormvariate(math.log(12), 0.4)
    return PastRun(int(context), True, (plan, *reviews), seconds, files, int(change / 10))


def review(shape: Shape, dice: random.Random, kind: str, change: float, speed: float) -> PhaseUse:
    """One review: the diff with its surroundings, sometimes asked twice."""
    calls = 2 if dice.random() < shape.reread else 1
    asked = (1_600 + 1.4 * change * dice.lognormvariate(0, 0.3)) * calls
    answered = dice.lognormvariate(math.log(500), 0.4) * calls
    return PhaseUse(kind, calls, int(asked), int(answered), None, 2 * calls + answered / speed)


def price(phase: str, input_tokens: int, output_tokens: int) -> float | None:  # noqa: ARG001
    """What tokens cost in made-up histories."""
    return (input_tokens * INPUT_PRICE + output_tokens * OUTPUT_PRICE) / 1e6


def task_of(run: PastRun) -> Task:
    """What was known of a run before its first call."""
    models = tuple((one.phase, one.model) for one in run.phases)
    return Task(run.context_tokens, run.planned, None if run.planned else run.files, models)


def price_of(run: PastRun) -> float:
    """What a run of a made-up history costs."""
    return sum(price(one.phase, one.input_tokens, one.output_tokens) or 0.0 for one in run.phases)


def used(run: PastRun, cost: Callable[[PastRun], float | None]) -> dict[str, float | None]:
    """What a run used of each amount."""
    tokens = float(sum(one.input_tokens + one.output_tokens for one in run.phases))
    return {"cost": cost(run), "tokens": tokens, "seconds": run.seconds, "files": float(run.files)}


def replayed(history: Sequence[PastRun], cost: Callable[[PastRun], float | None]) -> list[dict[str, float]]:
    """For each run, oldest first, by which factor it used more than estimated from the runs before it, by amount."""
    errors = []
    for number, run in enumerate(history):
        made = estimate(task_of(run), history[:number], price)
        errors.append(errors_of(made, used(run, cost)))
    return errors


def errors_of(made: Estimate, true: dict[str, float | None]) -> dict[str, float]:
    """By which factor more was used than estimated, by amount; and whether the cost is in the range that is shown."""
    found = {}
    for name in AMOUNTS:
        expected, amount = getattr(made, name), true[name]
        if amount and expected is not None and expected.middle > 0:
            found[name] = amount / expected.middle
    if made.cost is not None and true["cost"] is not None:
        # 1 or 0: as a factor, 0 is not within two.
        found["in range"] = float(made.cost.low <= true["cost"] <= made.cost.high)
    return found


def within(errors: Sequence[dict[str, float]], name: str) -> float | None:
    """The share of runs that used between half and twice the estimate."""
    factors = [one[name] for one in errors if name in one]
    return sum(0.5 <= factor <= 2 for factor in factors) / len(factors) if factors else None


def ceiling(history: Sequence[PastRun], amount: Callable[[PastRun], float | None]) -> float | None:
    """The largest share of the runs after the first ten that one fit in hindsight has within a factor of two."""
    pairs = [(max(1.0, run.context_tokens), true) for run in history[WARM:] if (true := amount(run))]
    if not pairs:
        return None
    usual, most = median(size for size, _ in pairs), 0
    for share in SHARES:
        logs = sorted(math.log(true / (share * size / usual + 1 - share)) for size, true in pairs)
        most = max(most, *(sum(low <= one <= low + 2 * TWICE for one in logs) for low in logs))
    return most / len(pairs)


def own_cost(run: PastRun) -> float | None:
    """What the ledger recorded; None without a price."""
    costs = [one.cost for one in run.phases]
    return None if None in costs else sum(one for one in costs if one is not None)


def of_ledger(url: str) -> dict[str, list[dict[str, Any]]]:
    """The errors of every repository of a ledger: as they were recorded, and by today's method."""
    from bot.core.clock import SystemClock
    from bot.ledger.ledger import Ledger

    ledger = Ledger.open(url, SystemClock())
    by_repository = defaultdict(list)
    for one in ledger.ended_estimates():
        by_repository[one.repository_id].append(one)
    found: dict[str, list[dict[str, Any]]] = {}
    for repository, entries in by_repository.items():
        history = ledger.as_past_runs(entries, repository)
        known = _rates(history)

        def recorded(phase: str, asked: int, answered: int, known: dict[str, float] = known) -> float | None:
            return known[phase] * (asked + answered) if phase in known else None

        errors = []
        for number, run in enumerate(history):
            errors.append(errors_of(estimate(task_of(run), history[:number], recorded), used(run, own_cost)))
            if entries[number].error is not None:
                errors[-1]["as shown"] = entries[number].error
        found[f"repository {repository}"] = errors
    ledger.close()
    return found


def _rates(history: Sequence[PastRun]) -> dict[str, float]:
    """Dollars for a token of each phase, over the whole history: a ledger keeps costs and no prices."""
    rates: dict[str, list[float]] = defaultdict(list)
    for run in history:
        for one in run.phases:
            if one.cost is not None and one.input_tokens + one.output_tokens:
                rates[one.phase].append(one.cost / (one.input_tokens + one.output_tokens))
    return {phase: median(found) for phase, found in rates.items()}


def _percent(share: float | None) -> str:
    return "     -" if share is None else f"{100 * share:5.1f}%"


def show(
    results: dict[str, list[list[dict[str, float]]]], ceilings: dict[str, float | None], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Print one line for each history, over all seeds and of the worst one, and give the same as data."""
    print(
        f"within a factor of two, from the run with {WARM} earlier ones on (worst seed) | money: the first, the ceiling"
    )
    print(f"{'':22}{'runs':>6}" + "".join(f"{name:>19}" for name in names) + "  | first 10  ceiling")
    rows = []
    for label, seeds in results.items():
        late = [errors[WARM:] for errors in seeds]
        every = [one for errors in late for one in errors]
        first = [one for errors in seeds for one in errors[:WARM]]
        row: dict[str, Any] = {"history": label, "runs": len(every)}
        cells = ""
        for name in names:
            shares = [share for errors in late if (share := within(errors, name)) is not None]
            row[name] = {"all": within(every, name), "worst": min(shares, default=None)}
            cells += f"{_percent(row[name]['all']):>10} ({_percent(row[name]['worst'])})"
        row["first"] = within(first, names[0])
        row["ceiling"] = ceilings.get(label)
        print(f"{label:22}{len(every):6}{cells}  | {_percent(row['first']):>8} {_percent(row['ceiling']):>8}")
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=120)
    parser.add_argument("--ledger", metavar="URL")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.ledger:
        rows = show(
            {label: [errors] for label, errors in of_ledger(options.ledger).items()},
            {},
            (*AMOUNTS, "in range", "as shown"),
        )
    else:
        results: dict[str, list[list[dict[str, float]]]] = defaultdict(list)
        ceilings: dict[str, float | None] = {}
        for label, shape in SHAPES.items():
            # The seeds are fixed, so that two people see the same figures.
            histories = [made_up(shape, options.runs, random.Random(f"{label} {n}")) for n in range(options.seeds)]
            results[label] = [replayed(history, price_of) for history in histories]
            best = [share for history in histories if (share := ceiling(history, price_of)) is not None]
            ceilings[label] = sum(best) / len(best) if best else None
        rows = show(results, ceilings, (*AMOUNTS, "in range"))
        reached = [row["history"] for row in rows if (row["cost"]["all"] or 0) >= GOAL]
        print(f"\nmoney within a factor of two for at least {GOAL:.0%}: {len(reached)} of {len(rows)} histories")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
