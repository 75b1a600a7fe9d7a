"""From a blueprint to a ChangeSet that applies: the blueprint's own, or a model's after it looked around."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.changeset.normalise import normalise
from bot.changeset.rejected import ChangeSetRejected
from bot.core.errors import Refused
from bot.core.escape import code_span
from bot.core.globs import matching
from bot.llm.model import Message, Prompt
from bot.plan.answer.definitions import definitions_of
from bot.plan.context.building import build_context
from bot.plan.context.pack import ContextPack
from bot.plan.context.paths import readable
from bot.plan.editing import Editing, change_set_attempt, refusal
from bot.plan.estimate import Task
from bot.plan.explore.citations import Citation
from bot.plan.explore.cited import cost_of, needed, widened, with_cited
from bot.plan.explore.explore_prompt import explore_messages
from bot.plan.explore.explorer import ANSWER_TOKENS, Explored, explore
from bot.plan.explore.looking import RepositoryLook
from bot.plan.plan_prompt import plan_question
from bot.plan.request import Ask, Planned, PlanRequest, RecordContext, RecordFindings, RecordLooks

CITED_SHARE = 0.5
"""Of the budget: what was cited, and what an editor asked for, takes at most so much of it."""


class Planner:
    """Makes plans. Asks the model only through the function it is given, which goes through the effect gateway."""

    def __init__(
        self,
        *,
        count_tokens: Callable[[str], int],
        record_findings: RecordFindings,
        record_context: RecordContext,
        record_looks: RecordLooks = lambda _run, _looks: None,
    ) -> None:
        self._count = count_tokens
        self._record_findings = record_findings
        self._record_context = record_context
        self._record_looks = record_looks
        self._last: tuple[object, ContextPack] | None = None

    def task(self, request: PlanRequest) -> Task | None:
        """What is known of the plan before any model is asked; None where planning will refuse without asking one."""
        if request.blueprint.problems:
            return None
        raw = request.blueprint.change_set_json
        if raw is None:
            prompt = self.question(request, self.context(request))
            return Task(sum(map(self._count, prompt.texts())), planned=True)
        try:
            edits = normalise(raw).change_set.edits
        except ChangeSetRejected:
            return None
        return Task(self._count(raw), planned=False, files=len(edits))

    def plan(self, request: PlanRequest, ask: Ask, context: ContextPack | None = None) -> Planned:
        """A ChangeSet that applies to the base exactly. `context` is the request's own, where it is made already.

        Raises Refused with the first finding's code when the blueprint's own ChangeSet is not accepted or the model's
        is not accepted after two repairs, with `model.absent` when there is neither a model nor a ChangeSet, with
        `plan.empty` when the model returns no edits. ModelUnavailable passes through.
        """
        if request.blueprint.problems:
            raise Refused(
                request.blueprint.problems[0],
                code="contract.block",
                remedy="Keep exactly one fenced `json cadence` block at the top level of the issue's text.",
                details=request.blueprint.problems,
            )
        raw = request.blueprint.change_set_json
        if raw is None:
            return self._from_model(request, ask, context or self.context(request))
        attempt = change_set_attempt(request, raw, shown=None, number=1)
        if attempt.planned is None:
            self._record_findings(request.run, 1, attempt.findings)
            raise refusal(attempt.findings, "The issue's own ChangeSet was not accepted.")
        return attempt.planned

    def context(self, request: PlanRequest) -> ContextPack:
        """What Cadence itself shows the model of the repository for a request.

        The last one is kept, because it is needed twice: for the estimate and for the plan.
        """
        # The tree and the config follow from the base commit.
        key = (request.run, request.base, request.text, request.use_paths, request.token_budget, request.recent)
        last = self._last
        if last is not None and last[0] == key:
            return last[1]
        made = self._build(request, request.token_budget, request.use_paths)
        self._last = (key, made)
        return made

    def question(self, request: PlanRequest, context: ContextPack) -> Prompt:
        """The first prompt to the editor for a request."""
        return plan_question(request, context).prompt

    def _build(self, request: PlanRequest, budget: int, use_paths: Sequence[str]) -> ContextPack:
        return build_context(
            request.tree,
            request.text,
            budget=budget,
            count_tokens=self._count,
            always=request.config.plan.context_docs,
            use_paths=use_paths,
            base=request.base,
            recent=request.recent,
            index_path=request.index_path,
        )

    def _from_model(self, request: PlanRequest, ask: Ask, context: ContextPack) -> Planned:
        look = self._look(request)
        explored = self._explored(request, look, ask, context)
        if look is not None and explored.citations:
            context = self._with(request, look, (), explored.citations)
        # Before the editor is asked, so that a plan that is refused or empty shows what it was made from, too.
        self._record_context(request.run, context)

        def more(needs: Sequence[str]) -> ContextPack:
            paths, places = needed(needs, request.tree, look)
            pack = self._with(request, look, paths, (*places, *explored.citations))
            self._record_context(request.run, pack)
            return pack

        editing = Editing(request, context, ask, more, self._record_findings)
        planned = editing.planned(explored.answered)
        said = [planned.plan, *_unshown(editing.context, request)]
        return replace(planned, plan="\n".join(said), notes=(*planned.notes, *explored.notes))

    def _look(self, request: PlanRequest) -> RepositoryLook | None:
        """What can be looked up at the base; None where nothing can search it."""
        if request.search is None:
            return None
        return RepositoryLook(
            request.tree,
            request.search,
            may_show=readable,
            definitions=definitions_of,
            count_tokens=self._count,
            cap=ANSWER_TOKENS,
        )

    def _explored(self, request: PlanRequest, look: RepositoryLook | None, ask: Ask, context: ContextPack) -> Explored:
        if look is None:
            return Explored()
        messages: tuple[Message, ...] = explore_messages(request, context)
        explored = explore(messages, look, ask, request.explore)
        self._record_looks(request.run, explored.looks)
        return explored

    def _with(
        self, request: PlanRequest, look: RepositoryLook | None, paths: Sequence[str], places: Sequence[Citation]
    ) -> ContextPack:
        """The context with these files and places in it; the rest of the budget is for Cadence's own choice."""
        if look is None:
            return self._build(request, request.token_budget, (*request.use_paths, *paths))
        most = int(request.token_budget * CITED_SHARE)
        whole = widened(places, text_of=look.text_of, definitions=definitions_of)
        kept, cost = cost_of(whole, text_of=look.text_of, count_tokens=self._count, most=most)
        pack = self._build(request, request.token_budget - cost, (*request.use_paths, *paths))
        return with_cited(pack, kept, request.tree, text_of=look.text_of, count_tokens=self._count)


def _unshown(context: ContextPack, request: PlanRequest) -> Iterator[str]:
    """A note for each file of `plan.context_docs`, and of `/cadence use`, that the model did not get."""
    # Part of the plan and not a mistake of the config: a document may be renamed on the base. The plan is still useful
    # to its readers, who see which documents it was made without.
    asked, documents = request.use_paths, request.config.plan.context_docs
    for one in context.left_out:
        # `one.path` is the glob itself where no file matches it.
        by_person = one.path in asked or matching(asked, one.path)
        if by_person or one.path in documents or matching(documents, one.path):
            by = "`/cadence use`" if by_person else "`plan.context_docs`"
            yield f"{by}, {code_span(one.path)}: {one.message} (`{one.code}`)"
