"""From the planner's results on tasks to figures: done, nearly, wrong, refused for the form or else. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.changeset.files_tree import Files
from bot.changeset.model import ChangeSet


class Result(StrEnum):
    """The outcome of one task."""

    DONE = "done"
    NEAR = "near"
    """The tree differs only in white space at line ends or in a last line end."""
    WRONG = "wrong edit"
    FORMAT = "refused: format"
    REFUSED = "refused: other"
    UNANSWERED = "unanswered"
    """The model's server gave no answer, or would not take the question: this says nothing about the model."""


_DISGUISED = frozenset({"loss.code_fence", "loss.escaped_newlines", "loss.diff"})
"""Content inside another form: a Markdown fence, escaped line ends, a diff."""
_SERVER = frozenset({
    "model.unavailable", "model.unreachable", "model.timeout", "model.quota", "model.unauthorized", "model.unknown",
    "model.protocol", "model.refused_request", "model.absent", "model.too_long",
})  # fmt: skip
_DECLINED = "model.refused"
"""The model could have answered in the right form and would not."""


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """One task asked once. `code` is the reason of a refusal; `mistakes` are the codes of each failed attempt.

    `form` is what the model was asked to answer in, `needs` what has to happen to files, `edits` the operations of the
    accepted ChangeSet. `cost` is in US dollars, None without a price; `seconds` is the time of the model's answers.
    """

    task: str
    operator: str
    language: str
    result: Result
    code: str = ""
    why: str = ""
    form: str = ""
    needs: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    mistakes: tuple[tuple[str, ...], ...] = ()
    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    model: str = ""


def refusal_result(code: str) -> Result:
    """What a refusal with that code counts as."""
    if code in _SERVER:
        return Result.UNANSWERED
    if code == _DECLINED:
        return Result.REFUSED
    form = code.startswith(("contract.", "model.")) or code in _DISGUISED
    return Result.FORMAT if form else Result.REFUSED


def compared(wanted: Files, got: Mapping[str, bytes]) -> tuple[Result, str]:
    """Whether two trees are equal, nearly or not, and the first paths that differ."""
    exact = {path: text.encode() for path, text in wanted.items()}
    differing = sorted(path for path in {*exact, *got} if exact.get(path) != got.get(path))
    if not differing:
        return Result.DONE, ""
    near = all(path in exact and path in got and _bare(exact[path]) == _bare(got[path]) for path in differing)
    return (Result.NEAR if near else Result.WRONG), ", ".join(differing[:3])


def _bare(content: bytes) -> list[bytes]:
    """The lines without white space at their ends; blank lines at the end of the file do not count."""
    return [line.rstrip() for line in content.rstrip().split(b"\n")]


def operations(change_set: ChangeSet) -> tuple[str, ...]:
    """The kinds of edits of a ChangeSet, each once."""
    found = set()
    for edit in change_set.edits:
        if edit.mode == "delete":
            found.add("delete")
        elif edit.rename_from is not None:
            found.add("rename")
        elif edit.replace is not None:
            found.add("replace")
        else:
            found.add("write" if edit.mode == "modify" else "add")
    return tuple(sorted(found))


def needed(base: Files, wanted: Files) -> tuple[str, ...]:
    """What has to happen to files, each once: `add`, `change`, `delete`, `rename`."""
    gone, new = [path for path in base if path not in wanted], [path for path in wanted if path not in base]
    moved = sorted(base[path] for path in gone) == sorted(wanted[path] for path in new) if gone and new else False
    found = {
        "change": any(text != base.get(path, text) for path, text in wanted.items()),
        "rename": moved,
        "add": bool(new) and not moved,
        "delete": bool(gone) and not moved,
    }
    return tuple(sorted(what for what, is_so in found.items() if is_so))


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group of tasks; `repaired` counts those done after a failed attempt."""

    group: str
    tasks: int
    results: Mapping[Result, int]
    repaired: int
    attempts: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float

    @property
    def answered(self) -> int:
        """Tasks that the model answered at all."""
        return self.tasks - self.results[Result.UNANSWERED]

    @property
    def format_share(self) -> float:
        """The share of the answered tasks that were refused because of the form."""
        return self.results[Result.FORMAT] / self.answered if self.answered else 0.0


def figures(group: str, outcomes: Sequence[TaskOutcome]) -> Figures:
    """The figures of some outcomes. The cost is None as soon as one answer has no price."""
    counted = Counter(outcome.result for outcome in outcomes)
    costs = [outcome.cost for outcome in outcomes if outcome.attempts]
    return Figures(
        group=group,
        tasks=len(outcomes),
        results={result: counted[result] for result in Result},
        repaired=sum(outcome.result is Result.DONE and bool(outcome.mistakes) for outcome in outcomes),
        attempts=sum(outcome.attempts for outcome in outcomes),
        input_tokens=sum(outcome.input_tokens for outcome in outcomes),
        output_tokens=sum(outcome.output_tokens for outcome in outcomes),
        cost=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
        seconds=sum(outcome.seconds for outcome in outcomes),
    )


GROUPINGS: Mapping[str, Callable[[TaskOutcome], Sequence[str]]] = {
    "operator": lambda outcome: [outcome.operator],
    "language": lambda outcome: [outcome.language],
    "form": lambda outcome: [outcome.form or "none"],
    "needs": lambda outcome: outcome.needs,
    "operation": lambda outcome: outcome.edits or ["none accepted"],
}
"""How the figures are divided. A task with several operations counts for each of them."""


def divided(outcomes: Sequence[TaskOutcome], by: str) -> tuple[Figures, ...]:
    """The figures of each group, in the order of their names."""
    groups: dict[str, list[TaskOutcome]] = {}
    for outcome in outcomes:
        for name in GROUPINGS[by](outcome):
            groups.setdefault(name, []).append(outcome)
    return tuple(figures(name, rows) for name, rows in sorted(groups.items()))


def codes(outcomes: Iterable[TaskOutcome]) -> Mapping[str, tuple[int, int]]:
    """By code: in how many tasks an attempt failed with it, and how many of those tasks were refused with it."""
    seen: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for outcome in outcomes:
        seen.update({code for attempt in outcome.mistakes for code in attempt} | ({outcome.code} - {""}))
        ended.update([outcome.code] if outcome.code else [])
    return {code: (seen[code], ended[code]) for code in sorted(seen)}
