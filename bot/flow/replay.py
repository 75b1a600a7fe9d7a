"""Plans and reviews a run again from what was recorded of it: no model, no network, and what differs is said."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.core.errors import CadenceError, Refused
from bot.core.names import RunId
from bot.effects.kinds import EffectKind
from bot.flow.recorded import (
    plan_request,
    plan_result,
    question_key,
    question_record,
    refusal_result,
    review_request,
    scrubbed_prompt,
)
from bot.git_store.bare_repository import BareRepository
from bot.ledger.chain import canonical
from bot.ledger.entries import verdict_to_json
from bot.ledger.ledger import Ledger
from bot.ledger.recordings import Recording
from bot.llm.model import Completion, Prompt
from bot.plan.planner import Planner
from bot.review.reviewer import Judge

CONTEXT_LINES = 2


@dataclass(frozen=True, slots=True)
class Replayed:
    """One stage done again. `questions` were asked and answered from the recording.

    `difference` is empty where the result is the recorded one, byte for byte; else it says what differs.
    """

    stage: str
    questions: int
    same: bool
    difference: str = ""


class _Differs(CadenceError):
    """A question that was not recorded: code, prompts or settings have changed since."""

    code = "replay.differs"


class Replay:
    """Does the recorded stages of one run again."""

    def __init__(self, ledger: Ledger, mirror: BareRepository, run: RunId, count_tokens: Callable[[str], int]) -> None:
        self._ledger = ledger
        self._mirror = mirror
        self._run = run
        self._count = count_tokens
        self._answers = ledger.answers_of(run, EffectKind.MODEL_CALL)
        self._questions = ledger.recorded(run, "question")

    def stages(self) -> Iterator[Replayed]:
        """Every recorded stage in its order.

        Raises CadenceError `replay.nothing` where nothing is recorded of the run, and GitFailed where the mirror lacks
        a commit.
        """
        recorded = [one for one in self._ledger.recorded(self._run) if one.step in ("plan", "review")]
        if not recorded:
            raise CadenceError(
                f"Nothing is recorded of run {self._run}.",
                code="replay.nothing",
                remedy="Recordings are kept for 30 days, and of runs that came to planning. `cadence runs` lists runs.",
            )
        for one in recorded:
            yield self._planned(one) if one.step == "plan" else self._reviewed(one)

    def _planned(self, recorded: Recording) -> Replayed:
        body, ask = recorded.body, _Recorded(self, recorded.body["attempt"])
        planner = Planner(count_tokens=self._count, record_findings=lambda *_: None, record_context=lambda *_: None)
        request = plan_request(self._run, body, self._mirror)
        return self._compared("plan", ask, body["result"], lambda: plan_result(planner.plan(request, ask)))

    def _reviewed(self, recorded: Recording) -> Replayed:
        body, ask = recorded.body, _Recorded(self, recorded.body["attempt"])
        # The self test's figures come from a file of this machine; what they were is part of the recording.
        measured = str(body["result"]["receipt"]["measured"])
        judge = Judge(count_tokens=self._count, measured=lambda _kind, _model: measured)
        request = review_request(body, self._mirror, ask)
        stage = f"{body['kind']} review"
        return self._compared(stage, ask, body["result"], lambda: verdict_to_json(judge.judge(request)))

    def _compared(
        self, stage: str, ask: _Recorded, before: dict[str, Any], work: Callable[[], dict[str, Any]]
    ) -> Replayed:
        try:
            result = work()
        except _Differs as error:
            return Replayed(stage, ask.asked, same=False, difference=error.summary)
        except Refused as error:
            result = refusal_result(error)
        # Through JSON, as the recording went: tuples are lists there.
        was, now = canonical(before), canonical(result)
        difference = "" if was == now else f"the questions are the same and the result is not:\n{_diff(was, now)}"
        return Replayed(stage, ask.asked, same=was == now, difference=difference)

    def answer(self, prompt: Prompt, attempt: str, number: int) -> Completion:
        """The recorded answer to a question, the `number`-th of its kind in the stage (from 0)."""
        prompt = scrubbed_prompt(prompt)
        kept = self._answers.get(question_key(prompt, attempt))
        if kept is not None:
            return Completion.from_json(kept)
        similar = [
            one for one in self._questions if one.body["kind"] == prompt.kind.value and one.key.endswith(attempt)
        ]
        if number >= len(similar):
            raise _Differs(f"question {number + 1} ({prompt.kind.value}) was not asked when the run was recorded")
        before = similar[number].body
        now = question_record(prompt, before["asked"])
        raise _Differs(
            f"question {number + 1} ({prompt.kind.value}) is another one now:\n{_diff(_text(before), _text(now))}"
        )


class _Recorded:
    """Answers the questions of one stage from the recording."""

    def __init__(self, replay: Replay, attempt: str) -> None:
        self._replay = replay
        self._attempt = attempt
        self.asked = 0
        self._by_kind: Counter[str] = Counter()

    def __call__(self, prompt: Prompt) -> Completion:
        answer = self._replay.answer(prompt, self._attempt, self._by_kind[prompt.kind])
        self._by_kind[prompt.kind] += 1
        self.asked += 1
        return answer


def _text(question: dict[str, Any]) -> str:
    turns = [f"[{turn['role']}]\n{turn['content']}" for turn in question["messages"]]
    return "\n".join([*turns, f"[schema]\n{canonical(question['schema'])}"])


def _diff(before: str, now: str) -> str:
    lines = difflib.unified_diff(before.split("\n"), now.split("\n"), "recorded", "now", lineterm="", n=CONTEXT_LINES)
    return "\n".join(lines)
