"""`cadence explain`: why a pull request does not merge, also as if a fact were different (`--what-if`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from bot.core.errors import WrongUse

if TYPE_CHECKING:
    from bot.core.names import HeadSha, PullNumber, RepositoryId, RunId
    from bot.flow.context import RunContext
    from bot.flow.services import Services
    from bot.gate.reasons import Decision, Reason
    from bot.gate.snapshot import Snapshot

_TARGET = re.compile(r"(?P<repository>[^/\s#]+/[^/\s#]+)#(?P<number>[1-9][0-9]*)")
_PATH = re.compile(r"/(?P<repository>[^/\s]+/[^/\s]+)/(?:pull|issues)/(?P<number>[1-9][0-9]*)(?:/.*)?")
"""The path of a pull request's page, of its tabs (`/files`, `/commits`), or of an issue's page."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("explain")(explain)


def explain(
    target: Annotated[str, typer.Argument(metavar="OWNER/REPO#N|URL", help="A Cadence pull request or its issue.")],
    what_if: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Answer as if: check=lint:success, approval=alice, draft=false, ..."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """List every reason why a pull request does not merge. Changes nothing.

    Reads GitHub with the App's credentials, and the ledger. --what-if gives the answer as if a fact were different.
    Exit codes: 0 answered, 1 no answer (an error says why), 2 wrong use.
    """
    from bot.app import build_services
    from bot.core.clock import SystemClock
    from bot.ledger.open import open_ledger
    from bot.llm.stub import AbsentModel
    from bot.settings import Settings

    settings, clock = Settings.load(), SystemClock()
    # Before the credentials are needed: a wrong target is reported where nothing is configured, too.
    repository, number = parse_target(target, settings.github_url)
    settings.require_github()
    ledger = open_ledger(settings)
    # Explaining must not start a workflow and must not cost tokens, so both are stubs.
    services = build_services(settings, ledger=ledger, clock=clock, engine=IdleEngine(), model=AbsentModel())
    typer.echo(answer(services, repository, number, what_if or (), as_json=as_json))


def parse_target(text: str, github_url: str = "https://github.com") -> tuple[str, int]:
    """`owner/repo` and the number, from `owner/repo#7` or the URL of a pull request or issue on `github_url`.

    Raises WrongUse for anything else, and for a page of another server: a repository there may have the same name.
    """
    url = urlsplit(text.strip())
    if url.scheme in ("http", "https") and url.netloc != urlsplit(github_url).netloc:
        raise WrongUse(f"{text!r} is not on {github_url}.", remedy="CADENCE_GITHUB_URL says which GitHub is used.")
    match = _PATH.fullmatch(url.path) if url.scheme in ("http", "https") else _TARGET.fullmatch(text.strip())
    if match is None:
        raise WrongUse(
            f"{text!r} is not OWNER/REPO#N or the URL of a pull request.",
            remedy="For example: cadence explain octo/shop#12",
        )
    return match["repository"], int(match["number"])


def answer(services: Services, repository: str, number: int, wishes: Sequence[str], *, as_json: bool) -> str:
    """The gate's decision as text or JSON; `wishes` are `KEY=VALUE` of --what-if.

    Raises CadenceError `run.unknown` when the ledger does not know the number, GitHubError when GitHub cannot be read.
    """
    from bot.cli.runs_text import held_data, holds
    from bot.core.errors import CadenceError
    from bot.flow.context import RunContext

    run = services.ledger.run_named(repository, number)
    if run is None:
        raise CadenceError(
            f"{repository}#{number} is not a Cadence pull request or blueprint in this ledger.",
            code="run.unknown",
            remedy="`cadence runs` lists all runs; CADENCE_DATABASE_URL and CADENCE_DATA_DIR say which ledger is read.",
        )
    if run.pull is None:
        reason = f": {run.reason}" if run.reason else ""
        held = holds(services.ledger, [run]).get(run.run_id)
        if as_json:
            facts = {"repository": run.repository, "run": run.run_id, "state": run.state, "pull": None}
            return json.dumps(facts | {"held": held_data(held)}, default=datetime.isoformat)
        then = f"\nIts merge will wait: the hold was {held.hold_text()}" if held is not None else ""
        return f"Run {run.run_id} has no pull request yet; it is {run.state}{reason}{then}"
    context = RunContext(services, run.run_id)
    with context.log_context():
        snapshot, decision = _look(context, wishes)
    if as_json:
        return json.dumps(_as_json(context, snapshot, decision, wishes), indent=2)
    return _as_text(context, snapshot, decision, wishes)


def _look(context: RunContext, wishes: Sequence[str]) -> tuple[Snapshot, Decision]:
    from bot.core.names import TRIGGER_LABEL
    from bot.flow.gate.look import judged, look
    from bot.gate.whatif import suppose

    seen, decision = look(context)
    if not wishes:
        return seen.snapshot, decision
    config = seen.loaded.config if seen.loaded else None
    # The supposed label needs a name even while the config is invalid and gives none.
    trigger = config.trigger.label if config else TRIGGER_LABEL
    supposed = replace(seen, snapshot=suppose(seen.snapshot, wishes, trigger=trigger))
    return supposed.snapshot, judged(context, supposed)


def _as_text(context: RunContext, snapshot: Snapshot, decision: Decision, wishes: Sequence[str]) -> str:
    from bot.gate.explain import plain

    first = f"{context.run.repository}#{snapshot.pull}  run {context.run.run_id}, {context.run.state}"
    lines = [first, f"head {snapshot.head} on base tip {snapshot.base_tip or 'unknown'}"]
    lines += [f"supposing {wish}" for wish in wishes]
    return "\n".join([*lines, plain(decision)])


def _as_json(context: RunContext, snapshot: Snapshot, decision: Decision, wishes: Sequence[str]) -> dict[str, Any]:
    from bot.gate.explain import merges_when, title_of
    from bot.gate.reasons import Done

    # Only a decision to wait has a time.
    until: datetime | None = getattr(decision, "until", None)
    notes: Sequence[Reason] = () if isinstance(decision, Done) else decision.notes
    return {
        "repository": context.run.repository,
        "pull": snapshot.pull,
        "run": context.run.run_id,
        "state": context.run.state,
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
    """An engine that starts nothing, because `explain` only reads."""

    def start_build(self, run_id: RunId, key: str, *, delay: float = 0.0) -> None:
        """Does nothing."""

    def restart_build(self, run_id: RunId) -> None:
        """Does nothing."""

    def start_review(
        self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int] | None = None, *, base_tip: str = ""
    ) -> None:
        """Does nothing."""

    def tick(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        """Does nothing."""

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber, *, at: datetime | None = None) -> None:
        """Does nothing."""

    def start_errand(
        self, name: str, installation_id: int, key: str, arguments: Sequence[str | int], *, delay: float = 0.0
    ) -> None:
        """Does nothing."""

    def purge(self) -> int:
        """Does nothing."""
        return 0
