"""Operators on whole files, documents and several files at once. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.plan.selftest.mutation import TEST_PATH, Mutation, lines_of_file
from bot.plan.selftest.operators import definitions, statements, values
from bot.plan.selftest.samples import Sample
from bot.syntax.languages import language_of

LONGEST_ADDED = 120
COMBINATIONS = 24
DOCUMENTS = (".md", ".toml", ".json", ".mod", ".txt", ".cfg")


def file_deleted(sample: Sample) -> Iterator[Mutation]:
    """A file is missing."""
    for path, text in sample.files.items():
        if 8 <= text.count("\n") <= LONGEST_ADDED:
            intent = f"The file `{path}` was deleted. Add it again with exactly the text below."
            yield Mutation(path, f"Restore the file `{path}`", intent, {path: None})


def file_left_over(sample: Sample) -> Iterator[Mutation]:
    """A copy of a file was left in the repository."""
    for path, text in sample.files.items():
        copy = _beside(path, "_copy" if "." in path else ".copy")
        if copy in sample.files or language_of(path) is None or text.count("\n") < 20:
            continue
        intent = (
            f"`{copy}` is a copy of `{path}` that was committed by mistake. Nothing uses it. Delete the file `{copy}`, "
            f"and leave `{path}` and everything else as it is."
        )
        yield Mutation(path, f"Delete the left-over file `{copy}`", intent, {copy: text}, exact=False)


def file_renamed(sample: Sample) -> Iterator[Mutation]:
    """A file that no other imports has another name."""
    for path, text in sample.files.items():
        if TEST_PATH.search(path) is None and not path.endswith((".md", ".txt")):
            continue
        other = _beside(path, "_extra")
        if other in sample.files or text.count("\n") < 5:
            continue
        intent = (
            f"Rename the file `{other}` to `{path}`. Its content stays as it is, to the byte, and nothing else changes."
        )
        yield Mutation(path, f"Rename `{other}` to `{path}`", intent, {path: None, other: text}, exact=False)


def _beside(path: str, addition: str) -> str:
    """Another name in the same folder, with the same endings; a Go test stays one."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.partition(".")
    if stem.endswith("_test"):
        stem, ending = stem.removesuffix("_test"), "_test" + dot + ending
        return f"{folder}{slash}{stem}{addition}{ending}"
    return f"{folder}{slash}{stem}{addition}{dot}{ending}"


def document_changed(sample: Sample) -> Iterator[Mutation]:
    """A line of a document or a configuration file is missing."""
    for path, text in sample.files.items():
        if not path.endswith(DOCUMENTS):
            continue
        lines = lines_of_file(text)
        for row, line in enumerate(lines):
            shown = line.strip()
            # A bracket, a fence or a heading alone would leave a file that does not parse, or that a guard refuses.
            if len(shown) < 12 or shown.startswith(("#", "```", "[", "{")) or shown.endswith(("{", "[", "(")):
                continue
            left = "".join([*lines[:row], *lines[row + 1 :]])
            intent = f"A line is missing in `{path}`. Restore it exactly, in the place given below."
            yield Mutation(f"{path}:{row}", f"Restore a line of `{path}`", intent, {path: left})


def several_files(sample: Sample) -> Iterator[Mutation]:
    """Three edits of other operators, each in a file of its own."""
    kinds = (
        definitions.function_deleted,
        statements.error_case_removed,
        values.comparison_changed,
        values.constant_changed,
        definitions.test_deleted,
        document_changed,
    )
    found = [list(kind(sample)) for kind in kinds]
    for number in range(COMBINATIONS):
        chosen: list[Mutation] = []
        for offset, candidates in enumerate(found):
            taken = {path for mutation in chosen for path in mutation.undone}
            # Another start in each list, so that the same files do not always come together.
            start = number * 7 + offset * 3
            order = [candidates[(start + at) % len(candidates)] for at in range(len(candidates))]
            fitting = [one for one in order if not taken & set(one.undone)]
            chosen += fitting[:1]
        picked = [chosen[(number + at) % len(chosen)] for at in range(min(3, len(chosen)))]
        undone = {path: text for mutation in picked for path, text in mutation.undone.items()}
        intent = "Three edits were lost. " + " ".join(mutation.intent for mutation in picked)
        yield Mutation("+".join(mutation.place for mutation in picked), "Restore three lost edits", intent, undone)
