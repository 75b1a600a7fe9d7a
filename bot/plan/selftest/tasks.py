"""The tasks of the planner's self test: chosen from every operator's candidates by a seed, without chance. Pure."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.changeset.files_tree import Files
from bot.plan.selftest.mutation import Mutation, Operator
from bot.plan.selftest.operators import definitions, documents, statements, values
from bot.plan.selftest.samples import Sample
from bot.plan.selftest.wording import blueprint_body
from bot.syntax.trees import parse_path

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "function-deleted": definitions.function_deleted,
        "test-deleted": definitions.test_deleted,
        "function-moved": definitions.function_moved,
        "symbol-renamed": definitions.symbol_renamed,
        "documentation-dropped": definitions.documentation_dropped,
        "guard-removed": statements.guard_removed,
        "error-case-removed": statements.error_case_removed,
        "branch-removed": statements.branch_removed,
        "statement-removed": statements.statement_removed,
        "block-unwrapped": statements.block_unwrapped,
        "comparison-changed": values.comparison_changed,
        "logic-changed": values.logic_changed,
        "constant-changed": values.constant_changed,
        "default-dropped": values.default_dropped,
        "field-dropped": values.field_dropped,
        "import-dropped": values.import_dropped,
        "file-deleted": documents.file_deleted,
        "file-left-over": documents.file_left_over,
        "file-renamed": documents.file_renamed,
        "document-changed": documents.document_changed,
        "several-files": documents.several_files,
    }
)
"""Every operator by the name that the command and the figures use."""

EACH = 2
"""Tasks of one operator in one sample."""


@dataclass(frozen=True, slots=True)
class Task:
    """One blueprint on one base, and the tree that has to come out. `number` counts from 0 in the whole list."""

    name: str
    number: int
    operator: str
    language: str
    title: str
    body: str = field(repr=False)
    base: Files = field(repr=False, hash=False)
    wanted: Files = field(repr=False, hash=False)


def tasks_of(samples: Sequence[Sample], seed: int = 1, *, each: int = EACH) -> tuple[Task, ...]:
    """Every task, in an order in which each first part has all operators and languages as evenly as it can."""
    chosen = [
        (sample, operator, number, mutation)
        for sample in samples
        for operator, find in OPERATORS.items()
        for number, mutation in enumerate(_chosen(find(sample), f"{seed}/{sample.name}/{operator}", each), 1)
    ]
    names = list(OPERATORS)
    # First one task of each operator in the first sample of each language, then in the second one, and so on.
    places = {sample.name: place for place, sample in _places(samples)}
    chosen.sort(key=lambda row: (row[2], places[row[0].name], names.index(row[1]), row[0].language))
    return tuple(_task(at, *row) for at, row in enumerate(chosen))


def _places(samples: Sequence[Sample]) -> Iterator[tuple[int, Sample]]:
    """Each sample's place among those of its language, from 0."""
    seen: dict[str, int] = {}
    for sample in samples:
        yield seen.get(sample.language, 0), sample
        seen[sample.language] = seen.get(sample.language, 0) + 1


def _chosen(candidates: Iterator[Mutation], salt: str, count: int) -> list[Mutation]:
    """`count` of the candidates, from several files where there are several."""

    def order(mutation: Mutation) -> str:
        # A hash is the same on every machine and in every version of Python, which `random` does not promise.
        return hashlib.sha256(f"{salt}/{mutation.place}".encode()).hexdigest()

    ordered = sorted(candidates, key=order)
    picked: list[Mutation] = []
    for elsewhere in (True, False):
        for mutation in ordered:
            known = {path for other in picked for path in other.undone}
            if len(picked) == count:
                return picked
            if mutation not in picked and not (elsewhere and known & set(mutation.undone)) and _parses(mutation):
                picked.append(mutation)
    return picked


def _parses(mutation: Mutation) -> bool:
    """Whether every file is still valid without the edit: a guard says nothing of a file that was broken before."""
    for path, text in mutation.undone.items():
        root = parse_path(text, path)
        if root is not None and root.has_error:
            return False
        if text is not None and path.endswith(".py"):
            try:
                # The grammar of tree-sitter accepts `def f(*, )`, which Python does not.
                ast.parse(text)
            except SyntaxError:
                return False
    return True


def _task(at: int, sample: Sample, operator: str, number: int, mutation: Mutation) -> Task:
    name = f"{sample.name}/{operator}/{number}"
    return Task(
        name=name,
        number=at,
        operator=operator,
        language=sample.language,
        # The name makes the title unique, so that a scripted model knows the task by it.
        title=f"{mutation.title} ({name})",
        body=blueprint_body(mutation, sample.files),
        base=mutation.base(sample.files),
        wanted=sample.files,
    )
