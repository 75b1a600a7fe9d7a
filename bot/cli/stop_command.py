"""`cadence stop`: stops a run, or every run of a repository, through the ledger alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.errors import WrongUse

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ledger.entries import RunEntry
    from bot.ledger.ledger import Ledger

_TARGET = re.compile(r"(?P<repository>[^/\s#]+/[^/\s#]+?)(?:#(?P<number>[1-9][0-9]*))?")
REASON = "`cadence stop` by the operator"


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that was stopped; `in_flight` effects had begun before and may still end on GitHub."""

    run: str
    repository: str
    issue: int
    pull: int | None
    in_flight: int


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("stop")(stop)


def stop(
    target: Annotated[str, typer.Argument(metavar="OWNER/REPO[#N]", help="A repository, or an issue or pull request.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Stop the unfinished runs of a repository, or of one issue. No new effect begins after this command returns.

    Needs only the ledger, so it works while GitHub or the service is down. A running service confirms each stop on its
    issue. `/cadence resume` continues a run. Exit codes: 0 stopped, 1 nothing was going on, 2 wrong use.
    """
    from bot.core.clock import SystemClock
    from bot.ledger.open import open_ledger
    from bot.settings import Settings

    repository, number = parse_target(target)
    found = stop_in(open_ledger(Settings.load()), repository, number, SystemClock().now())
    if as_json:
        rows = [{name: getattr(one, name) for name in Stopped.__dataclass_fields__} for one in found]
        typer.echo(json.dumps(rows, indent=2))
    for one in found if not as_json else ():
        rest = f"; {one.in_flight} effect(s) in flight end first" if one.in_flight else ""
        typer.echo(f"stopped {one.run}: {one.repository}#{one.issue}{rest}")
    if not found:
        typer.echo(f"cadence: no unfinished run in {target}. `cadence runs` lists all.", err=True)
        raise typer.Exit(1)


def parse_target(target: str) -> tuple[str, int | None]:
    """(`owner/repo`, number) of `OWNER/REPO[#N]`. Raises WrongUse."""
    match = _TARGET.fullmatch(target.strip())
    if match is None:
        raise WrongUse(f"{target!r} is not OWNER/REPO or OWNER/REPO#N")
    return match["repository"], int(match["number"]) if match["number"] else None


def stop_in(ledger: Ledger, repository: str, number: int | None, now: datetime) -> list[Stopped]:
    """Stop every unfinished run there; a merged one, which is only watched, goes on."""
    from bot.core.states import RunState

    stopped = []
    for run in ledger.unfinished_runs():
        if not _is_meant(run, repository, number) or run.merge_sha:
            continue
        if ledger.end_run(run.run_id, RunState.STOPPED, reason=REASON, by="operator"):
            in_flight = ledger.open_leases(run.run_id, now, timedelta(0))
            stopped.append(Stopped(run.run_id, run.repository, int(run.issue), run.pull, in_flight))
    return stopped


def _is_meant(run: RunEntry, repository: str, number: int | None) -> bool:
    # GitHub's names of repositories are the same in upper and lower case.
    return run.repository.casefold() == repository.casefold() and number in (None, run.issue, run.pull)
