"""One issue, planned on one commit of a repository of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from bot.app import build_model
from bot.cli.context_text import context_table
from bot.cli.evaluate import Evaluated, build
from bot.cli.local_model import LocalModel
from bot.cli.plan_progress import PlanProgress
from bot.cli.plan_text import PlanOutcome
from bot.config.load import read_config
from bot.core.clock import Clock, SystemClock
from bot.core.errors import WrongUse
from bot.core.findings import Finding
from bot.core.names import CONFIG_PATH, CommitSha, RunId
from bot.git_store.local import LocalRepository
from bot.git_store.work_tree import write_changes
from bot.llm.counting import count_tokens
from bot.llm.model import LanguageModel, ModelKind, Prompt
from bot.plan.blueprint import read_blueprint
from bot.plan.context.pack import ContextPack
from bot.plan.explore.values import limits_of
from bot.plan.measured_form import plan_form
from bot.plan.planner import Planner
from bot.plan.request import Planned, PlanRequest
from bot.plan.shown_files import shown_files
from bot.settings import Settings

LOCAL_RUN = RunId("local")


class LocalPlanning:
    """Plans one request. What happens is said on standard error."""

    def __init__(
        self,
        repository: LocalRepository,
        request: PlanRequest,
        model: LocalModel,
        progress: PlanProgress,
        clock: Clock,
    ) -> None:
        self.model = model
        self.shown: ContextPack | None = None
        self._repository = repository
        self._request = request
        self._progress = progress
        self._clock = clock
        self._planner = Planner(
            count_tokens=count_tokens, record_findings=self._tell_findings, record_context=self._note_context
        )

    def context(self) -> ContextPack:
        """What the model would be shown of the repository."""
        return self._pack

    def question(self) -> Prompt:
        """What the model would get. Raises WrongUse for an issue with its own ChangeSet."""
        if self._request.blueprint.change_set_json is not None:
            raise WrongUse(
                "The issue contains its own ChangeSet, so no model would get anything.",
                remedy="Take the `json cadence` block out, or plan without --show-prompt.",
            )
        return self._planner.question(self._request, self.context())

    def outcome(self) -> PlanOutcome:
        """The plan, checked by the guards, with its diff. Raises what `Planner.plan` and `LocalModel.ask` raise."""
        if self._request.blueprint.change_set_json is None:
            self.shown = self.context()
        planned = self._planner.plan(self._request, self.model.ask, context=self.shown)
        self._progress.note("guards", "accepted")
        return PlanOutcome(
            base=self._request.base,
            title=self._request.blueprint.title,
            planned=planned,
            patch=self._patch(planned),
            context=self.shown,
            totals=self.model.totals,
        )

    def must_have_work_tree(self) -> Path:
        """The folder of the checked-out files. Raises WrongUse for a bare repository."""
        if self._repository.work_tree is None:
            raise WrongUse("--apply needs a work tree, and this repository is bare.", remedy="Plan without --apply.")
        return self._repository.work_tree

    def apply(self, planned: Planned) -> Path:
        """Write the plan's changes into the work tree, and return its folder. Raises Refused `worktree.dirty`."""
        folder = self.must_have_work_tree()
        write_changes(folder, self._request.tree, planned.changes)
        return folder

    def tell_context(self) -> None:
        """Show the files that the model was shown, for a plan that was not made; nothing where it was not asked."""
        if self.shown is not None and self.model.totals.calls:
            table = context_table(shown_files(self.shown), self.shown.left_out)
            self._progress.note("shown", f"{self.shown.used_tokens:,} tokens of the repository:\n{table.rstrip()}")

    @cached_property
    def _pack(self) -> ContextPack:
        began = self._clock.monotonic()
        with self._progress.waiting("context", "indexing and ranking the repository's files"):
            pack = self._planner.context(self._request)
        count, seconds = len(pack.shown_paths()), self._clock.monotonic() - began
        files = f"{count} file{'' if count == 1 else 's'}"
        tokens = f"{pack.used_tokens:,} of {pack.budget:,} tokens"
        self._progress.note("context", f"{files}, {tokens} ({seconds:.1f} s)")
        return pack

    def _note_context(self, run: RunId, pack: ContextPack) -> None:  # noqa: ARG002 - there is one plan only
        self.shown = pack

    def _tell_findings(self, run: RunId, attempt: int, found: Sequence[Finding]) -> None:  # noqa: ARG002
        for one in found:
            place = f" {one.path}" + (f":{one.line}" if one.line else "") if one.path else ""
            first, _, _ = one.message.partition("\n")
            self._progress.note("guards", f"attempt {attempt}: {one.code}{place}: {first}")

    def _patch(self, planned: Planned) -> str:
        evaluated = Evaluated(self._request.base, True, planned.change_set, planned.changes, planned.findings)
        with self._repository.scratch() as scratch:
            commit = build(evaluated, self._repository, scratch)
            return scratch.diff(self._request.base, commit)


@contextmanager
def open_planning(repo: Path, revision: str, title: str, body: str, *, budget: int | None) -> Iterator[LocalPlanning]:
    """Open the repository and the model for one issue; both are closed afterwards.

    Raises WrongUse for what is not a repository or a commit, SettingsInvalid and ConfigInvalid.
    """
    settings, clock, progress = Settings.load(), SystemClock(), PlanProgress()
    repository = LocalRepository.open(repo)
    model = _model(settings, clock)
    try:
        base = repository.commit(revision)
        tree = repository.mirror.tree(base)
        # The config at the base: a change must not loosen the rules that it is planned by.
        config = read_config(repository.mirror.read_file(base, CONFIG_PATH)).require_config()
        progress.note("reading", f"{len(tree.files()):,} files at {_named(base, revision)}")
        request = PlanRequest(
            run=LOCAL_RUN,
            blueprint=read_blueprint(title, body),
            guidance="",
            base=base,
            tree=tree,
            config=config,
            token_budget=budget or settings.context_budget(config.plan.context_tokens),
            form=plan_form(settings, settings.data_dir),
            search=repository.mirror.search(base),
            explore=limits_of(config.plan.explore, calls=settings.explore_calls, rounds=settings.explore_rounds),
            recent=tuple(repository.mirror.recent_paths(base)),
            index_path=_index_path(settings.data_dir, repository.identity),
        )
        local = LocalModel(
            model,
            prices=settings.prices(),
            caps=(settings.caps(), config.budget),
            count_tokens=count_tokens,
            clock=clock,
            progress=progress,
        )
        yield LocalPlanning(repository, request, local, progress, clock)
    finally:
        if model is not None:
            model.close()
        repository.close()


def _named(base: CommitSha, revision: str) -> str:
    # A revision such as HEAD moves, so the commit that it names now is shown with it.
    return base[:12] if base.startswith(revision) else f"{base[:12]} ({revision})"


def _model(settings: Settings, clock: Clock) -> LanguageModel | None:
    if settings.model_server(ModelKind.PLAN) is None:
        return None
    return build_model(settings, clock)


def _index_path(data_dir: Path, identity: str) -> Path | None:
    """The index's file in the data directory; None, for an index in memory, where that cannot be written."""
    folder = data_dir / "context"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The default data directory lies in the current folder, which may be the repository itself.
        (data_dir / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError:
        return None
    return folder / f"local-{identity}.sqlite"
