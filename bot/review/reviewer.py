"""Judges one commit: the rules, then the model, into a verdict with its receipt. Nothing here touches GitHub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.changeset.globs import matching
from bot.changeset.tree import TreeReader
from bot.errors import CadenceError, ModelAbsent, ModelUnusable
from bot.llm.model import Completion, Prompt
from bot.names import Digest, sha256
from bot.repo_config import RepoConfig
from bot.review.diff import Diff, read_diff
from bot.review.kinds import Conclusion, EvidenceKey, Receipt, ReviewFinding, ReviewKind, Verdict
from bot.review.prompt import ReviewMatter, again_prompt, review_prompt
from bot.review.rules import broken_rules, rules_of
from bot.review.verdict import Answer, conclude, read_answer

DIFF_TOKENS = 60_000
"""The longest diff that is judged in one piece."""
ATTEMPTS = 2
Ask = Callable[[Prompt], Completion]


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """One change on one evidence key; `diff` is from the merge base to the head, `tree` the head's."""

    kind: ReviewKind
    key: EvidenceKey
    blueprint_title: str
    blueprint_text: str
    acceptance: tuple[str, ...]
    guidance: str
    plan: str
    diff: str
    tree: TreeReader
    config: RepoConfig
    ask: Ask


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the model said, if anything usable; `conclusion` and `code` say why not, when not."""

    answer: Answer | None
    conclusion: Conclusion
    code: str
    why: str
    prompt: Digest
    completions: tuple[Completion, ...]


class Judge:
    """Makes verdicts. Asks through the function it is handed, and so through the one door."""

    def __init__(self, *, count_tokens: Callable[[str], int]) -> None:
        self._count = count_tokens

    def judge(self, request: JudgeRequest) -> Verdict:
        """The verdict on one change. Only `approve` passes; an unusable answer, or none, is a verdict of its own.

        Raises ModelUnavailable, so that the caller can wait and ask again.
        """
        try:
            diff = read_diff(request.diff)
        except CadenceError as error:
            return _verdict(request, _unheard(Conclusion.UNREADABLE, error.code, error.summary), (), ())
        broken = self.rules(request.kind, diff, request.tree, request.config)
        heard = self._hear(request, diff)
        return _verdict(request, heard, broken, tuple(file.path for file in diff.files))

    def rules(self, kind: ReviewKind, diff: Diff, tree: TreeReader, config: RepoConfig) -> tuple[ReviewFinding, ...]:
        """Everything in which a change breaks the rules that this kind of review answers for."""
        return broken_rules(rules_of(kind, config.review.rules), diff, tree)

    def _hear(self, request: JudgeRequest, diff: Diff) -> _Heard:
        unread = _unread(diff, request.config, self._count(request.diff))
        if unread:
            return _unheard(Conclusion.UNREADABLE, "review.uncovered", unread)
        matter = ReviewMatter(
            title=request.blueprint_title,
            text=request.blueprint_text,
            acceptance=request.acceptance,
            guidance=request.guidance,
            plan=request.plan,
            diff=request.diff,
        )
        return _asked(request.ask, review_prompt(request.kind, matter))


def _unread(diff: Diff, config: RepoConfig, tokens: int) -> str:
    """Why a reviewer could not read the whole change; empty when it can."""
    allowed = config.review.unreviewable.allow
    binary = [file.path for file in diff.files if file.binary and not matching(allowed, file.path)]
    if binary:
        return (
            f"{len(binary)} binary file(s) cannot be read by a reviewer, `{binary[0]}` first; "
            "list them in `review.unreviewable.allow` to let them pass unread"
        )
    if tokens > DIFF_TOKENS:
        return f"the diff has {tokens} tokens, more than the {DIFF_TOKENS} that are read in one piece"
    return ""


def _asked(ask: Ask, prompt: Prompt) -> _Heard:
    """Ask, and once more with the reason when the answer cannot be used."""
    question, completions = prompt, []
    problem = ModelUnusable("nothing was asked")
    for _ in range(ATTEMPTS):
        reply = ""
        try:
            completion = ask(question)
            completions.append(completion)
            reply = completion.text
            answer = read_answer(completion)
        except ModelAbsent as error:
            return _unheard(Conclusion.ABSENT, error.code, error.summary, prompt)
        except ModelUnusable as error:
            problem = error
            question = again_prompt(prompt, reply, error.summary, error.remedy)
        else:
            return _Heard(answer, Conclusion.APPROVE, "review.approved", "", prompt.digest(), tuple(completions))
    why = f"{problem.summary} ({problem.code})"
    return _Heard(None, Conclusion.UNREADABLE, "review.unreadable", why, prompt.digest(), tuple(completions))


def _unheard(conclusion: Conclusion, code: str, why: str, prompt: Prompt | None = None) -> _Heard:
    return _Heard(None, conclusion, code, why, prompt.digest() if prompt else Digest(""), ())


def _verdict(request: JudgeRequest, heard: _Heard, broken: Sequence[ReviewFinding], files: tuple[str, ...]) -> Verdict:
    answer = heard.answer
    findings = (*broken, *(answer.findings if answer else ()))
    conclusion, code, summary = heard.conclusion, heard.code, heard.why
    if answer is not None:
        conclusion = conclude(answer.approves, findings, request.config.review.block_on)
        code = "review.approved" if conclusion is Conclusion.APPROVE else "review.rejected"
        summary = answer.summary
    elif broken:
        # A broken rule is a definite no, with or without a reviewer's opinion.
        conclusion, code = Conclusion.REJECT, "review.rejected"
        summary = f"no usable opinion of a model ({heard.why})"
    if broken:
        named = ", ".join(f"`{rule}`" for rule in dict.fromkeys(one.rule for one in broken))
        summary = f"Breaks the rule(s) {named}. {summary}"
    return Verdict(request.kind, request.key, conclusion, code, summary, _receipt(request, heard, files), findings)


def _receipt(request: JudgeRequest, heard: _Heard, files: tuple[str, ...]) -> Receipt:
    last = heard.completions[-1] if heard.completions else None
    return Receipt(
        model_asked="",
        model_answered=last.model if last else "",
        prompt_digest=heard.prompt,
        diff_digest=sha256(request.diff),
        files=files,
        rules=tuple(rule.id for rule in rules_of(request.kind, request.config.review.rules)),
        input_tokens=sum(one.input_tokens for one in heard.completions),
        output_tokens=sum(one.output_tokens for one in heard.completions),
        duration_ms=sum(one.duration_ms for one in heard.completions),
        recorded=any(one.recorded for one in heard.completions),
    )
