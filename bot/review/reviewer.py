"""Judges one commit: the rules, then the model, into a verdict with its receipt. Nothing here touches GitHub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.changeset.tree import TreeReader
from bot.config.model import RepoConfig
from bot.core.errors import CadenceError, ModelAbsent, ModelUnusable
from bot.core.names import Digest, sha256
from bot.llm.model import Completion, Prompt
from bot.review.diff import Diff, read_diff
from bot.review.figures import figures
from bot.review.kinds import Conclusion, EvidenceKey, Receipt, ReviewFinding, ReviewKind, Verdict
from bot.review.parts import MOST_PARTS, Part, Reading, reading
from bot.review.prompt import ReviewInput, retry_prompt, review_prompt
from bot.review.rules import broken_rules, rules_of
from bot.review.verdict import Answer, conclude, read_answer, together

ATTEMPTS = 2
LEAST_TOKEN_SHARE = 0.5
"""Tokenizers differ; a server that counts less than half of what we count has not read what we sent."""
Ask = Callable[[Prompt], Completion]


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """One change on one evidence key; `diff` is from the merge base to the head, the trees are those two's."""

    kind: ReviewKind
    key: EvidenceKey
    blueprint_digest: str
    blueprint_title: str
    blueprint_text: str
    acceptance: tuple[str, ...]
    guidance: str
    plan: str
    diff: str
    base_tree: TreeReader
    tree: TreeReader
    config: RepoConfig
    ask: Ask
    declared: tuple[str, ...] = ()
    """What edits declare to remove on purpose; both reviewers are told."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """What the model said, if anything usable; `conclusion` and `code` say why not, when not."""

    answer: Answer | None
    conclusion: Conclusion
    code: str
    why: str
    prompts: tuple[Prompt, ...] = ()
    completions: tuple[Completion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Everything about one request that does not depend on what the model says."""

    diff: Diff
    read: Reading
    broken: tuple[ReviewFinding, ...]
    notes: tuple[str, ...]


class Judge:
    """Makes verdicts. Asks through the function it is handed, and so through the effect gateway."""

    def __init__(self, *, count_tokens: Callable[[str], int], measured: Callable[[ReviewKind, str], str]) -> None:
        """`measured` tells the last figures of the reviewers' self test for a kind and a model's name."""
        self._count = count_tokens
        self._measured = measured

    def judge(self, request: JudgeRequest) -> Verdict:
        """The verdict on one change. Only `approve` passes; an unusable answer, or none, is a verdict of its own.

        Raises ModelUnavailable, so that the caller can wait and ask again.
        """
        try:
            matter = self._matter(request)
        except CadenceError as error:
            nothing = _Prepared(Diff(()), Reading((), (), (), 0, 0.0), (), ())
            return self._verdict(request, nothing, _Answered(None, Conclusion.UNREADABLE, error.code, error.summary))
        uncovered = _uncovered(matter.read)
        if uncovered:
            heard = _Answered(None, Conclusion.UNREADABLE, "review.uncovered", uncovered)
        else:
            heard = self._hear(request, matter)
        return self._verdict(request, matter, heard)

    def rules(self, kind: ReviewKind, diff: Diff, tree: TreeReader, config: RepoConfig) -> tuple[ReviewFinding, ...]:
        """Everything in which a change breaks the rules that this kind of review answers for."""
        return broken_rules(rules_of(kind, config.review.rules), diff, tree)

    def _matter(self, request: JudgeRequest) -> _Prepared:
        diff = read_diff(request.diff)
        read = reading(
            diff,
            secret=request.key.digest(request.kind),
            allowed=request.config.review.unreviewable.allow,
            count_tokens=self._count,
        )
        notes = tuple(f"an edit declares that it removes {name}" for name in request.declared)
        if request.kind is ReviewKind.EFFICIENCY:
            notes += tuple(figures(diff, request.base_tree, request.tree).lines())
        return _Prepared(diff, read, self.rules(request.kind, diff, request.tree, request.config), notes)

    def _hear(self, request: JudgeRequest, matter: _Prepared) -> _Answered:
        """Ask about every part; the first that cannot be used ends it."""
        told = ReviewInput(
            title=request.blueprint_title,
            text=request.blueprint_text,
            acceptance=request.acceptance,
            guidance=request.guidance,
            plan=request.plan,
            files=tuple(file.path for file in matter.diff.files),
            notes=matter.notes,
        )
        parts = matter.read.parts or (Part("(every changed file is listed as not reviewable)\n", "none", "none"),)
        heard: list[_Answered] = []
        for number, part in enumerate(parts, 1):
            prompt = review_prompt(request.kind, told, part, number=number, of=len(parts))
            heard.append(self._ask(request, prompt, part))
            if heard[-1].answer is None:
                break
        last = heard[-1]
        answers = [one.answer for one in heard if one.answer is not None]
        return _Answered(
            answer=together(answers) if last.answer is not None else None,
            conclusion=last.conclusion,
            code=last.code,
            why=last.why,
            prompts=tuple(prompt for one in heard for prompt in one.prompts),
            completions=tuple(completion for one in heard for completion in one.completions),
        )

    def _ask(self, request: JudgeRequest, prompt: Prompt, part: Part) -> _Answered:
        """Ask, and again with the reason when the answer cannot be used."""
        question, completions = prompt, []
        problems: list[ModelUnusable] = []
        for _ in range(ATTEMPTS):
            reply = ""
            try:
                completion = request.ask(question)
                completions.append(completion)
                reply = completion.text
                answer = read_answer(request.kind, completion, request.acceptance)
                self._must_have_read(question, completion, answer, part)
            except ModelAbsent as error:
                return _Answered(None, Conclusion.ABSENT, error.code, error.summary, (prompt,))
            except ModelUnusable as error:
                problems.append(error)
                question = retry_prompt(prompt, reply, error.summary, error.remedy)
            else:
                return _Answered(answer, Conclusion.APPROVE, "review.approved", "", (prompt,), tuple(completions))
        problem = problems[-1]
        code = "review.unread" if problem.code == "review.unread" else "review.unreadable"
        why = problem.summary if problem.code == code else f"{problem.summary} ({problem.code})"
        return _Answered(None, Conclusion.UNREADABLE, code, why, (prompt,), tuple(completions))

    def _must_have_read(self, prompt: Prompt, completion: Completion, answer: Answer, part: Part) -> None:
        """Raise `review.unread` unless both ends of the part came back and the server counted what we counted."""
        wrong = [
            end for end, ok in (("first", answer.first == part.first), ("last", answer.last == part.last)) if not ok
        ]
        if wrong:
            raise ModelUnusable(
                f"the {' and '.join(wrong)} word of the question did not come back, so it was not read completely",
                code="review.unread",
                remedy="Copy `first_word` and `last_word` exactly from the beginning and the end of the message.",
            )
        ours = sum(self._count(message.content) for message in prompt.messages)
        if completion.input_tokens <= 0:
            raise ModelUnusable(
                "the server does not say how many tokens it read, so the question may have been cut",
                code="review.unread",
            )
        if completion.input_tokens < ours * LEAST_TOKEN_SHARE:
            raise ModelUnusable(
                f"the server counted {completion.input_tokens} tokens of a question of about {ours}: it was cut",
                code="review.unread",
            )

    def _verdict(self, request: JudgeRequest, matter: _Prepared, heard: _Answered) -> Verdict:
        answer, broken = heard.answer, matter.broken
        said = answer.findings if answer else ()
        aside = tuple(one for one in said if one.line is not None and not matter.diff.cites(one.path, one.line))
        findings = (*broken, *(one for one in said if one not in aside))
        acceptance = answer.acceptance if answer else ()
        conclusion, code, summary = heard.conclusion, heard.code, heard.why
        if answer is not None:
            conclusion = conclude(answer.approves, findings, acceptance, request.config.review.block_on)
            code = "review.approved" if conclusion is Conclusion.APPROVE else "review.rejected"
            summary = answer.summary
        elif broken:
            # A broken rule is a definite no, with or without a reviewer's opinion.
            conclusion, code = Conclusion.REJECT, "review.rejected"
            summary = f"no usable answer from a model ({heard.why})"
        if broken:
            named = ", ".join(f"`{rule}`" for rule in dict.fromkeys(one.rule for one in broken))
            summary = f"Breaks the rule(s) {named}. {summary}"
        receipt = self._receipt(request, matter, heard, dropped=len(aside))
        return Verdict(
            request.kind, request.key, conclusion, code, summary, receipt, findings, acceptance, matter.notes, aside
        )

    def _receipt(self, request: JudgeRequest, matter: _Prepared, heard: _Answered, *, dropped: int) -> Receipt:
        models = dict.fromkeys(one.model for one in heard.completions)
        return Receipt(
            model_asked=", ".join(dict.fromkeys(one.asked for one in heard.completions if one.asked)),
            model_answered=", ".join(models),
            prompt_digest=_digest(heard.prompts),
            diff_digest=sha256(request.diff),
            blueprint=request.blueprint_digest,
            files=matter.read.files,
            rules=tuple(rule.id for rule in rules_of(request.kind, request.config.review.rules)),
            input_tokens=sum(one.input_tokens for one in heard.completions),
            output_tokens=sum(one.output_tokens for one in heard.completions),
            duration_ms=sum(one.duration_ms for one in heard.completions),
            recorded=any(one.recorded for one in heard.completions),
            coverage=matter.read.coverage if heard.completions else 0.0,
            parts=len(heard.prompts),
            hunks=matter.read.hunks,
            unread=matter.read.unread,
            counted_tokens=sum(self._count(m.content) for prompt in heard.prompts for m in prompt.messages),
            dropped=dropped,
            cost=_cost(heard.completions),
            measured=self._measured(request.kind, next(iter(models), "")),
        )


def _uncovered(read: Reading) -> str:
    """Why a reviewer could not read every changed line; empty when it can."""
    if read.coverage >= 1.0:
        return ""
    share = f"only {read.coverage:.0%} of the changed lines can be read"
    if len(read.parts) == MOST_PARTS and not read.unread:
        return f"{share}: the change is longer than {MOST_PARTS} questions hold; split it"
    named = ", ".join(f"`{path}`" for path in read.unread[:5])
    more = f" and {len(read.unread) - 5} more" if len(read.unread) > 5 else ""
    return (
        f"{share}: {named}{more} cannot be reviewed (binary, generated, or with very long lines); list them in "
        "`review.unreviewable.allow` of .github/cadence.yml to let them pass unread"
    )


def _cost(completions: Sequence[Completion]) -> float | None:
    """What all answers cost; None as soon as the cost of one is unknown, or nothing was answered."""
    costs = [one.cost for one in completions]
    return sum(cost for cost in costs if cost is not None) if costs and None not in costs else None


def _digest(prompts: Sequence[Prompt]) -> Digest:
    """The hash of one prompt, or of the hashes of several, in order."""
    if len(prompts) <= 1:
        return prompts[0].digest() if prompts else Digest("")
    return sha256("".join(prompt.digest() for prompt in prompts))
