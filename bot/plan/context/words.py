"""The terms of a text: identifiers whole and in their parts, words without their endings. Texts and questions alike."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

_TOKEN = re.compile(r"[^\W\d]\w+")
# The same for ASCII, in half the time.
_ASCII_TOKEN = re.compile(r"[A-Za-z_]\w+", re.ASCII)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
LONGEST_TERM = 64
"""A longer run of letters is data, such as base64."""

STOP = frozenset(
    re.findall(
        "[a-z]+",
        "the an and or of to in is it its be been being on for with as at by this that these those from are was were "
        "if when then else there here should would could must may might can will do does did done not no but so than "
        "too very just about into over such only also any all some each other more most own same which who whom what "
        "how why where we you he she they them their our your my me us has have had having am i",
    )
)


@lru_cache(maxsize=200_000)
def expand(token: str) -> tuple[str, ...]:
    """The terms of one token: it, and its parts where it has several (`readTexts` -> readtexts, read, text)."""
    if len(token) > LONGEST_TERM:
        return ()
    whole = token.lower()
    # `_PART` knows only ASCII letters, and would drop the others.
    parts = _PART.findall(token) if token.isascii() else []
    if len(parts) < 2:
        # Without the underscores of `_private` and `__all__`, so that they are found by the plain name.
        bare = whole.strip("_")
        return () if bare in STOP or len(bare) < 2 else (stem(bare),)
    found = [whole.strip("_")]
    for part in parts:
        low = part.lower()
        if len(low) > 1 and low not in STOP and not low.isdigit():
            found.append(stem(low))
    return tuple(dict.fromkeys(found))


def stem(word: str) -> str:
    """The word without the ending of a plural, a participle or a gerund. Wrong stems are harmless: both sides agree."""
    if len(word) < 4 or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            # `running` -> run, `parsed` -> pars: `parse` loses its last letter below, so that they are equal.
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sle":
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def tokens(text: str) -> list[str]:
    """The identifiers and words of a text in its order, as they are written."""
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)


def term_counts(text: str) -> dict[str, int]:
    """How often each term occurs in a text."""
    counts: dict[str, int] = {}
    for token, number in Counter(tokens(text)).items():
        for term in expand(token):
            counts[term] = counts.get(term, 0) + number
    return counts


def words(text: str) -> list[str]:
    """The terms of a text in its order."""
    return [term for token in tokens(text) for term in expand(token)]
