"""`cadence replay`: plans and reviews a recorded run again, with the network off."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bot.core.errors import CadenceError

SHOWN_LINES = 12


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("replay")(replay)


def replay(
    run: Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")],
    whole: Annotated[bool, typer.Option("--diff", help="Print every difference in full.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Plan and review a run again from its recorded answers, and say what differs. Asks no model and no GitHub.

    A difference means that the code, a prompt or a setting has changed since the run was recorded. Changes nothing.
    Exit codes: 0 everything is the same byte for byte, 1 something differs or nothing is recorded, 2 wrong use.
    """
    from bot.cli.runs_text import known_run
    from bot.flow.replay import Replay
    from bot.git_store.store import GitStore
    from bot.ledger.open import open_ledger
    from bot.llm.counting import count_tokens
    from bot.settings import Settings

    settings = Settings.load()
    ledger = open_ledger(settings)
    entry = known_run(ledger, run)
    git = GitStore(settings.data_dir / "mirrors", web=settings.github_url)
    same = True
    rows = []
    for stage in Replay(ledger, git.mirror(entry.repository_id), entry.run_id, count_tokens).stages():
        same = same and stage.same
        rows.append(
            {"stage": stage.stage, "questions": stage.questions, "same": stage.same, "difference": stage.difference}
        )
        if not as_json:
            asked = f"{stage.questions} recorded answer{'' if stage.questions == 1 else 's'}"
            typer.echo(f"{'same     ' if stage.same else 'different'}  {stage.stage} ({asked})")
            typer.echo(_shown(stage.difference, whole=whole), nl=False)
    if as_json:
        typer.echo(json.dumps({"run": entry.run_id, "same": same, "stages": rows}, indent=2, ensure_ascii=False))
    if not same:
        number = sum(not row["same"] for row in rows)
        raise CadenceError(
            f"{number} of {len(rows)} stages {'is' if number == 1 else 'are'} not the same as when the run was made.",
            code="replay.differs",
            remedy="Code, prompts or settings have changed since: read what differs with --diff.",
        )


def _shown(difference: str, *, whole: bool) -> str:
    """The difference, indented; cut unless it is wanted whole."""
    lines = difference.split("\n") if difference else []
    kept = lines if whole else lines[:SHOWN_LINES]
    more = [f"... {len(lines) - len(kept)} more lines: see them with --diff"] if len(kept) < len(lines) else []
    return "".join(f"    {line}\n" for line in [*kept, *more])
