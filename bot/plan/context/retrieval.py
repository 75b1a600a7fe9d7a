"""The first stage: every file of a tree by the words of its content (BM25) and path. Pure and deterministic."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.plan.context.question import Question
from bot.plan.context.words import words

# The usual values of BM25.
_K1 = 1.2
_B = 0.75
_PATH_B = 0.6
PATH_WEIGHT = 0.4
"""Of the path's score beside the content's, each divided by its best."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the tree for the first stage: `row` of its blob in the index, `terms` in it."""

    path: str
    row: int
    terms: int


def first_scores(
    question: Question,
    documents: Sequence[Document],
    postings: Mapping[str, Sequence[tuple[int, str]]],
    occurrences: Mapping[str, float],
) -> dict[str, tuple[float, float]]:
    """By path, BM25 of the content and of the path's words. `occurrences` maps the columns of the postings."""
    if not documents:
        return {}
    contents = _content_scores(question, documents, postings, occurrences)
    paths = _path_scores(question, [one.path for one in documents])
    return {one.path: (contents.get(one.row, 0.0), paths.get(one.path, 0.0)) for one in documents}


def idf_of(number: int, documents: int) -> float:
    """The weight of a term that `number` of all documents have; never negative."""
    return math.log(1 + (documents - number + 0.5) / (number + 0.5))


def _content_scores(
    question: Question,
    documents: Sequence[Document],
    postings: Mapping[str, Sequence[tuple[int, str]]],
    occurrences: Mapping[str, float],
) -> dict[int, float]:
    sizes = {one.row: one.terms for one in documents}
    mean = sum(sizes.values()) / len(sizes) or 1.0
    norms = {row: _K1 * (1 - _B + _B * size / mean) for row, size in sizes.items()}
    scores: dict[int, float] = defaultdict(float)
    for term, weight in question.terms.items():
        # Rows of other commits are in the index, too; they must not count.
        found = [(row, occurrences[column]) for row, column in postings.get(term, ()) if row in norms]
        factor = weight * idf_of(len(found), len(sizes)) * (_K1 + 1)
        for row, times in found:
            scores[row] += factor * times / (times + norms[row])
    return scores


def _path_scores(question: Question, paths: Sequence[str]) -> dict[str, float]:
    split = {path: words(path) for path in paths}
    mean = sum(map(len, split.values())) / len(split) or 1.0
    holders: dict[str, list[str]] = defaultdict(list)
    for path, terms in split.items():
        for term in set(terms):
            if term in question.terms:
                holders[term].append(path)
    scores: dict[str, float] = defaultdict(float)
    for term in sorted(holders):
        weight = min(question.terms[term], 2.0) * idf_of(len(holders[term]), len(paths))
        for path in holders[term]:
            norm = 1 - _PATH_B + _PATH_B * len(split[path]) / mean
            scores[path] += weight * (_K1 + 1) / (1 + _K1 * norm)
    return scores


def candidates(scores: Mapping[str, tuple[float, float]], named: Iterable[str], most: int) -> list[str]:
    """The paths to read: those that the text names, then the best by content and path together, `most` in all."""
    top_content = max((content for content, _ in scores.values()), default=0.0) or 1.0
    top_path = max((path for _, path in scores.values()), default=0.0) or 1.0
    joined = {path: a / top_content + PATH_WEIGHT * b / top_path for path, (a, b) in scores.items()}
    # Rounded, because sums differ in their last digits between processors, and the order must not.
    order = sorted(joined, key=lambda path: (-round(joined[path], 6), path))
    return list(dict.fromkeys([*(path for path in named if path in scores), *order]))[:most]
