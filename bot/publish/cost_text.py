"""What a run was expected to use and what it used, in words: for the status comment, the pull request and terminals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.ledger.entries import EstimateEntry
from bot.plan.estimate import LEAST_RUNS, PhaseUse

_NAMES = {"plan": "plan", "reasoning": "reasoning review", "efficiency": "efficiency review"}
_LEAST = 0.0001
"""Smaller amounts of money are not spelt out."""


def expected_text(entry: EstimateEntry) -> str:
    """What is expected up to the pull request, in one line: money or tokens, time, files, and what it comes from."""
    tokens = _tokens(entry)
    parts = [f"{price_text(entry)} ({tokens})" if entry.cost is not None else tokens]
    parts.append(_span(duration(entry.seconds_low), duration(entry.seconds_high)))
    parts.append(_files(entry))
    what = "" if entry.planned else " only for the reviews, because the issue gives the ChangeSet;"
    return f"{', '.join(parts)};{what} {basis_text(entry)}"


def price_text(entry: EstimateEntry) -> str:
    """The expected range in dollars, or in tokens where a model has no price."""
    if entry.cost_low is None or entry.cost_high is None:
        return _tokens(entry)
    return _span(dollars(entry.cost_low), dollars(entry.cost_high))


def basis_text(entry: EstimateEntry) -> str:
    """What an estimate comes from."""
    here, elsewhere = _runs(entry.runs_here), _runs(entry.runs_elsewhere)
    known = entry.runs_here + entry.runs_elsewhere
    # Default figures take the place of the runs that are missing (bot/plan/estimate.py).
    rest = " and default figures" if 0 < known < LEAST_RUNS else ""
    if entry.runs_here:
        return f"from {here} here" + (f" and {elsewhere} in other repositories" if entry.runs_elsewhere else "") + rest
    if entry.runs_elsewhere:
        return f"no runs here yet, so from {elsewhere} in other repositories{rest}"
    return "no runs here yet, so from default figures"


def outcome_text(entry: EstimateEntry) -> str:
    """What was expected and what was used up to the pull request, with the error; empty while that is not known."""
    if entry.ended_at is None or entry.used_tokens is None:
        return ""
    if entry.cost is not None and entry.used_cost is not None:
        used, expected = dollars(entry.used_cost), price_text(entry)
    else:
        used, expected = f"{entry.used_tokens:,} tokens", _tokens(entry)
    text = f"{used}; the estimate was {expected}"
    if entry.error is None:
        return text
    return f"{text} ({entry.error:.2g} times its middle)"


def receipt_table(phases: Sequence[PhaseUse]) -> str:
    """Markdown: what each phase used, and all of them together; empty without a call."""
    if not phases:
        return ""
    rows = [_row(f"{_NAMES.get(one.phase, one.phase)}{_calls(one)}", one) for one in phases]
    if len(phases) > 1:
        rows.append(_row("in all", total(phases)))
    return "\n".join(["| phase | tokens in | tokens out | cost | time |", "|---|---|---|---|---|", *rows])


def receipt_text(phases: Sequence[PhaseUse], expected: EstimateEntry | None) -> str:
    """Markdown: the table of the phases, and below it what was expected; empty without a call."""
    table = receipt_table(phases)
    outcome = outcome_text(expected) if expected is not None else ""
    if not table or expected is None or not outcome:
        return table
    return f"{table}\n\nUp to this pull request: {outcome}. Basis of the estimate: {basis_text(expected)}."


def receipt_lines(phases: Sequence[PhaseUse]) -> list[tuple[str, str]]:
    """(phase, what it used) of each phase, for a terminal."""
    return [
        (
            _NAMES.get(one.phase, one.phase),
            f"{one.input_tokens:,} in, {one.output_tokens:,} out, {_money(one)}, {duration(one.seconds)}{_calls(one)}",
        )
        for one in phases
    ]


def total(phases: Sequence[PhaseUse]) -> PhaseUse:
    """All phases together; the cost is None where one has none."""
    costs = [one.cost for one in phases if one.cost is not None]
    return PhaseUse(
        phase="in all",
        calls=sum(one.calls for one in phases),
        input_tokens=sum(one.input_tokens for one in phases),
        output_tokens=sum(one.output_tokens for one in phases),
        cost=sum(costs) if len(costs) == len(phases) else None,
        seconds=sum(one.seconds for one in phases),
    )


def dollars(amount: float) -> str:
    """US dollars with at least two decimals, and two figures of a small amount: $1.20, $0.043, $0.0061."""
    if 0 < amount < _LEAST:
        return f"less than ${_LEAST}"
    decimals = 2 if amount <= 0 else max(2, 1 - math.floor(math.log10(amount)))
    return f"${amount:,.{decimals}f}"


def duration(seconds: float) -> str:
    """Seconds up to a minute and a half, then minutes, then hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _row(name: str, one: PhaseUse) -> str:
    figures = (f"{one.input_tokens:,}", f"{one.output_tokens:,}", _money(one), duration(one.seconds))
    return f"| {name} | {' | '.join(figures)} |"


def _calls(one: PhaseUse) -> str:
    word = "attempts" if one.phase == "plan" else "calls"
    return f" ({one.calls} {word})" if one.calls > 1 else ""


def _money(one: PhaseUse) -> str:
    return "no price" if one.cost is None else dollars(one.cost)


def _tokens(entry: EstimateEntry) -> str:
    return f"{_round(entry.tokens_low):,} to {_round(entry.tokens_high):,} tokens"


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _files(entry: EstimateEntry) -> str:
    low, high = max(1, math.floor(entry.files_low)), max(1, math.ceil(entry.files_high))
    return f"{low} to {high} files" if low < high else f"{low} file{'s' if low > 1 else ''}"


def _runs(number: int) -> str:
    return f"{number} earlier run{'s' if number != 1 else ''}"


def _round(amount: float) -> int:
    """Two figures: more would look exact."""
    if amount < 10:
        return round(amount)
    return int(round(amount, 1 - math.floor(math.log10(amount))))
