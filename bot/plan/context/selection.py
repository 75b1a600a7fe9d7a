"""From a tree and a question to ranges of lines: index, rank and pack, by role. What `cadence localize` prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeEntry, TreeReader
from bot.core.globs import matching
from bot.plan.context.analysis import Analysis, decoded, lines_with_ends
from bot.plan.context.index import OCCURRENCES, ContextIndex, IndexedBlob
from bot.plan.context.pack import Ranges, Role
from bot.plan.context.packing import Packable, Packed, pack
from bot.plan.context.paths import CHANGELOG, PathNames, considered, matching_tests, presentable, readable, role_of
from bot.plan.context.question import Question
from bot.plan.context.ranking import Scored, piece_scores, rank
from bot.plan.context.retrieval import Document, candidates, first_scores, idf_of

CANDIDATES = 80
"""Files that are read for the second stage; the right one was among them for 339 of 345 files of known fixes."""
SHOWN_AT_MOST = 30
"""Files of which something may be shown: the right one is rarely further down, and each costs its heading."""
CERTAIN_AT_MOST = 12
TEST_SHARE = 0.12
TESTS_AT_MOST = 4
DOCUMENT_SHARE = 0.03
CHANGELOG_LINES = 40
DOCUMENTS_AT_MOST = 3
SMALL = "the repository is small"
REST_AT_MOST = 60
"""Files of a small repository that are shown although they are not like the text."""
ASKED_SHARE = 0.6
"""Files that a person asked for may take at most this share of the budget, so that the code that matters still fits."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to select for: `budget` in tokens; `asked` are globs or paths of files that are wanted whole."""

    question: Question
    budget: int
    count_tokens: Callable[[str], int]
    asked: Sequence[str] = ()
    recent: Sequence[str] = ()
    without: frozenset[str] = frozenset()
    """Files that are shown already."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One file with the ranges of lines to show, none for a file that was ranked and did not fit; `rank` from 1."""

    path: str
    blob: str
    role: Role
    rank: int
    reason: str
    ranges: Ranges
    text: str
    analysis: Analysis


@dataclass(frozen=True, slots=True)
class Selection:
    """`files` best first: source, then tests, then documents. `named` and `asked` are paths of the tree that the text
    names, or the request asks for; `unreadable` those of them that are not text that may be shown. `summaries` of
    indexed files by path; `used` tokens."""

    files: tuple[Chosen, ...]
    named: tuple[str, ...]
    asked: tuple[str, ...]
    unreadable: tuple[str, ...]
    shown_already: frozenset[str]
    summaries: Mapping[str, str]
    used: int


class Selector:
    """Selects from one tree with one index; `index` may be shared by processes."""

    def __init__(self, tree: TreeReader, index: ContextIndex) -> None:
        self._tree = tree
        self._index = index
        self._texts: dict[str, str] = {}
        self._analysed: dict[str, Analysis] = {}

    def select(self, request: Request) -> Selection:
        """The ranges of lines that matter most for the question. Equal inputs give equal selections, whatever the index
        held before."""
        question = request.question
        regular = {e.path: e for e in self._tree.files() if e.mode in (MODE_FILE, MODE_EXECUTABLE)}
        names = PathNames([path for path in regular if presentable(path)])
        named = names.mentioned(question.text)
        asked = [path for path in regular if matching(request.asked, path) and path not in named]
        asked = [*(path for path in named if matching(request.asked, path)), *asked]
        wanted = dict.fromkeys([*named, *asked])
        blobs = {e.path: str(e.sha) for e in regular.values() if _looked_at(e, wanted)}
        indexed = self._index.update(blobs, self._tree.read)
        usable = {path: indexed[blob] for path, blob in blobs.items() if blob in indexed and indexed[blob].terms >= 0}
        scores, idf = self._first_stage(question, usable)
        scores = {path: found for path, found in scores.items() if path not in request.without}
        ranked = self._ranked(request, scores, idf, usable, wanted)
        files, used = self._packed(request, ranked, scores, idf, usable, blobs, frozenset(asked))
        return Selection(
            files=files,
            named=tuple(named),
            asked=tuple(asked),
            unreadable=tuple(path for path in wanted if path not in usable),
            shown_already=request.without,
            summaries={path: one.summary for path, one in usable.items() if one.summary},
            used=used,
        )

    def _first_stage(
        self, question: Question, usable: Mapping[str, IndexedBlob]
    ) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
        documents = [Document(path, one.row, one.terms) for path, one in sorted(usable.items())]
        postings = self._index.postings(question.terms)
        rows = {one.row for one in documents}
        holders = {term: sum(row in rows for row, _ in found) for term, found in postings.items()}
        idf = {term: idf_of(number, len(rows)) for term, number in holders.items() if number}
        return first_scores(question, documents, postings, OCCURRENCES), idf

    def _ranked(
        self,
        request: Request,
        scores: Mapping[str, tuple[float, float]],
        idf: Mapping[str, float],
        usable: Mapping[str, IndexedBlob],
        wanted: Mapping[str, None],
    ) -> list[Scored]:
        # A document or a test that the text names has to change as likely as a source file has.
        sources = {path: found for path, found in scores.items() if path in wanted or role_of(path) == "source"}
        chosen = candidates(sources, wanted, CANDIDATES)
        analyses = self._analyses(chosen, usable)
        texts = {path: self._texts[path] for path in analyses}
        return rank(request.question, scores, texts, analyses, idf, request.recent)

    def _analyses(self, paths: Sequence[str], usable: Mapping[str, IndexedBlob]) -> dict[str, Analysis]:
        for path in paths:
            if path not in self._texts:
                text = decoded(self._tree.read(path))
                if text is not None:
                    self._texts[path] = text
        new = {path: usable[path].row for path in paths if path in self._texts and path not in self._analysed}
        if new:
            self._analysed.update(self._index.analyses(new, self._texts))
        return {path: self._analysed[path] for path in paths if path in self._analysed}

    def _packed(
        self,
        request: Request,
        ranked: Sequence[Scored],
        scores: Mapping[str, tuple[float, float]],
        idf: Mapping[str, float],
        usable: Mapping[str, IndexedBlob],
        blobs: Mapping[str, str],
        asked: frozenset[str],
    ) -> tuple[tuple[Chosen, ...], int]:
        top = _asked_first(ranked, asked)[:SHOWN_AT_MOST]
        tests = self._tests(request.question, [one.path for one in top[:5]], scores, idf, usable)
        tests = [one for one in tests if one.path not in {two.path for two in top}]
        packed_tests = self._pack(request, tests, int(request.budget * TEST_SHARE))
        logs = self._changelog(request, usable, {one.path for one in top})
        spent = packed_tests.used + sum(request.count_tokens(self._slice(path, found)) for path, found in logs.items())
        packed = self._pack(request, top, request.budget - spent, asked)
        taken = {*packed.ranges, *packed_tests.ranges, *logs}
        more = self._documents(request, scores, taken, request.budget - spent - packed.used)
        spent += sum(request.count_tokens(self._slice(path, found)) for path, found in more.items())
        rest = self._rest(request, usable, {*taken, *more}, request.budget - spent - packed.used)
        spent += sum(request.count_tokens(self._texts[path]) for path in rest)
        chosen = [(one.path, one.reason, packed.ranges.get(one.path) or ()) for one in top]
        chosen += [(path, SMALL, found) for path, found in rest.items() if role_of(path) == "source"]
        chosen += [
            (one.path, one.reason, packed_tests.ranges[one.path]) for one in tests if packed_tests.ranges.get(one.path)
        ]
        chosen += [(path, SMALL, found) for path, found in rest.items() if role_of(path) == "test"]
        chosen += [(path, "where changes are noted", found) for path, found in logs.items()]
        chosen += [(path, "uses its words", found) for path, found in more.items()]
        chosen += [(path, SMALL, found) for path, found in rest.items() if role_of(path) == "document"]
        files = [self._chosen(*one, blobs, rank, usable) for rank, one in enumerate(chosen, 1)]
        return tuple(files), packed.used + spent

    def _pack(
        self, request: Request, files: Sequence[Scored], budget: int, asked: frozenset[str] = frozenset()
    ) -> Packed:
        certain = [one.path for one in files if one.signals["mention"]][:CERTAIN_AT_MOST]
        left, packable = ASKED_SHARE * request.budget, []
        for one in files:
            text = self._texts[one.path]
            size = request.count_tokens(text) if one.path in asked and len(text) // 12 <= left else budget
            whole = one.path in asked and size <= left
            left -= size if whole else 0
            sure = one.path in asked or one.path in certain
            packable.append(Packable(one.path, text, one.pieces, whole=whole, certain=sure))
        # Costs inside are estimates; the exact count decides, so the estimate's budget shrinks until it holds.
        for share in (1.0, 0.95, 0.9, 0.8, 0.6, 0.3):
            packed = pack(packable, int(budget * share), request.count_tokens)
            exact = sum(request.count_tokens(self._slice(path, found)) for path, found in packed.ranges.items())
            if exact <= budget:
                return Packed(packed.ranges, exact)
        return Packed({}, 0)

    def _tests(
        self,
        question: Question,
        chosen: Sequence[str],
        scores: Mapping[str, tuple[float, float]],
        idf: Mapping[str, float],
        usable: Mapping[str, IndexedBlob],
    ) -> list[Scored]:
        """By turns the tests of the best source files by name, and those most like the question.

        One test file for each source file is one habit, one for each feature of a large source file is another.
        """
        tests = [path for path in sorted(scores) if role_of(path) == "test"]
        alike = sorted(tests, key=lambda path: (-round(scores[path][0], 6), path))
        named = matching_tests(chosen, tests)
        turns = (path for pair in zip_longest(named, alike) for path in pair if path is not None)
        paths = list(dict.fromkeys(turns))[:TESTS_AT_MOST]
        analyses = self._analyses(paths, usable)
        pieces = piece_scores(question, {path: self._texts[path] for path in analyses}, analyses, idf)
        near = frozenset(named)
        return [
            Scored(
                path,
                0.0,
                {"mention": 0.0},
                pieces[path],
                "tests of the files above" if path in near else "a similar test",
            )
            for path in paths
            if path in pieces
        ]

    def _changelog(self, request: Request, usable: Mapping[str, IndexedBlob], shown: set[str]) -> dict[str, Ranges]:
        """The head of the changelog nearest to the root, where a change is noted."""
        found = [path for path in usable if CHANGELOG.search(path) and path.count("/") <= 1 and path not in shown]
        for path in sorted(found, key=lambda path: (path.count("/"), path))[:1]:
            ranges = self._head(request, path, int(request.budget * DOCUMENT_SHARE), CHANGELOG_LINES)
            if ranges:
                return {path: ranges}
        return {}

    def _rest(
        self, request: Request, usable: Mapping[str, IndexedBlob], taken: Collection[str], room: int
    ) -> dict[str, Ranges]:
        """Every other file, whole, where all of them fit: of a small repository nothing has to be guessed."""
        left = [path for path in usable if path not in taken and path not in request.without]
        if len(left) > REST_AT_MOST:
            return {}
        entries = [self._tree.entry(path) for path in left]
        # A token has fewer than 12 characters on average: what certainly does not fit is not read.
        if sum(entry.size for entry in entries if entry is not None) // 12 > room:
            return {}
        self._analyses(left, usable)
        texts = {path: self._texts[path] for path in sorted(left) if self._texts.get(path)}
        if sum(map(request.count_tokens, texts.values())) > room:
            return {}
        return {path: ((1, len(lines_with_ends(text))),) for path, text in texts.items()}

    def _documents(
        self, request: Request, scores: Mapping[str, tuple[float, float]], taken: Collection[str], room: int
    ) -> dict[str, Ranges]:
        """Where a small repository leaves space: whole documents that share words with the question, best first."""
        found: dict[str, Ranges] = {}
        alike = [path for path in scores if role_of(path) == "document" and sum(scores[path]) > 0 and path not in taken]
        for path in sorted(alike, key=lambda path: (-round(sum(scores[path]), 6), path))[:DOCUMENTS_AT_MOST]:
            ranges = self._head(request, path, room // 2, sys.maxsize)
            if ranges and ranges[0][1] == len(lines_with_ends(self._texts[path])):
                found[path] = ranges
                room -= request.count_tokens(self._slice(path, ranges))
        return found

    def _head(self, request: Request, path: str, room: int, most: int) -> Ranges:
        """The first lines of a file, as many as fit, at most `most`; none where not even ten do."""
        if path not in self._texts:
            text = decoded(self._tree.read(path))
            if text is None:
                return ()
            self._texts[path] = text
        last = len(lines_with_ends(self._texts[path]))
        shown = min(last, most)
        while shown and request.count_tokens(self._slice(path, ((1, shown),))) > room:
            shown = shown * 3 // 4
        return ((1, shown),) if shown >= min(last, 10) > 0 else ()

    def _chosen(
        self,
        path: str,
        reason: str,
        ranges: Ranges,
        blobs: Mapping[str, str],
        rank: int,
        usable: Mapping[str, IndexedBlob],
    ) -> Chosen:
        analysis = self._analyses([path], usable)[path]
        return Chosen(path, blobs[path], role_of(path), rank, reason, ranges, self._texts[path], analysis)

    def _slice(self, path: str, ranges: Ranges) -> str:
        lines = lines_with_ends(self._texts[path])
        return "".join("".join(lines[start - 1 : end]) for start, end in ranges)


def _looked_at(entry: TreeEntry, wanted: Mapping[str, None]) -> bool:
    if entry.path in wanted:
        return readable(entry.path)
    return entry.size > 0 and considered(entry.path)


def _asked_first(ranked: Sequence[Scored], asked: frozenset[str]) -> list[Scored]:
    return [*(one for one in ranked if one.path in asked), *(one for one in ranked if one.path not in asked)]
