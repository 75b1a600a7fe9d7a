"""Which files matter for a question, best first. Pure and deterministic: the same values give the same order.

The second stage, on the candidates of `bot.plan.context.retrieval`: what is like the question in their pieces, names,
messages, mentions and imports decides.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.plan.context.analysis import Analysis, line_offsets
from bot.plan.context.imports import dotted_name, import_edges
from bot.plan.context.paths import PathNames, prior
from bot.plan.context.pieces import Piece
from bot.plan.context.question import Question
from bot.plan.context.words import expand, tokens

# The usual value of BM25, and a weaker correction for length: a long definition is not a worse one.
_K1 = 1.2
_PIECE_B = 0.6
NAME_COUNTS = 3
"""A word in the name of a definition, or of a class around it, counts this often."""

FRAME_MENTION = 0.5
"""A mention in a code block or a stack trace counts so much of one in a sentence."""

WEIGHTS = {
    "content": 0.8,
    "path": 0.4,
    "pieces": 1.0,
    "definitions": 0.5,
    "name parts": 0.2,
    "messages": 0.3,
    "mention": 1.4,
    "trace": 0.3,
    "module": 0.2,
    "imports": 0.15,
    "history": 0.05,
}
"""Each signal is divided by its best value among the candidates and multiplied by this. Round numbers, chosen
by trying half and double of each on the issues of five and the fix commits of 23 public repositories: recall at 5 moved
by one or two points. They were not held against repositories that took no part in the choice."""
REASONS = {
    "content": "uses its words",
    "path": "its path is like the text",
    "pieces": "a part of it is like the text",
    "definitions": "defines what the text names",
    "name parts": "defines names like the text's words",
    "messages": "holds a message that the text quotes",
    "mention": "named in the text",
    "trace": "in a stack trace of the text",
    "module": "imported in the text",
    "imports": "imported by the best files",
    "history": "changed recently",
}


@dataclass(slots=True)
class Scored:
    """A candidate: its score and the signals that it is made of, each from 0 to 1; pieces with their own scores."""

    path: str
    score: float
    signals: dict[str, float]
    pieces: list[tuple[Piece, float]] = field(default_factory=list)
    given_reason: str = ""

    @property
    def reason(self) -> str:
        """The strongest signals, for people; or the reason that it was made with."""
        if self.given_reason:
            return self.given_reason
        weighed = sorted(self.signals, key=lambda name: -WEIGHTS[name] * self.signals[name])
        first = [name for name in ("mention", "trace", "definitions", "messages") if self.signals.get(name)]
        best = list(dict.fromkeys([*first, *weighed]))[:2]
        return ", ".join(REASONS[name] for name in best if self.signals[name] > 0)


def rank(
    question: Question,
    scores: Mapping[str, tuple[float, float]],
    texts: Mapping[str, str],
    analyses: Mapping[str, Analysis],
    idf: Mapping[str, float],
    recent: Sequence[str] = (),
) -> list[Scored]:
    """The candidates (the paths of `texts`), best first, each with its signals and the scores of its pieces."""
    signals: dict[str, dict[str, float]] = {path: dict.fromkeys(WEIGHTS, 0.0) for path in texts}
    pieces = piece_scores(question, texts, analyses, idf)
    for path, found in signals.items():
        found["content"], found["path"] = scores[path]
        top = sorted((score for _, score in pieces[path]), reverse=True)[:3]
        found["pieces"] = sum(score * share for score, share in zip(top, (1, 0.5, 0.33), strict=False))
        found["name parts"] = _name_parts(question, analyses[path], idf)
    _definitions(question, analyses, signals)
    _messages(question, texts, signals)
    _mentions(question, signals)
    _modules(question, analyses, signals)
    _history(recent, signals)
    _normalise(signals)
    sums = {path: _sum(path, found) for path, found in signals.items()}
    _imports(analyses, sums, signals)
    sums = {path: score + WEIGHTS["imports"] * signals[path]["imports"] for path, score in sums.items()}
    order = sorted(sums, key=lambda path: (-round(sums[path], 6), path))
    return [Scored(path, round(sums[path], 6), signals[path], pieces[path]) for path in order]


def _sum(path: str, found: Mapping[str, float]) -> float:
    score = sum(weight * found[name] for name, weight in WEIGHTS.items())
    return score if found["mention"] else score * prior(path)


def _normalise(signals: dict[str, dict[str, float]]) -> None:
    for name in WEIGHTS.keys() - {"mention"}:
        top = max((found[name] for found in signals.values()), default=0.0) or 1.0
        for found in signals.values():
            found[name] /= top


def piece_scores(
    question: Question, texts: Mapping[str, str], analyses: Mapping[str, Analysis], idf: Mapping[str, float]
) -> dict[str, list[tuple[Piece, float]]]:
    """By path, each piece with how much it is like the question: BM25 with the names of definitions counting more."""
    asked = _Asked(question)
    counted = {path: _counted(question, texts[path], analyses[path], asked) for path in texts}
    sizes = [size for rows in counted.values() for _, _, size in rows]
    mean = sum(sizes) / len(sizes) if sizes else 1.0
    found = {}
    for path, rows in counted.items():
        scored = []
        for piece, counts, size in rows:
            norm = _K1 * (1 - _PIECE_B + _PIECE_B * size / (mean or 1.0))
            score = sum(
                question.terms[term] * idf.get(term, 0.0) * times * (_K1 + 1) / (times + norm)
                for term, times in counts.items()
            )
            scored.append((piece, score))
        found[path] = scored
    return found


class _Asked(dict[str, tuple[str, ...]]):
    """The terms of a token that are in the question, worked out when the token is seen for the first time."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._terms = question.terms

    def __missing__(self, token: str) -> tuple[str, ...]:
        found = self[token] = tuple(term for term in expand(token) if term in self._terms)
        return found


def _counted(
    question: Question, text: str, analysis: Analysis, asked: _Asked
) -> list[tuple[Piece, dict[str, int], int]]:
    """Each piece with how often it has each of the question's terms, and how many terms it has in all."""
    offsets = line_offsets(text)
    rows: list[tuple[Piece, dict[str, int], int]] = []
    for piece in analysis.pieces:
        found = tokens(text[offsets[piece.start - 1] : offsets[piece.end]])
        counts: dict[str, int] = {}
        # Most tokens have nothing to do with the question; `filter` passes over them without a step of Python.
        for terms in filter(None, map(asked.__getitem__, found)):
            for term in terms:
                counts[term] = counts.get(term, 0) + 1
        for name in piece.names:
            for term in expand(name):
                if term in question.terms:
                    counts[term] = counts.get(term, 0) + NAME_COUNTS
        rows.append((piece, counts, 2 * len(found)))
    return rows


def _name_parts(question: Question, analysis: Analysis, idf: Mapping[str, float]) -> float:
    terms = {term for one in analysis.definitions for term in expand(one.name)}
    score = sum(question.terms[term] * idf.get(term, 0.0) for term in sorted(terms & question.terms.keys()))
    # A file with many definitions has some word of every question.
    return score / (1 + math.log(1 + len(analysis.definitions)))


def _definitions(question: Question, analyses: Mapping[str, Analysis], signals: dict[str, dict[str, float]]) -> None:
    names = {path: {one.name for one in analysis.definitions} for path, analysis in analyses.items()}
    owners = Counter(name for found in names.values() for name in found)
    for path, found in names.items():
        asked = sorted(found & question.identifiers.keys())
        # A name that many files define (`get`) says less about each of them.
        signals[path]["definitions"] = min(
            4.0, sum(question.identifiers[name] / math.sqrt(owners[name]) for name in asked)
        )


def _messages(question: Question, texts: Mapping[str, str], signals: dict[str, dict[str, float]]) -> None:
    if not question.messages:
        return
    for path, text in texts.items():
        low = text.lower()
        held = (message for message in question.messages if message in low)
        signals[path]["messages"] = sum(min(message.count(" ") + 1, 6) / 3 for message in held)


def _mentions(question: Question, signals: dict[str, dict[str, float]]) -> None:
    names = PathNames(sorted(signals))
    for path in names.mentioned(question.text):
        signals[path]["mention"] = FRAME_MENTION
    # A stack trace names many files on the way; what a person writes in a sentence is meant.
    for path in names.mentioned(question.prose):
        signals[path]["mention"] = 1.0
    for number, frame in enumerate(question.frames, 1):
        for path in names.mentioned(frame.path)[:2]:
            # The last frame is mostly where the error is raised.
            signals[path]["trace"] = max(signals[path]["trace"], number / len(question.frames))


def _modules(question: Question, analyses: Mapping[str, Analysis], signals: dict[str, dict[str, float]]) -> None:
    by_last: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted(signals):
        dotted = dotted_name(path)
        by_last[dotted.rpartition(".")[2]].append((dotted, path))
    for module, names in question.modules.items():
        for dotted, path in by_last.get(module.rpartition(".")[2], ()):
            if dotted != module and not dotted.endswith(f".{module}"):
                continue
            defined = {one.name for one in analyses[path].definitions}
            # `utils` alone may be any word; a name that is imported from it and defined in it is not by chance.
            value = 1.5 if names & defined else 1.0 if "." in module else 0.3
            signals[path]["module"] = max(signals[path]["module"], value)


def _history(recent: Sequence[str], signals: dict[str, dict[str, float]]) -> None:
    for path, times in Counter(recent).items():
        if path in signals:
            signals[path]["history"] = math.log(1 + times)


def _imports(analyses: Mapping[str, Analysis], sums: Mapping[str, float], signals: dict[str, dict[str, float]]) -> None:
    """Give each file a share of the scores of the files that import it."""
    given: dict[str, float] = defaultdict(float)
    for path, targets in import_edges(analyses).items():
        for target in targets:
            given[target] += sums[path] / math.sqrt(len(targets))
    top = max(given.values(), default=0.0) or 1.0
    for path in given:
        signals[path]["imports"] = given[path] / top
