"""What a run's questions and stages look like in the ledger's recordings, written here and read by `cadence replay`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bot.changeset.guards.scrub import scrubbed
from bot.config.model import RepoConfig
from bot.core.errors import Refused
from bot.core.names import CommitSha, RunId, sha256
from bot.git_store.bare_repository import BareRepository
from bot.ledger.chain import canonical
from bot.ledger.entries import verdict_to_json
from bot.ledger.ledger import Ledger
from bot.llm.model import Prompt
from bot.plan.blueprint import Blueprint
from bot.plan.explore.values import Limits
from bot.plan.request import Planned, PlanRequest
from bot.review.review_kinds import EvidenceKey, ReviewKind, Verdict
from bot.review.reviewer import Ask, JudgeRequest


def scrubbed_prompt(prompt: Prompt) -> Prompt:
    """The prompt without the secrets in its texts: neither a model's server nor the ledger gets them."""
    return replace(prompt, messages=tuple(replace(m, content=scrubbed(m.content)) for m in prompt.messages))


def without_secrets(blueprint: Blueprint) -> Blueprint:
    """The blueprint as a model may see it. A ChangeSet in it stays, because it is checked and not sent."""
    # Not only in the prompt: its fence is a hash of these texts, and a replay starts from what was recorded of them.
    return replace(
        blueprint,
        title=scrubbed(blueprint.title),
        text=scrubbed(blueprint.text),
        acceptance=tuple(map(scrubbed, blueprint.acceptance)),
    )


def question_key(prompt: Prompt, attempt: str) -> str:
    """The natural key of a question's effect: equal questions of one attempt are one question."""
    return f"{prompt.kind}:{prompt.digest()[:32]}{attempt}"


def question_record(prompt: Prompt, asked: str) -> dict[str, Any]:
    """A question as JSON data; `asked` is the model's configured name."""
    return {"asked": asked, **asdict(prompt), "kind": prompt.kind.value, "schema": dict(prompt.schema)}


class PlanRecord:
    """Records one planning: what the planner was given, and the result."""

    def __init__(self, ledger: Ledger, request: PlanRequest, attempt: str) -> None:
        self._ledger = ledger
        self._run = request.run
        self._inputs = {
            "attempt": attempt,
            "blueprint": {
                **asdict(request.blueprint),
                "change_set_json": scrubbed(request.blueprint.change_set_json or ""),
            },
            "guidance": request.guidance,
            "base": request.base,
            "config": request.config.model_dump(mode="json"),
            "token_budget": request.token_budget,
            "use_paths": list(request.use_paths),
            "recent": list(request.recent),
            "form": request.form,
            "explore": asdict(request.explore) if request.search is not None else None,
        }

    def planned(self, planned: Planned) -> None:
        """Record a plan."""
        self._keep(plan_result(planned))

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Record a refusal that the planner raises inside, and let it pass."""
        try:
            yield
        except Refused as error:
            self._keep(refusal_result(error))
            raise

    def _keep(self, result: dict[str, Any]) -> None:
        key = f"{self._inputs['base']}{self._inputs['attempt']}:{sha256(canonical(self._inputs))[:32]}"
        self._ledger.record_step(self._run, "plan", key, {**self._inputs, "result": result})


def plan_request(
    run: RunId, body: Mapping[str, Any], mirror: BareRepository, index_path: Path | None = None
) -> PlanRequest:
    """The request of a recorded planning, on its base in the mirror. Raises GitFailed where that is not there."""
    given = body["blueprint"]
    return PlanRequest(
        run=run,
        blueprint=Blueprint(
            title=given["title"],
            text=given["text"],
            acceptance=tuple(given["acceptance"]),
            change_set_json=given["change_set_json"] or None,
            change_set_line=given["change_set_line"],
            problems=tuple(given["problems"]),
        ),
        guidance=body["guidance"],
        base=CommitSha(body["base"]),
        tree=mirror.tree(CommitSha(body["base"])),
        config=_config(body),
        token_budget=body["token_budget"],
        use_paths=tuple(body["use_paths"]),
        recent=tuple(body["recent"]),
        index_path=index_path,
        form=body["form"],
        search=mirror.search(CommitSha(body["base"])) if body["explore"] is not None else None,
        explore=Limits(**body["explore"]) if body["explore"] is not None else Limits(),
    )


def _config(body: Mapping[str, Any]) -> RepoConfig:
    # Through JSON: the model is strict, and takes a list for a tuple only there.
    # https://docs.pydantic.dev/latest/concepts/conversion_table/
    return RepoConfig.model_validate_json(canonical(body["config"]))


def plan_result(planned: Planned) -> dict[str, Any]:
    """What a planning came to, in values that a replay has to give again."""
    return {
        "changeset": planned.change_set.digest(),
        "summary": planned.summary,
        "plan": planned.plan,
        "attempts": planned.attempts,
    }


def refusal_result(error: Refused) -> dict[str, Any]:
    """The same for a planning that was refused."""
    return {"refused": error.code, "summary": error.summary}


def review_attempt(key: EvidenceKey, kind: ReviewKind) -> str:
    """What tells the questions of one review from those of another review of the same run."""
    return f":{key.digest(kind)}"


def record_review(ledger: Ledger, run: RunId, request: JudgeRequest, verdict: Verdict) -> None:
    """Record what a reviewer was given, the diff and the trees by their commits, and its verdict."""
    attempt = review_attempt(request.key, request.kind)
    body = {
        "attempt": attempt,
        "kind": request.kind.value,
        "key": asdict(request.key),
        "blueprint_digest": request.blueprint_digest,
        "blueprint_title": request.blueprint_title,
        "blueprint_text": request.blueprint_text,
        "acceptance": list(request.acceptance),
        "guidance": request.guidance,
        "plan": request.plan,
        "config": request.config.model_dump(mode="json"),
        "declared": list(request.declared),
        "result": verdict_to_json(verdict),
    }
    ledger.record_step(run, "review", f"{request.kind.value}{attempt}", body)


def review_request(body: Mapping[str, Any], mirror: BareRepository, ask: Ask) -> JudgeRequest:
    """The request of a recorded review, with the diff and the trees of the mirror."""
    key = EvidenceKey(**body["key"])
    return JudgeRequest(
        kind=ReviewKind(body["kind"]),
        key=key,
        blueprint_digest=body["blueprint_digest"],
        blueprint_title=body["blueprint_title"],
        blueprint_text=body["blueprint_text"],
        acceptance=tuple(body["acceptance"]),
        guidance=body["guidance"],
        plan=body["plan"],
        diff=mirror.diff(key.merge_base, key.head),
        base_tree=mirror.tree(key.merge_base),
        tree=mirror.tree(key.head),
        config=_config(body),
        ask=ask,
        declared=tuple(body["declared"]),
    )
