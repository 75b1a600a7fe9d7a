"""Runs every seed through the reviewer, with a real model behind the effect gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.changeset.files_tree import FilesTree
from bot.config.load import read_config
from bot.core.clock import Clock
from bot.core.errors import ModelUnavailable
from bot.core.names import BaseSha, CommitSha, HeadSha, InstallationId, RepositoryId, sha256
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Effects
from bot.llm.model import Completion, LanguageModel, Prompt
from bot.plan.blueprint import read_blueprint
from bot.review.review_kinds import EvidenceKey, ReviewKind, Verdict
from bot.review.reviewer import Judge, JudgeRequest
from bot.review.selftest.score import Result, SeedOutcome, outcome_of
from bot.review.selftest.seeds import Seed

# No repository and no installation: GitHub counts ids from 1.
ACTOR = EffectActor("selftest", RepositoryId(0), InstallationId(0))
# With these pauses a seed waits for a busy server, and a broken one does not keep the test for hours.
TRIES = 4
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


class SelfTest:
    """Asks one model about seeds; nothing is posted on GitHub."""

    def __init__(self, judge: Judge, model: LanguageModel, effects: Effects, clock: Clock) -> None:
        self._judge = judge
        self._model = model
        self._effects = effects
        self._clock = clock

    def run(self, kind: ReviewKind, seeds: Sequence[Seed], *, samples: int = 1) -> Iterator[SeedOutcome]:
        """The result of each seed that concerns the kind, `samples` times each, one at a time.

        Raises ModelUnavailable when asking again cannot help: the key, the model's name or the quota is at fault.
        """
        for seed in seeds:
            if kind in seed.reviewers:
                for sample in range(1, samples + 1):
                    yield self._outcome(kind, seed, sample)

    def _outcome(self, kind: ReviewKind, seed: Seed, sample: int) -> SeedOutcome:
        pause = FIRST_PAUSE_SECONDS
        for left in reversed(range(TRIES)):
            try:
                return outcome_of(seed, self._judged(kind, seed, sample))
            except ModelUnavailable as error:
                if not error.retry:
                    raise
                why = str(error)
                if left:
                    self._clock.sleep(min(error.after or pause, LONGEST_PAUSE_SECONDS))
                    pause *= 2
        # One seed without an answer does not end a test that has already cost money.
        return SeedOutcome(seed.name, seed.defect, Result.UNREADABLE, "", why)

    def _judged(self, kind: ReviewKind, seed: Seed, sample: int) -> Verdict:
        blueprint = read_blueprint(seed.title, seed.blueprint)
        # The defaults, so that results from different installations can be compared.
        policy = read_config(None)
        diff = seed.diff
        key = EvidenceKey(_commit(HeadSha, diff, seed.name), _commit(BaseSha, seed.name), policy.digest, sample)
        return self._judge.judge(
            JudgeRequest(
                kind=kind,
                key=key,
                blueprint_digest=sha256(seed.blueprint),
                blueprint_title=blueprint.title,
                blueprint_text=blueprint.text,
                acceptance=blueprint.acceptance,
                guidance="",
                plan=seed.plan.strip(),
                diff=diff,
                base_tree=FilesTree(seed.before),
                tree=FilesTree(seed.after),
                config=policy.require_config(),
                ask=self._ask,
            )
        )

    def _ask(self, prompt: Prompt) -> Completion:
        """One prompt through the effect gateway. Each sample has first and last words, and so a key, of its own."""

        def do() -> dict[str, Any]:
            return self._model.complete(prompt).as_json()

        key = f"{prompt.kind}:{prompt.digest()}"
        return Completion.from_json(
            self._effects.perform(ACTOR, EffectKind.MODEL_CALL, key, find=lambda: None, do=do, fresh=True)
        )


def _commit(kind: Callable[[CommitSha], Any], *parts: str) -> Any:
    """An id for a commit that is in no repository."""
    return kind(CommitSha(sha256("\0".join(parts))[:40]))
