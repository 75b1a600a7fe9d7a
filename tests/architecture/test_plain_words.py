"""The project is written in GitHub's words and the field's: no phrase of a private dialect comes back.

Each phrase below once needed an explanation. The test reads every text that people or models read: code with its
docstrings and messages, documents, prompts and cases, and lists every offender with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = ("bot", "docs", "tools", "README.md", "CONTRIBUTING.md")
"""CHANGELOG.md is history, and is not read."""
SUFFIXES = frozenset({".py", ".md", ".toml", ".txt", ".yml", ".scm", ".html"})

PHRASES = {
    # metaphors
    r"\bthe house\b": "the architecture, the services",
    r"\b(?:the|one) door\b": "the effect gateway",
    r"\b(?:the|a) desk\b": "the run's context",
    r"\bmandate\b": "actor",
    r"\bthe gate's hands\b": "carries out gate decisions",
    r"\bleft the road\b": "outside the normal sequence",
    r"\bcr(?:y|ies) wolf\b": "false-positive rate",
    r"\bheals?\b": "recovers from",
    r"\bdead machines?\b": "crashed workers",
    r"\bthe real judge\b": "the reviewer",
    r"\bspeaks? of\b": "is for",
    r"\bin hand\b": "current",
    # words of another time
    r"\banew\b": "again",
    r"\bafresh\b": "again",
    r"\bonce more\b": "again",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\bmoments?\b": "time",
    r"\bbuy it twice\b": "pay for it twice",
    r"\buntil the hour named\b": "until the limit resets",
    r"\bobeys?\b": "handles",
    r"\bby itself\b": "automatically; on its own",
    r"\bby themselves\b": "automatically; on their own",
    r"\b(?:some|any|every|no)body\b": "a person, anyone, everyone, no one",
    r"\bhimself\b": "yourself",
    # turns of phrase
    r"(?<!\bthere )(?<!\bhere )\b(?:is|was) no (?!longer\b|more\b|one\b|other\b)": "is not a",
    r"\bwhich is no proof\b": "which does not count as passing",
    r"\bstands? (?:there|in|on|at|now|beside|before|after|above|below|alone|between)\b": "is",
    r"\b(?:where|what) (?:it|they|he|each|one|the \w+) stands?\b(?! for)": "where it is",
    r"\bas (?:it|they) stands?\b": "as it is",
    r"\bcame of\b": "the outcome of",
    r"\bas told\b": "as expected",
    r"\b\w+ of ours\b": "our own",
    r"\b(?:branch|blueprint|pull requests?|checks?) of Cadence's\b": "a Cadence pull request",
    r"\bsaid (?:anew|twice)\b": "reviewed again",
    r"\bsame matter\b": "equal inputs",
    r"\bgoes before the (?:blueprint|plan|text)\b": "takes precedence over",
    r"\bthere were chains\b": "chains existed",
}
_ANY = re.compile("|".join(f"(?P<p{number}>{phrase})" for number, phrase in enumerate(PHRASES)), re.IGNORECASE)


def offences(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, phrase, what to write) for each phrase of a text; one that is broken over two lines counts too."""
    joined = text.replace("\n", " ")
    for hit in _ANY.finditer(joined):
        advice = list(PHRASES.values())[int(str(hit.lastgroup)[1:])]
        yield text.count("\n", 0, hit.start()) + 1, hit[0], advice


def files() -> list[Path]:
    """Every text of the project that people or models read, and no recorded or generated data."""
    found = [path for name in READ for path in (ROOT / name, *(ROOT / name).rglob("*")) if path.is_file()]
    return sorted(path for path in found if path.suffix in SUFFIXES and "sample" not in path.parts)


def test_everything_is_written_in_plain_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: `{phrase}`: write {advice}"
        for path in files()
        for line, phrase, advice in offences(path.read_text("utf-8"))
    ]
    assert not found, "\n".join([f"{len(found)} phrases:", *found])


def test_a_phrase_is_found_with_its_line() -> None:
    assert [(line, phrase) for line, phrase, _ in offences("one\nIt is no file.\n# read\n# Anew.")] == [
        (2, "is no "),
        (4, "Anew"),
    ]
    assert not list(offences("There is no file, and it is no longer wanted; door.closed is a code."))
