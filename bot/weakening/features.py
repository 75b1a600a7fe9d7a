"""What left the product in the same change: a test of it may leave, too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from bot.syntax.languages import language_of
from bot.syntax.outline import outline
from bot.weakening.files import FilePair
from bot.weakening.paths import is_test_path

_WORD = re.compile(r"[A-Za-z_][\w-]{3,}")
_DEFINITION = re.compile(
    r"\b(?:def|class|func|fn|function|struct|enum|trait|interface|type|const|let|var|module|mod|void|static|public|private"
    r"|export|async|macro_rules!)\s+(?:\([^)]*\)\s*)?(?:\w+\s+)?(\w{3,})|^\s*(\w{4,})\s*[:=]|[\"'](--?[\w-]{3,}|[\w./-]{5,})[\"']",
    re.MULTILINE,
)

_DEFINED = re.compile(r"\b(?:def|class|func|fn|function|struct|enum|trait|interface)\s+(?:\([^)]*\)\s*)?(\w{4,})")
_PROPERTY = re.compile(
    r"^[ \t]*(?:[\w$]+\.)+([\w$]{3,})\s*=\s*(?:async\s*)?(?:function\b|\([^()\n]*\)\s*=>|\w+\s*=>)", re.MULTILINE
)
"""`app.error = function`: a function that objects get."""
_METHOD = re.compile(
    r"^[ \t]*(?:(?:public|protected|private|internal|static|final|abstract|synchronized|default|override|virtual)\s+)*"
    r"(?:<[^>\n]+>\s+)?"
    r"(?!(?:return|new|else|throw|if|for|while|switch|case|assert|await|yield)\b)[\w.<>\[\],?]+\s+(\w{3,})\s*\([^;{}()]*\)"
    r"\s*(?:throws\s+[\w., ]+)?\s*\{",
    re.MULTILINE,
)
_IDENTIFIER = re.compile(r"(?=\w{5})\w*(?:[a-z][A-Z]|_|^[A-Z]|\d)\w*|[A-Z]\w{4,}")


class Vanished:
    """Names that the changed product files defined or spelled before and no longer hold anywhere."""

    def __init__(self, changed: Iterable[FilePair]) -> None:
        self._pairs = [pair for pair in changed if _is_product(pair)]

    @property
    def product_changed(self) -> bool:
        return bool(self._pairs)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the product's changed files that none of them holds any more."""
        before = _words(pair.before for pair in self._pairs)
        return before - _words(pair.after for pair in self._pairs)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names defined before, and modules deleted."""
        defined: set[str] = set()
        for pair in self._pairs:
            for hit in _DEFINITION.finditer(pair.before or ""):
                defined.update(group.strip("-") for group in hit.groups() if group)
            if pair.gone:
                stem = pair.path.rsplit("/", 1)[-1].split(".")[0]
                defined.add(
                    stem if stem not in ("index", "__init__", "mod", "lib", "main") else pair.path.split("/")[-2:][0]
                )
        gone_stems = {pair.path.rsplit("/", 1)[-1].split(".")[0] for pair in self._pairs if pair.gone}
        return frozenset(defined & (self.words | gone_stems))

    @cached_property
    def definitions(self) -> frozenset[str]:
        """What a changed file defined and defines no longer, even where another file still spells it."""
        found: set[str] = set()
        for pair in self._pairs:
            after = set(_DEFINED.findall(pair.after or ""))
            found.update(name for name in _DEFINED.findall(pair.before or "") if name not in after)
        return frozenset(found)

    @cached_property
    def members(self) -> frozenset[str]:
        """Methods and functions of objects that a changed file defined and defines no longer."""
        found: set[str] = set()
        for pair in self._pairs:
            pattern = _METHOD if pair.path.endswith((".java", ".cs", ".kt")) else _PROPERTY
            after = set(pattern.findall(pair.after or ""))
            found.update(name for name in pattern.findall(pair.before or "") if name not in after)
        return frozenset(found)

    @cached_property
    def exact(self) -> frozenset[str]:
        """Definitions by the syntax of the languages that are read, however short their names."""
        before: set[str] = set()
        after: set[str] = set()
        for pair in self._pairs:
            before |= _definitions(pair.before, pair.old_path)
            after |= _definitions(pair.after, pair.path)
        return frozenset(before - after)

    def explains_test(self, names: Iterable[str], text: str, words: frozenset[str] = frozenset()) -> bool:
        """Whether a test of these names, text and words leaves with the product: it names what has vanished, calls a
        member that has, or is named after something that the product no longer mentions."""
        if words & self.exact:
            return True
        if self.explains(_WORD.findall(text)):
            return True
        if self.members and any(name in self.members for name in re.findall(r"[.:](\w{3,})", text)):
            return True
        called = {word for name in names for word in _IDENTIFIER.findall(name)}
        return any(word in self.words and word in text for word in called)

    def explains(self, words: Iterable[str]) -> str | None:
        """A vanished name among the words, or None."""
        return next((word for word in sorted(set(words)) if word in self.names or word in self.definitions), None)

    def explains_text(self, text: str) -> bool:
        """Whether the text mentions any word that left the product."""
        return any(word in self.words or word in self.definitions for word in _WORD.findall(text))


def _definitions(text: str | None, path: str) -> set[str]:
    found = outline(text, path)
    return set(found.definitions) if found is not None else set()


def _is_product(pair: FilePair) -> bool:
    path = pair.path
    if is_test_path(path) or (
        language_of(path) is None and not re.search(r"\.(?:kt|scala|groovy|cs|php|swift|ex|pegjs|proto)$", path)
    ):
        return False
    return not re.search(r"(?:^|/)(?:docs?|examples?|benchmarks?|bench)/", path)


def _words(texts: Iterable[str | None]) -> frozenset[str]:
    found: set[str] = set()
    for text in texts:
        found.update(_WORD.findall(text or ""))
    return frozenset(found)
