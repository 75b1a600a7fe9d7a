"""Which files matter for a blueprint: those it names first, then BM25 over paths and contents. Deterministic."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import bm25s

from bot.plan.context.index import SourceFile

# bm25s sets its own logger to DEBUG when it is imported, so the level of the root logger does not silence it.
logging.getLogger("bm25s").setLevel(logging.WARNING)

_WORD = re.compile(r"[^\W\d_][^\W_]*|[0-9]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_STOP = frozenset(
    re.findall(
        "[a-z]+",
        "the an and or of to in is it be on for with as at by this that from are not if when then else should must add "
        "use make new into",
    )
)
PATH_WEIGHT = 4
"""A path's words count this often, the content's once each: a name says more about a file than one line in it."""
PROSE_WEIGHT = 0.6
"""Factor for the score of a README or a changelog, which uses a blueprint's words and rarely has to change."""
AMBIGUOUS = 3
"""Where more paths than this share a file name, the bare name means none of them."""

_TOKEN = re.compile(r"[\w./\\@+~-]+")
_PLAIN_PATH = re.compile(r"[\w./@+~-]+")
_TEST = re.compile(
    r"(^|/)(tests?|specs?|__tests__)/|(^|/)(test_[^/]*|conftest\.py)$|[._-](test|spec|tests)\.\w+$", re.I
)
_TEST_AFFIX = re.compile(r"^test_|[._-](?:test|spec|tests)$|(?<=[a-z])Tests?$")
_PROSE = re.compile(
    r"\.(md|rst|txt|adoc)$|(^|/)(readme|changelog|changes|history|licen[cs]e|notice|authors)[^/]*$", re.I
)


def words(text: str) -> list[str]:
    """Lower-case words; identifiers also in their parts (`read_texts`, `readTexts` -> read, texts)."""
    found = []
    for word in _WORD.findall(text):
        whole = word.lower()
        # `_CAMEL` knows only ASCII letters, and would drop the others.
        parts = [part.lower() for part in _CAMEL.findall(word)] if word.isascii() else []
        for term in [whole, *parts] if len(parts) > 1 else [whole]:
            if len(term) > 1 and term not in _STOP:
                found.append(term)
    return found


def mentioned(paths: Sequence[str], text: str) -> list[str]:
    """Paths that the text names, in the order of their mention.

    A path counts when the text has it whole, its last components, a file name that at most three paths share,
    or it as a dotted module (`shop.cart.totals` for `src/shop/cart/totals.py`).
    """
    owners: dict[str, list[str]] = {}
    modules: dict[str, list[str]] = {}
    for path in paths:
        name = path.rpartition("/")[2]
        owners.setdefault(name, []).append(path)
        if name.endswith(".py"):
            modules.setdefault(name[:-3], []).append(path)
    found: list[tuple[int, str]] = []
    for match in _TOKEN.finditer(text):
        token = match[0].replace("\\", "/").rstrip(".-/").removeprefix("./").lstrip("/")
        found += [(match.start(), path) for path in _meant(token, owners, modules)]
    # Paths with spaces or brackets are not one token, so they are searched as they are.
    odd = (path for path in paths if not _PLAIN_PATH.fullmatch(path) and path in text)
    found += [(text.find(path), path) for path in odd]
    return list(dict.fromkeys(path for _, path in sorted(found)))


def _meant(token: str, owners: dict[str, list[str]], modules: dict[str, list[str]]) -> list[str]:
    """The paths that one word of a text names; none when it could be an ordinary word or too many paths share it."""
    name = token.rpartition("/")[2]
    same = owners.get(name, [])
    if token in same and ("/" in token or _is_file_name(token)):
        return [token]
    if "/" in token:
        ends = [path for path in same if path.endswith(f"/{token}")]
        # A stack trace or a link names the file by a longer path than the repository's own.
        inner = [path for path in same if "/" in path and token.endswith(f"/{path}")]
        return [max(inner, key=len)] if inner else ends if len(ends) <= AMBIGUOUS else []
    if same:
        return same if len(same) <= AMBIGUOUS and _is_file_name(name) else []
    if "." in token:
        *parents, last = token.split(".")
        # `shop.cart.totals` is a module; in `totals.compute` the module comes one earlier.
        for parts in ([*parents, last], parents):
            ends = _modules_ending(parts, modules)
            if 0 < len(ends) <= AMBIGUOUS:
                return ends
    return []


def _modules_ending(parts: Sequence[str], modules: dict[str, list[str]]) -> list[str]:
    if len(parts) < 2:
        return []
    tail = "/".join(parts) + ".py"
    return [path for path in modules.get(parts[-1], []) if path == tail or path.endswith(f"/{tail}")]


def _is_file_name(name: str) -> bool:
    """`cart.py` and `Makefile` name files; `build` is more likely a word."""
    return "." in name.strip(".") or name.startswith(".") or name != name.lower()


def rank_paths(paths: Sequence[str], text: str) -> list[str]:
    """All paths, best first, by their names alone: what to read of a tree too large to read whole."""
    return _ranked(paths, [words(path) for path in paths], text)


def rank(files: Sequence[SourceFile], text: str) -> list[str]:
    """The files' paths, best first; the tests of a file that the text names come right after what is named."""
    paths = [file.path for file in files]
    corpus = [words(file.path) * PATH_WEIGHT + words(file.text) for file in files]
    return _ranked(paths, corpus, text)


def _ranked(paths: Sequence[str], corpus: list[list[str]], text: str) -> list[str]:
    if not paths:
        return []
    named = mentioned(paths, text)
    first = list(dict.fromkeys([*named, *_tests_of(named, paths)]))
    scores = _scores(corpus, text)
    # Without a common word every score is 0; files near the root say most about a repository.
    if scores is None:
        rest = sorted(paths, key=lambda path: (path.count("/"), path))
    else:
        weighted = [
            score * (PROSE_WEIGHT if _PROSE.search(path) else 1) for score, path in zip(scores, paths, strict=True)
        ]
        # Rounded, because the sums differ in their last digits between processors, and the order must not.
        rest = [paths[i] for i in sorted(range(len(paths)), key=lambda i: (-round(weighted[i], 6), paths[i]))]
    return list(dict.fromkeys([*first, *rest]))


def _scores(corpus: list[list[str]], text: str) -> list[float] | None:
    """BM25 of every document for the text's words, or None when they share no word."""
    vocabulary = {word for document in corpus for word in document}
    known = sorted(set(words(text)) & vocabulary)
    if not known:
        return None
    # The "lucene" variant never gives a negative weight: https://github.com/xhluca/bm25s
    index = bm25s.BM25(method="lucene")
    index.index(corpus, show_progress=False)
    return [float(score) for score in index.get_scores(known)]


def _tests_of(named: Sequence[str], paths: Sequence[str]) -> list[str]:
    """The test files named after `named`, in the order of `named`."""
    stems = {stem: order for order, path in reversed(list(enumerate(named))) if (stem := _stem(path))}
    found = [
        (stems[stem], path)
        for path in paths
        if _TEST.search(path) and (stem := _TEST_AFFIX.sub("", _stem(path))) in stems and path not in named
    ]
    # At most two for each named file, so that a common stem does not fill the prompt with tests.
    return [path for _, path in sorted(found)][: 2 * len(named)]


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name
