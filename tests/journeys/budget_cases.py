"""Runs that come to a cap on what models may use, each with its figures: the cap, what was reserved, what was used.

`bench/budget.py` prints them, and test_budget_cases.py holds them to an overshoot of 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock
from typing import Any

from bot.app import build_flow, build_services
from bot.core.names import RunId
from bot.core.states import RunState
from bot.ledger.ledger import Ledger
from bot.ledger.spending import Spent, Worst
from bot.sandbox.model.script import Asked, Reply, Rule, answer, hang_up, review
from tests.fakes.inline_engine import InlineEngine
from tests.journeys.world import BODY, GOOD, OWNER, World, verdict

PRICED = {"CADENCE_MODEL_PRICES": "scripted-1=1/1"}
PLAN_FITS = 20_000
"""Tokens: the worst case of the plan fits, and after a plan of that size no review does."""


APPROVES = review(verdict())


@dataclass
class Watched:
    """What the ledgers of a case were asked to reserve and did reserve, in the unit of the cap."""

    unit: str
    scope: str
    reserved: float = 0.0
    most: float = 0.0
    """The most that was used and reserved at any one time."""
    refused: int = 0
    _lock: Lock = field(default_factory=Lock)

    def watch(self, ledger: Ledger) -> None:
        """Note every reservation that this ledger makes."""
        reserve = ledger.reserve_call

        def watched(run_id: RunId, repository_id: Any, worst: Worst, now: Any, refusal: Any) -> Any:
            seen: list[Spent] = []

            def note(spent: Spent) -> Any:
                seen.append(spent)
                return refusal(spent)

            made = reserve(run_id, repository_id, worst, now, note)
            amount = float(getattr(worst, self.unit) or 0)
            with self._lock:
                if isinstance(made, int):
                    self.reserved += amount
                    self.most = max(self.most, float(getattr(seen[0], f"{self.scope}_{self.unit}")) + amount)
                else:
                    self.refused += 1
            return made

        ledger.reserve_call = watched  # type: ignore[method-assign, assignment]


@dataclass(frozen=True)
class Figures:
    """One row. `counted` is what the ledger has after the end, `real` what the model's server really worked on."""

    case: str
    unit: str
    cap: float
    reserved: float
    counted: float
    real: float
    calls: int
    ends: tuple[RunState, ...]
    refused: int
    most: float

    @property
    def overshoot(self) -> float:
        """What was used, counted or open at any time above the cap."""
        return max(0.0, max(self.counted, self.real, self.most) - self.cap)


@dataclass(frozen=True)
class Case:
    """How a case is set up: the cap as the operator's setting, and what the model's server answers."""

    name: str
    setting: str
    cap: float
    plan: Reply
    reasoning: Callable[[Asked], Reply] = APPROVES
    env: tuple[tuple[str, str], ...] = ()
    first: Reply | None = None
    """Answered once, before the plan."""
    workers: int = 1

    @property
    def scope(self) -> str:
        """run or day."""
        return self.setting.split("_")[2].lower()

    @property
    def unit(self) -> str:
        """`tokens` or `cost`."""
        return self.setting.split("_")[3].lower()


def _states(*usage: int) -> Reply:
    return replace(answer(GOOD), usage=(usage[0], usage[1]))


def _long_review(asked: Asked) -> Reply:
    return replace(review(verdict())(asked), usage=(1000, 8000))


RUN, DAY = "CADENCE_BUDGET_RUN_TOKENS", "CADENCE_BUDGET_DAY_TOKENS"
CASES = (
    Case("the server states 10^12 tokens", RUN, PLAN_FITS, _states(10**12, 10**12)),
    Case("the server states negative tokens", RUN, PLAN_FITS, _states(-5, -5)),
    Case("the server states 0 tokens", RUN, PLAN_FITS, _states(0, 0)),
    Case("the server states 1 token", RUN, PLAN_FITS, _states(1, 1)),
    Case("the server states no usage", RUN, PLAN_FITS, replace(answer(GOOD), states_usage=False)),
    Case("10^12 tokens, a cap on money", "CADENCE_BUDGET_RUN_COST", 0.020, _states(10**12, 10**12),
         env=tuple(PRICED.items())),
    Case("a model without a price, capped in tokens", RUN, PLAN_FITS, _states(700, 10**9),
         env=(("CADENCE_BUDGET_RUN_COST", "0"),)),
    Case("the cap is met in mid-review", RUN, PLAN_FITS, answer(GOOD), reasoning=_long_review),
    Case("a cap on money is met in mid-review", "CADENCE_BUDGET_RUN_COST", 0.020, answer(GOOD), reasoning=_long_review,
         env=tuple(PRICED.items())),
    Case("the connection breaks and is tried again", RUN, PLAN_FITS, answer(GOOD), first=hang_up()),
    Case("two workers at once, the day's cap", DAY, 20_000, _states(10**12, 10**12), workers=2),
    Case("two workers at once, the day's cost", "CADENCE_BUDGET_DAY_COST", 0.020, _states(10**12, 10**12), workers=2,
         env=tuple(PRICED.items())),
)  # fmt: skip


def play(case: Case, directory: Path, database_url: str = "") -> Figures:
    """Play one case from the label to its end. `database_url` is of an empty database; empty: a SQLite file."""
    where = {"CADENCE_DATABASE_URL": database_url} if database_url else {}
    # Without a look around the plan is the first question, and its answer the first with figures.
    where["CADENCE_EXPLORE_CALLS"] = "0"
    world = World(directory, **{case.setting: f"{case.cap:g}"}, **dict(case.env), **where)
    watched = Watched(case.unit, case.scope)
    watched.watch(world.ledger)
    try:
        if case.first is not None:
            world.script("change_set", case.first, times=1)
        world.model.add(Rule("reasoning", case.reasoning))
        world.script("efficiency", verdict())
        if case.workers == 1:
            world.script("change_set", case.plan)
            issues = [world.label_blueprint()]
            if case.first is not None:
                # The engine tries again later.
                world.later()
        else:
            issues = _two_at_once(world, case, watched)
        return _figures(world, case, issues, watched)
    finally:
        world.close()


def _two_at_once(world: World, case: Case, watched: Watched) -> list[int]:
    """Two runs in two workers: the second's question is due while the first's is with the model."""
    ended = Event()

    def slowly(_asked: Asked) -> Reply:
        # The other worker has asked for its reservation by then. Where it was given one, this comes to its end as well.
        ended.wait(10)
        return case.plan

    world.model.add(Rule("change_set", slowly))
    issues = [world.repo.file_issue(f"Change {number}", BODY, by=OWNER) for number in (1, 2)]
    for issue in issues:
        world.repo.label(issue, "blueprint", by=OWNER)
    world.github.flush()
    while world.drainer.hand_over():
        pass

    def work(issue: int) -> None:
        with _worker(world, watched) as (flow, ledger):
            flow.build(world.run(issue).run_id)
            if ledger.run(world.run(issue).run_id).state is RunState.STOPPED_BUDGET:  # type: ignore[union-attr]
                ended.set()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, issues))
    return issues


@contextmanager
def _worker(world: World, watched: Watched) -> Iterator[tuple[Any, Ledger]]:
    """Another worker on the same database, with connections and an engine of its own."""
    ledger = Ledger.open(world.settings.ledger_url, world.clock)
    watched.watch(ledger)
    services = build_services(world.settings, ledger=ledger, clock=world.clock, engine=InlineEngine(world.clock))
    try:
        yield build_flow(services, lambda _name, act: act()), ledger
    finally:
        services.git.close()
        ledger.close()


def _figures(world: World, case: Case, issues: list[int], watched: Watched) -> Figures:
    runs = [world.run(issue) for issue in issues]
    spent = world.ledger.spent(runs[0].run_id, runs[0].repository_id, world.clock.now())
    # What the server really read and wrote, whatever it states: a dollar for a million tokens where there is a price.
    read = sum(world.model.count(asked.text) for asked in world.model.requests)
    wrote = len(world.asked("change_set")) * world.model.count(str(case.plan.content or ""))
    real = float(read + wrote)
    return Figures(
        case=case.name,
        unit=case.unit,
        cap=case.cap,
        reserved=watched.reserved,
        counted=float(getattr(spent, f"{case.scope}_{case.unit}")),
        real=real if case.unit == "tokens" else real / 1_000_000,
        calls=len(world.model.requests),
        ends=tuple(run.state for run in runs),
        refused=watched.refused,
        most=watched.most,
    )
