"""`cadence selftest reviewers`: how many known defects the reviewers find, and their false-positive rate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.errors import SettingsInvalid
from bot.review.kinds import ReviewKind

if TYPE_CHECKING:
    from bot.llm.openai_model import OpenAIModel
    from bot.review.selftest.runner import SelfTest
    from bot.review.selftest.score import Figures, Outcome
    from bot.review.selftest.seeds import Seed
    from bot.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    selftest = typer.Typer(help="Measure Cadence itself.", no_args_is_help=True)
    # A group of one command would otherwise swallow the command's name.
    selftest.callback()(_group)
    selftest.command("reviewers")(reviewers)
    app.add_typer(selftest, name="selftest")


def _group() -> None:
    """Measure Cadence itself."""


def reviewers(
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model to ask, instead of the configured ones.")
    ] = None,
    kind: Annotated[ReviewKind | None, typer.Option(help="Only that reviewer; both if not given.")] = None,
    samples: Annotated[int, typer.Option(min=1, max=100, help="How often each change is judged.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Plant known defects in clean changes and count what the reviewers catch, and what they reject without a reason.

    Uses the configured model (OPENAI_API_KEY, OPENAI_BASE_URL, CADENCE_MODEL_*), about 20 questions to each reviewer.
    The figures are kept in CADENCE_DATA_DIR and stand in every later verdict by that model.

    Exit codes: 0 measured, 1 nothing usable came back, 2 wrong use.
    """
    from bot.core.clock import SystemClock
    from bot.review.measured import keep_figures
    from bot.review.selftest.packaged import packaged_seeds
    from bot.settings import Settings

    settings, clock = Settings.load(), SystemClock()
    seeds = packaged_seeds()
    measured: list[tuple[Figures, list[Outcome]]] = []
    with _asking(settings, model) as test:
        for one in [kind] if kind else list(ReviewKind):
            measured.append(_measured(test, one, seeds, samples))
    today = clock.now().date()
    for figures, _ in measured:
        if figures.usable:
            keep_figures(settings.data_dir, figures.kind, figures.model, figures.told(today))
    typer.echo(_json(measured, today) if as_json else _text([figures for figures, _ in measured], today))
    raise typer.Exit(0 if all(figures.usable for figures, _ in measured) else 1)


@contextmanager
def _asking(settings: Settings, name: str | None) -> Iterator[SelfTest]:
    """The self test with the real judge and the configured model. Raises SettingsInvalid without a key."""
    from bot.core.clock import SystemClock
    from bot.effects.perform import Effects
    from bot.llm.counting import count_tokens
    from bot.review.measured import UNMEASURED
    from bot.review.reviewer import Judge
    from bot.review.selftest.memory import MemoryEffects
    from bot.review.selftest.runner import SelfTest

    clock = SystemClock()
    asked = _model(settings, name)
    try:
        judge = Judge(count_tokens=count_tokens, measured=lambda _kind, _model: UNMEASURED)
        yield SelfTest(judge, asked, Effects(MemoryEffects(), clock, write_interval_ms=0), clock)
    finally:
        asked.close()


def _model(settings: Settings, name: str | None) -> OpenAIModel:
    from bot.core.clock import SystemClock
    from bot.llm.model import ModelKind
    from bot.llm.openai_model import OpenAIModel

    if settings.openai_api_key is None:
        raise SettingsInvalid(
            "OPENAI_API_KEY is needed: there is no model to measure.",
            remedy="Set it, and OPENAI_BASE_URL for another server; deploy/example.env explains both.",
        )
    return OpenAIModel(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
        names=dict.fromkeys(ModelKind, name) if name else settings.model_names(),
        clock=SystemClock(),
    )


def _measured(test: SelfTest, kind: ReviewKind, seeds: Sequence[Seed], samples: int) -> tuple[Figures, list[Outcome]]:
    """Judge everything that concerns a kind, with a line of progress for each."""
    from bot.review.selftest.score import figures_of

    total = samples * sum(kind in seed.reviewers for seed in seeds)
    outcomes: list[Outcome] = []
    for outcome in test.run(kind, seeds, samples=samples):
        outcomes.append(outcome)
        planted = outcome.defect or "clean"
        typer.echo(f"{kind} {len(outcomes)}/{total}  {outcome.result:<11}  {outcome.seed} ({planted})", err=True)
    return figures_of(kind, outcomes), outcomes


def _text(measured: Sequence[Figures], today: date) -> str:
    """The table, and below it what to read again."""
    rows = [("review", "model", "seeds", "caught", "false alarms", "unreadable")]
    for one in measured:
        seeds = one.defects + one.clean
        caught, alarms = f"{one.caught} of {one.defects}", f"{len(one.false_alarms)} of {one.clean}"
        rows.append((one.kind.value, one.model or "-", str(seeds), caught, alarms, str(len(one.unreadable))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for one in measured:
        lines += ["", f"{one.kind}: {_kept(one, today)}"]
        named = (("missed", one.missed), ("false alarms", one.false_alarms), ("unreadable", one.unreadable))
        lines += [f"  {what}: {'; '.join(dict.fromkeys(names))}" for what, names in named if names]
    return "\n".join(lines)


def _kept(figures: Figures, today: date) -> str:
    if not figures.usable:
        return "nothing usable came back, so it stays as it was measured before"
    return figures.told(today)


def _json(measured: Sequence[tuple[Figures, list[Outcome]]], today: date) -> str:
    shown = [
        {
            "kind": figures.kind.value,
            "model": figures.model,
            "measured": figures.told(today) if figures.usable else None,
            "defects": figures.defects,
            "caught": figures.caught,
            "missed": list(figures.missed),
            "clean": figures.clean,
            "false_alarms": list(figures.false_alarms),
            "unreadable": list(figures.unreadable),
            "outcomes": [
                {"seed": one.seed, "defect": one.defect or None, "result": one.result.value, "why": one.why}
                for one in outcomes
            ],
        }
        for figures, outcomes in measured
    ]
    return json.dumps({"date": today.isoformat(), "reviewers": shown}, indent=2, ensure_ascii=False)
