"""One current run: its row, its repository's calls, its mirror, and the few moves every stage makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, TypeVar

import structlog

from bot.changeset.model import ChangeSet
from bot.config.load import LoadedConfig, read_config
from bot.config.model import RepoConfig
from bot.core.errors import CadenceError
from bot.core.names import CONFIG_PATH, CommitSha, RunId
from bot.core.states import TERMINAL, RunState
from bot.flow.asking import ask_model
from bot.flow.services import Services
from bot.git_store.mirror import Mirror
from bot.github_api.client import RepositoryCalls
from bot.github_api.permissions import CONTENTS_READ
from bot.github_api.tokens import Permissions
from bot.ledger.entries import RunEntry, actor_of, ref_of
from bot.llm.model import Completion, Prompt
from bot.publish.status_comment_text import ApprovalAsked

log = structlog.get_logger("cadence.flow")
T = TypeVar("T")


class RunContext:
    """Work on one run. The row is read again after each change, so a stage never acts on a stale one."""

    def __init__(self, services: Services, run: RunId | RunEntry) -> None:
        """`run` is the run's id, or its row where that was read just now. Raises CadenceError `run.unknown`."""
        self.services = services
        self.run = run if isinstance(run, RunEntry) else self._read(run)
        self.actor = actor_of(self.run)
        self.ref = ref_of(self.run)

    @cached_property
    def calls(self) -> RepositoryCalls:
        """GitHub's API for the run's repository."""
        return self.services.github.at(self.ref)

    @cached_property
    def mirror(self) -> Mirror:
        """The bare mirror of the run's repository."""
        return self.services.git.mirror(self.run.repository_id)

    def _read(self, run_id: RunId) -> RunEntry:
        run = self.services.ledger.run(run_id)
        if run is None:
            raise CadenceError(f"run {run_id} is not in the ledger", code="run.unknown", remedy="See `cadence runs`.")
        return run

    def reload(self) -> RunEntry:
        """Read the row again."""
        self.run = self._read(self.run.run_id)
        return self.run

    def update(self, **fields: Any) -> RunEntry:
        """Write fields of the row."""
        self.services.ledger.update_run(self.run.run_id, **fields)
        return self.reload()

    def move(self, to: RunState, reason: str = "", *, by: str = "cadence") -> RunEntry:
        """Make a move of the state table; the same state with the same reason is not a move."""
        moved = self.services.ledger.move(self.run.run_id, to, reason=reason, by=by)
        if moved is not None:
            self._after_move(to, reason)
        return self.reload()

    def tell(
        self,
        *,
        state: RunState | None = None,
        next_step: str = "",
        details: tuple[str, ...] = (),
        asked: ApprovalAsked | None = None,
    ) -> bool:
        """Show the state of the run on the issue; False where GitHub did not take the comment.

        At the gate the first reason of the newest decision is shown. A comment that cannot be written never ends a
        run. Where it matters, for an end and for a question, the sweep writes it later (recovery/telling.py).
        """
        run, decision = self.run, None
        if run.state in (RunState.GATED, RunState.HELD) and state in (None, run.state):
            decision = self.services.ledger.newest_decision(run.run_id)
        try:
            self.services.status.tell(
                self.calls.issues,
                run,
                state=state,
                next_step=next_step,
                details=details,
                asked=asked,
                decision=decision,
            )
        except CadenceError as error:
            log.warning("status.untold", run=run.run_id, code=error.code, summary=error.summary)
            return False
        finally:
            self.reload()
        return True

    def tell_gate(self, next_step: str) -> None:
        """Show the newest decision on the issue, with what to do next; nothing while a new commit is being built."""
        if self.run.state in (RunState.GATED, RunState.HELD):
            self.tell(next_step=next_step)

    def go_on_to(self, to: RunState, reason: str = "") -> bool:
        """Make a move of the state table; False where the run was ended or held meanwhile, and so cannot make it."""
        try:
            self.move(to, reason)
        except CadenceError as error:
            if error.code == "state.move" and self.reload().state in TERMINAL | {RunState.HELD}:
                return False
            raise
        return True

    def finish(self, to: RunState, reason: str, *, by: str = "cadence") -> bool:
        """End the run; False where another worker ended it before, whose reason stays."""
        ended = self.services.ledger.end_run(self.run.run_id, to, reason=reason, by=by)
        if ended:
            self._after_move(to, reason)
        self.reload()
        return ended

    def _after_move(self, to: RunState, reason: str) -> None:
        log.info("run.moved", run=self.run.run_id, to=to.value, reason=reason)
        if to is RunState.STOPPED:
            book_stopped(self.services, self.run)

    def fetch(self, wanted: Sequence[str] | None = None, permissions: Permissions = CONTENTS_READ) -> None:
        """Bring the mirror up to date: everything, or only the refs and commits that are `wanted`.

        The token can only read this repository's contents, unless the caller names `permissions` that it holds a token
        for already.
        """
        url, mirror = self.services.github.urls.git(self.ref.name), self.mirror
        self.with_token(permissions, lambda token: mirror.fetch(url, token, wanted))

    def with_token(self, permissions: Permissions, act: Callable[[Callable[[], str]], T]) -> T:
        """Run a git operation with a token for this repository; see `GitHub.with_git_token`."""
        return self.services.github.with_git_token(self.ref, permissions, act)

    def config_at(self, commit: CommitSha) -> LoadedConfig:
        """The config at a commit of the mirror."""
        return read_config(self.mirror.read_file(commit, CONFIG_PATH))

    def base_config(self) -> RepoConfig:
        """The config at the commit that the run is built on. Raises ConfigInvalid."""
        return self.config_at(CommitSha(self.run.base_sha)).require_config()

    def change_set(self) -> ChangeSet:
        """The run's ChangeSet. Raises CadenceError `run.unknown` when the ledger does not hold it."""
        change_set = self.services.ledger.changeset(self.run.changeset_digest)
        if change_set is None:
            raise CadenceError(f"ChangeSet {self.run.changeset_digest} is not in the ledger", code="run.unknown")
        return change_set

    def ask(self, attempt: str = "") -> Callable[[Prompt], Completion]:
        """Ask the model through the effect gateway: the same prompt of the same run is answered from the ledger."""
        return lambda prompt: ask_model(self.services, self.actor, prompt, attempt)

    def log_context(self) -> AbstractContextManager[Any]:
        """Bind the run's id to everything logged and counted inside."""
        return structlog.contextvars.bound_contextvars(run=self.run.run_id, repository=self.run.repository)


def book_stopped(services: Services, run: RunEntry, number: int = 0, delay: float = 0.0) -> None:
    """Have the run's stop confirmed (recovery/stopped.py). The `number` counts the tries."""
    move = services.ledger.last_transition(run.run_id)
    arguments: list[str | int] = [run.run_id, move, number]
    key = f"{run.run_id}:{move}:{number}"
    services.engine.start_errand("stopped", int(run.installation_id), key, arguments, delay=delay)
