"""`cadence explain`: the gate's whole answer for one pull request in a terminal, and what it would be if."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.core.errors import WrongUse

if TYPE_CHECKING:
    from bot.core.names import HeadSha, PullNumber, RepositoryId, RunId
    from bot.flow.context import RunContext
    from bot.flow.services import Services
    from bot.gate.reasons import Decision, Reason
    from bot.gate.snapshot import Snapshot

_TARGET = re.compile(r"(?P<repository>[^/\s#]+/[^/\s#]+)#(?P<number>[1-9][0-9]*)")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("explain")(explain)


def explain(
    target: Annotated[str, typer.Argument(metavar="OWNER/REPO#N", help="A Cadence pull request, or its issue.")],
    what_if: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Suppose a fact: check=lint:success, approval=alice, draft=false, ..."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Say why a pull request does not merge, completely, without acting; --what-if supposes facts.

    Reads GitHub with the App's credentials and the local ledger. Exit codes: 0 answered, 1 failed, 2 wrong use.
    """
    from bot.app import build_services
    from bot.core.clock import SystemClock
    from bot.ledger.open import open_ledger
    from bot.llm.stub import AbsentModel
    from bot.settings import Settings

    repository, number = parse_target(target)
    settings, clock = Settings.load(), SystemClock()
    settings.require_github()
    ledger = open_ledger(settings)
    services = build_services(settings, ledger=ledger, clock=clock, engine=IdleEngine(), model=AbsentModel())
    typer.echo(answer(services, repository, number, what_if or (), as_json=as_json))


def parse_target(text: str) -> tuple[str, int]:
    """`owner/repo` and the number. Raises WrongUse for anything else."""
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise WrongUse(f"{text!r} is not OWNER/REPO#N.", remedy="For example: cadence explain octo/shop#12")
    return match["repository"], int(match["number"])


def answer(services: Services, repository: str, number: int, wishes: Sequence[str], *, as_json: bool) -> str:
    """The decision as text or JSON. Raises CadenceError where GitHub or the ledger cannot tell."""
    from bot.core.errors import CadenceError
    from bot.flow.context import RunContext

    run = services.ledger.run_named(repository, number)
    if run is None:
        raise CadenceError(
            f"{repository}#{number} is not a Cadence pull request or blueprint in this ledger.",
            code="run.unknown",
            remedy="`cadence runs` lists what there is; CADENCE_DATABASE_URL and CADENCE_DATA_DIR say where.",
        )
    if run.pull is None:
        told = f": {run.reason}" if run.reason else ""
        if as_json:
            return json.dumps({"repository": run.repository, "run": run.run_id, "state": run.state, "pull": None})
        return f"Run {run.run_id} has no pull request yet; it is {run.state}{told}"
    context = RunContext(services, run.run_id)
    with context.log_context():
        snapshot, decision = _looked(context, wishes)
    if as_json:
        return json.dumps(_as_json(context, snapshot, decision, wishes), indent=2)
    return _as_text(context, snapshot, decision, wishes)


def _looked(context: RunContext, wishes: Sequence[str]) -> tuple[Snapshot, Decision]:
    from bot.core.names import TRIGGER_LABEL
    from bot.flow.gate.look import judged, look
    from bot.gate.whatif import suppose

    seen, decision = look(context)
    if not wishes:
        return seen.snapshot, decision
    config = seen.loaded.config if seen.loaded else None
    trigger = config.trigger.label if config else TRIGGER_LABEL
    supposed = replace(seen, snapshot=suppose(seen.snapshot, wishes, trigger=trigger))
    return supposed.snapshot, judged(context, supposed)


def _as_text(context: RunContext, snapshot: Snapshot, decision: Decision, wishes: Sequence[str]) -> str:
    from bot.gate.explain import plain

    first = f"{context.run.repository}#{snapshot.pull}  run {context.run.run_id}"
    lines = [first, f"head {snapshot.head} on base tip {snapshot.base_tip or 'unknown'}"]
    lines += [f"supposing {wish}" for wish in wishes]
    return "\n".join([*lines, plain(decision)])


def _as_json(context: RunContext, snapshot: Snapshot, decision: Decision, wishes: Sequence[str]) -> dict[str, Any]:
    from bot.gate.explain import merges_when, title_of
    from bot.gate.reasons import Done

    until: datetime | None = getattr(decision, "until", None)
    notes: Sequence[Reason] = () if isinstance(decision, Done) else decision.notes
    return {
        "repository": context.run.repository,
        "pull": snapshot.pull,
        "run": context.run.run_id,
        "head": snapshot.head,
        "base_tip": snapshot.base_tip,
        "supposed": list(wishes),
        "decision": type(decision).__name__.lower(),
        "title": title_of(decision),
        "reasons": [asdict(reason) for reason in decision.reasons],
        "notes": [asdict(note) for note in notes],
        "passed": [] if isinstance(decision, Done) else list(decision.passed),
        "until": until.isoformat() if until else None,
        "merges_when": merges_when(decision),
    }


class IdleEngine:
    """An engine that starts nothing: whoever only asks must not act."""

    def start_build(self, run_id: RunId, key: str, *, delay: float = 0.0) -> None:
        """Nothing."""

    def restart_build(self, run_id: RunId) -> None:
        """Nothing."""

    def start_review(
        self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int] | None = None, *, base_tip: str = ""
    ) -> None:
        """Nothing."""

    def tick(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        """Nothing."""

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber, *, at: datetime | None = None) -> None:
        """Nothing."""

    def start_errand(
        self, name: str, installation_id: int, key: str, arguments: Sequence[str | int], *, delay: float = 0.0
    ) -> None:
        """Nothing."""

    def purge(self) -> int:
        """Nothing."""
        return 0
