"""Reviews one change: checks the rules, asks the model, and makes a verdict with its receipt. Does not use GitHub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.changeset.tree import TreeReader
from bot.config.model import RepoConfig
from bot.core.errors import CadenceError, ModelAbsent, ModelUnusable
from bot.core.names import Digest, sha256
from bot.llm.model import Completion, Prompt
from bot.review.diff import Diff, read_diff
from bot.review.figures import figures
from bot.review.parts import MOST_PARTS, Part, Reading, reading
from bot.review.review_kinds import Conclusion, EvidenceKey, Receipt, ReviewFinding, ReviewKind, Verdict
from bot.review.review_prompt import ReviewInput, retry_prompt, review_prompt, uncached
from bot.review.rules import broken_rules, rules_of
from bot.review.verdict import ReviewAnswer, combine, conclude, read_answer

ATTEMPTS = 2
LEAST_TOKEN_SHARE = 0.5
"""Tokenizers differ, but not by half: a server that counts less than this share of our count has cut the prompt."""
Ask = Callable[[Prompt], Completion]


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """One change to review. `diff` goes from the merge base (`base_tree`) to the head (`tree`).

    `guidance` is from a maintainer, `plan` is the planner's description; both may be empty.
    """

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
    """Names that edits remove on purpose; both reviewers see them."""


@dataclass(frozen=True, slots=True)
class _Response:
    """The model's usable answer, or why there is none: `conclusion`, `code`, and `why` as a clause."""

    answer: ReviewAnswer | None
    conclusion: Conclusion
    code: str
    why: str
    prompts: tuple[Prompt, ...] = ()
    completions: tuple[Completion, ...] = ()


class _CountedLess(ModelUnusable):
    """The server counted far fewer tokens than were sent: it cut the prompt, or read most of it from its cache."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is computed for one request before a model is asked."""

    diff: Diff
    read: Reading
    broken: tuple[ReviewFinding, ...]
    notes: tuple[str, ...]


class Judge:
    """Makes verdicts. Asks the model only through the request's function, which goes through the effect gateway."""

    def __init__(self, *, count_tokens: Callable[[str], int], measured: Callable[[ReviewKind, str], str]) -> None:
        """`measured` gives the last self-test result of a kind of review by a model's name, as one line."""
        self._count = count_tokens
        self._measured = measured

    def judge(self, request: JudgeRequest) -> Verdict:
        """The verdict on one change. Only `approve` passes; without a usable answer the verdict says so and why.

        Raises ModelUnavailable, so that the caller can wait and ask again.
        """
        try:
            prepared = self._prepare(request)
        except CadenceError as error:
            # A verdict in every case: a missing check would look like a review that is still running.
            nothing = _Prepared(Diff(()), Reading((), (), (), 0, 0.0), (), ())
            return self._verdict(request, nothing, _Response(None, Conclusion.UNREADABLE, error.code, error.summary))
        uncovered = _uncovered(prepared.read)
        if uncovered:
            # No model is asked: its approval would say nothing about the lines that it cannot read.
            response = _Response(None, Conclusion.UNREADABLE, "review.uncovered", uncovered)
        else:
            response = self._ask_all(request, prepared)
        return self._verdict(request, prepared, response)

    def rules(self, kind: ReviewKind, diff: Diff, tree: TreeReader, config: RepoConfig) -> tuple[ReviewFinding, ...]:
        """A finding for each place where a change breaks a rule that this kind of review checks."""
        return broken_rules(rules_of(kind, config.review.rules), diff, tree)

    def _prepare(self, request: JudgeRequest) -> _Prepared:
        diff = read_diff(request.diff)
        read = reading(
            diff,
            secret=request.key.digest(request.kind),
            allowed=request.config.review.unreviewable.allow,
            count_tokens=self._count,
        )
        notes = tuple(f"an edit declares that it removes {name}" for name in request.declared)
        # Only this review is about size, and lizard takes seconds for a large change.
        if request.kind is ReviewKind.EFFICIENCY:
            notes += tuple(figures(diff, request.base_tree, request.tree).lines())
        return _Prepared(diff, read, self.rules(request.kind, diff, request.tree, request.config), notes)

    def _ask_all(self, request: JudgeRequest, prepared: _Prepared) -> _Response:
        """Ask about every part, up to the first one without a usable answer."""
        subject = ReviewInput(
            title=request.blueprint_title,
            text=request.blueprint_text,
            acceptance=request.acceptance,
            guidance=request.guidance,
            plan=request.plan,
            files=tuple(file.path for file in prepared.diff.files),
            notes=prepared.notes,
        )
        # A change of allowed unreviewable files alone has no part; the reviewer still compares the blueprint.
        parts = prepared.read.parts or (Part("(every changed file is listed as not reviewable)\n", "none", "none"),)
        responses: list[_Response] = []
        for number, part in enumerate(parts, 1):
            prompt = review_prompt(request.kind, subject, part, number=number, of=len(parts))
            responses.append(self._ask(request, prompt, part))
            # The whole verdict is unreadable now; answers about the other parts would only cost money.
            if responses[-1].answer is None:
                break
        last = responses[-1]
        answers = [response.answer for response in responses if response.answer is not None]
        return _Response(
            answer=combine(answers) if last.answer is not None else None,
            conclusion=last.conclusion,
            code=last.code,
            why=last.why,
            prompts=tuple(prompt for response in responses for prompt in response.prompts),
            completions=tuple(completion for response in responses for completion in response.completions),
        )

    def _ask(self, request: JudgeRequest, prompt: Prompt, part: Part) -> _Response:
        """Ask about one part; when the answer cannot be used, ask again and say why."""
        question, completions = prompt, []
        problems: list[ModelUnusable] = []
        for _ in range(ATTEMPTS):
            reply = ""
            try:
                completion = request.ask(question)
                completions.append(completion)
                reply = completion.text
                answer = read_answer(request.kind, completion, request.acceptance)
                self._require_complete_reading(question, completion, answer, part)
            except ModelAbsent as error:
                return _Response(None, Conclusion.ABSENT, error.code, error.summary, (prompt,))
            except ModelUnusable as error:
                problems.append(error)
                question = retry_prompt(prompt, reply, error.summary, error.remedy)
                if isinstance(error, _CountedLess):
                    # Some servers count only what was not in their cache, and do not say so. With another beginning
                    # nothing is, so that the second count is of the whole prompt.
                    question = uncached(question, sha256(part.first)[:12])
            else:
                return _Response(answer, Conclusion.APPROVE, "review.approved", "", (prompt,), tuple(completions))
        problem = problems[-1]
        # The check has one code for every unusable answer; the cause is in its text.
        code = "review.unread" if problem.code == "review.unread" else "review.unreadable"
        why = problem.summary if problem.code == code else f"{problem.summary} ({problem.code})"
        return _Response(None, Conclusion.UNREADABLE, code, why, (prompt,), tuple(completions))

    def _require_complete_reading(
        self, prompt: Prompt, completion: Completion, answer: ReviewAnswer, part: Part
    ) -> None:
        """Raise ModelUnusable `review.unread` when the server seems to have cut the prompt."""
        # Some servers cut a long prompt to the model's context without an error. Two signs show it: the words at the
        # ends of the prompt are not in the answer, or the server counts far fewer tokens than we do.
        ends = (("first", answer.first, part.first), ("last", answer.last, part.last))
        wrong = [end for end, repeated, expected in ends if repeated != expected]
        if wrong:
            raise ModelUnusable(
                f"the answer lacks the prompt's {' and '.join(wrong)} word: the model did not get the whole prompt",
                code="review.unread",
                remedy="Copy `first_word` and `last_word` exactly from the beginning and the end of the message.",
            )
        ours = sum(self._count(message.content) for message in prompt.messages)
        if completion.input_tokens <= 0:
            raise ModelUnusable(
                "the server does not say how many tokens it read, so the prompt may have been cut",
                code="review.unread",
            )
        if completion.input_tokens < ours * LEAST_TOKEN_SHARE:
            raise _CountedLess(
                f"the server counted {completion.input_tokens} tokens of a prompt of about {ours}: it was cut",
                code="review.unread",
            )

    def _verdict(self, request: JudgeRequest, prepared: _Prepared, response: _Response) -> Verdict:
        answer, broken = response.answer, prepared.broken
        reported = answer.findings if answer else ()
        # A model invents lines at times; what it says about a line that it did not see cannot block a merge.
        aside = tuple(
            finding
            for finding in reported
            if finding.line is not None and not prepared.diff.cites(finding.path, finding.line)
        )
        findings = (*broken, *(finding for finding in reported if finding not in aside))
        acceptance = answer.acceptance if answer else ()
        conclusion, code, summary = response.conclusion, response.code, response.why
        if answer is not None:
            conclusion = conclude(answer.approves, findings, acceptance, request.config.review.block_on)
            code = "review.approved" if conclusion is Conclusion.APPROVE else "review.rejected"
            summary = answer.summary
        elif broken:
            # A broken rule rejects the change, with or without an answer from a model.
            conclusion, code = Conclusion.REJECT, "review.rejected"
            summary = f"There is no usable answer from a model ({response.why})."
        if broken:
            named = ", ".join(f"`{rule}`" for rule in dict.fromkeys(finding.rule for finding in broken))
            summary = f"The change breaks {'rules' if named.count('`') > 2 else 'the rule'} {named}. {summary}"
        receipt = self._receipt(request, prepared, response, dropped=len(aside))
        return Verdict(
            request.kind, request.key, conclusion, code, summary, receipt, findings, acceptance, prepared.notes, aside
        )

    def _receipt(self, request: JudgeRequest, prepared: _Prepared, response: _Response, *, dropped: int) -> Receipt:
        completions, prompts = response.completions, response.prompts
        models = dict.fromkeys(completion.model for completion in completions)
        costs = [completion.cost for completion in completions]
        # The hash of the only prompt, or of the hashes of all prompts in order.
        digests = [prompt.digest() for prompt in prompts] or [Digest("")]
        return Receipt(
            model_asked=", ".join(dict.fromkeys(completion.asked for completion in completions if completion.asked)),
            model_answered=", ".join(models),
            prompt_digest=digests[0] if len(digests) == 1 else sha256("".join(digests)),
            diff_digest=sha256(request.diff),
            blueprint=request.blueprint_digest,
            files=prepared.read.files,
            rules=tuple(rule.id for rule in rules_of(request.kind, request.config.review.rules)),
            input_tokens=sum(completion.input_tokens for completion in completions),
            output_tokens=sum(completion.output_tokens for completion in completions),
            duration_ms=sum(completion.duration_ms for completion in completions),
            recorded=any(completion.recorded for completion in completions),
            coverage=prepared.read.coverage if completions else 0.0,
            parts=len(prompts),
            hunks=prepared.read.hunks,
            unread=prepared.read.unread,
            counted_tokens=sum(self._count(m.content) for prompt in prompts for m in prompt.messages),
            dropped=dropped,
            # Unknown as soon as one call has no price: a sum without it would be too low.
            cost=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
            measured=self._measured(request.kind, next(iter(models), "")),
        )


def _uncovered(read: Reading) -> str:
    """Why a reviewer cannot read every changed line; empty when it can."""
    if read.coverage >= 1.0:
        return ""
    share = f"only {read.coverage:.0%} of the changed lines can be read"
    if len(read.parts) == MOST_PARTS and not read.unread:
        return f"{share}: the change does not fit into {MOST_PARTS} prompts; split it"
    named = ", ".join(f"`{path}`" for path in read.unread[:5])
    more = f" and {len(read.unread) - 5} more" if len(read.unread) > 5 else ""
    return (
        f"{share}: {named}{more} cannot be reviewed (binary, generated, or with very long lines); list them in "
        "`review.unreviewable.allow` of .github/cadence.yml to accept them without a review"
    )
