"""`cadence selftest reviewers`: how many known defects the reviewers find, and their false-positive rate.

`cadence selftest planner` is in selftest_planner.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.selftest_planner import planner
from bot.llm.model import ModelKind
from bot.review.review_kinds import ReviewKind

if TYPE_CHECKING:
    from bot.review.selftest.runner import SelfTest
    from bot.review.selftest.score import SeedOutcome, SelfTestScore
    from bot.review.selftest.seeds import Seed
    from bot.settings import Settings

ASKED = (ModelKind.REASONING, ModelKind.EFFICIENCY)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    selftest = typer.Typer(help="Measure the configured models: as reviewers and as planner.", no_args_is_help=True)
    selftest.callback()(_group)
    selftest.command("reviewers")(reviewers)
    selftest.command("planner")(planner)
    app.add_typer(selftest, name="selftest")


def _group() -> None:
    """Measure the configured models: as reviewers and as planner."""


def reviewers(
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model to ask, instead of the configured ones.")
    ] = None,
    kind: Annotated[ReviewKind | None, typer.Option(help="Only that reviewer; both if not given.")] = None,
    samples: Annotated[int, typer.Option(min=1, max=100, help="How often each change is reviewed.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Count how many known defects the reviewers find, and how many correct changes they reject.

    Asks the configured model (OPENAI_API_KEY, OPENAI_BASE_URL, CADENCE_MODEL_*) about 20 times for each reviewer.
    The result is stored in CADENCE_DATA_DIR and shown in every later verdict by that model.

    Exit codes: 0 measured, 1 no usable answers, 2 wrong use.
    """
    from bot.core.clock import SystemClock
    from bot.review.measured import keep_figures
    from bot.review.selftest.packaged import packaged_seeds
    from bot.settings import Settings

    settings, clock = Settings.load(), SystemClock()
    seeds = packaged_seeds()
    measured: list[tuple[SelfTestScore, list[SeedOutcome]]] = []
    with _asking(settings, model) as test:
        for each in [kind] if kind else list(ReviewKind):
            measured.append(_measured(test, each, seeds, samples))
    today = clock.now().date()
    # A result without one usable answer would replace a real measurement.
    for score, _ in measured:
        if score.usable:
            keep_figures(settings.data_dir, score.kind, score.model, score.line(today))
    typer.echo(_json(measured, today) if as_json else _text([score for score, _ in measured], today))
    raise typer.Exit(0 if all(score.usable for score, _ in measured) else 1)


@contextmanager
def _asking(settings: Settings, name: str | None) -> Iterator[SelfTest]:
    """A self test with the reviewers and the configured model. Raises SettingsInvalid without a key."""
    from bot.cli.selftest_model import configured_model
    from bot.core.clock import SystemClock
    from bot.effects.perform import Effects
    from bot.llm.counting import count_tokens
    from bot.review.measured import UNMEASURED
    from bot.review.reviewer import Judge
    from bot.review.selftest.memory import MemoryEffects
    from bot.review.selftest.runner import SelfTest

    clock = SystemClock()
    model = configured_model(settings, name, ASKED)
    try:
        # An earlier result says nothing here, and nothing is written on GitHub, so no write has to wait.
        judge = Judge(count_tokens=count_tokens, measured=lambda _kind, _model: UNMEASURED)
        yield SelfTest(judge, model, Effects(MemoryEffects(), clock, write_interval_ms=0), clock)
    finally:
        model.close()


def _measured(
    test: SelfTest, kind: ReviewKind, seeds: Sequence[Seed], samples: int
) -> tuple[SelfTestScore, list[SeedOutcome]]:
    """Review every seed that concerns a kind; prints a line of progress for each on standard error."""
    from bot.review.selftest.score import score_of

    total = samples * sum(kind in seed.reviewers for seed in seeds)
    outcomes: list[SeedOutcome] = []
    for outcome in test.run(kind, seeds, samples=samples):
        outcomes.append(outcome)
        planted = outcome.defect or "clean"
        # Progress goes to standard error, so that --json prints only JSON.
        typer.echo(f"{kind} {len(outcomes)}/{total}  {outcome.result:<11}  {outcome.seed} ({planted})", err=True)
    return score_of(kind, outcomes), outcomes


def _text(scores: Sequence[SelfTestScore], today: date) -> str:
    """The table, and below it the seeds with a wrong or unusable verdict."""
    rows = [("review", "model", "seeds", "caught", "false alarms", "unreadable")]
    for score in scores:
        seeds = score.defects + score.clean
        caught, alarms = f"{score.caught} of {score.defects}", f"{len(score.false_alarms)} of {score.clean}"
        rows.append((score.kind.value, score.model or "-", str(seeds), caught, alarms, str(len(score.unreadable))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for score in scores:
        kept = "no usable answers; the earlier result is kept"
        lines += ["", f"{score.kind}: {score.line(today) if score.usable else kept}"]
        named = (("missed", score.missed), ("false alarms", score.false_alarms), ("unreadable", score.unreadable))
        lines += [f"  {what}: {'; '.join(dict.fromkeys(names))}" for what, names in named if names]
    return "\n".join(lines)


def _json(measured: Sequence[tuple[SelfTestScore, list[SeedOutcome]]], today: date) -> str:
    shown = [
        {
            "kind": score.kind.value,
            "model": score.model,
            "measured": score.line(today) if score.usable else None,
            "defects": score.defects,
            "caught": score.caught,
            "missed": list(score.missed),
            "clean": score.clean,
            "false_alarms": list(score.false_alarms),
            "unreadable": list(score.unreadable),
            "outcomes": [
                {"seed": row.seed, "defect": row.defect or None, "result": row.result.value, "why": row.why}
                for row in outcomes
            ],
        }
        for score, outcomes in measured
    ]
    return json.dumps({"date": today.isoformat(), "reviewers": shown}, indent=2, ensure_ascii=False)
