"""What a text asks about: words, identifiers written as code, places in stack traces, imports and messages. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.plan.context.words import expand

TITLE_WEIGHT = 2.0
"""A word of the title counts as often as this: the title says what the text is about."""
MOST_TERMS = 400
"""A text with more different terms holds a log; the rarest of them would cost time and say nothing."""

_TOKEN = re.compile(r"[^\W\d]\w+")
_FENCED = re.compile(r"^(```|~~~)[^\n]*\n(.*?)^\1", re.M | re.S)
_BACKTICKED = re.compile(r"`([^`\n]{2,200})`")
_DOTTED = re.compile(r"\b[^\W\d]\w*(?:(?:\.|::|#|->)[^\W\d]\w*)+")
_CALLED = re.compile(r"\b([^\W\d]\w+)\(")
_CODE_LIKE = re.compile(r"\b(?:\w*_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z0-9]+[A-Z]\w*|[A-Z]{2,}[a-z]\w+)")
# `File "a/b.py", line 3, in f`, `at f (a/b.js:3:5)`, `a/b.go:3`, `src/a.rs:3:5`, `a/b.rb:3:in 'f'`, `b.py#L3`.
_FRAMES = (
    re.compile(r"""File ["'](?P<path>[^"'\n]+)["'], line (?P<line>\d+)(?:, in (?P<name>[\w<>.]+))?"""),
    re.compile(r"\bat (?:(?P<name>[\w$.<>\[\] ]+?) )?\(?(?P<path>[\w@./\\~+-]+\.\w+):(?P<line>\d+)(?::\d+)?\)?"),
    re.compile(
        r"(?<![\w@./\\~+-])(?P<path>[\w@./\\~+-]+\.[A-Za-z]\w*)(?::|#L)(?P<line>\d+)(?::\d+)?"
        r"(?::in [`'](?P<name>[\w?!]+)')?"
    ),
)
_FROM_IMPORT = re.compile(r"^[ \t>]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)", re.M)
_IMPORT = re.compile(r"^[ \t>]*import[ \t]+([\w.]+)", re.M)
_MESSAGE = re.compile(r"\b\w*(?:Error|Exception|Warning|panicked|FATAL|fatal)\b[^:\n]{0,40}: *([^\n]{8,300})")
_QUOTED = re.compile(r"(?<!\w)(?:\"([^\"\n]{8,200})\"|'([^'\n]{8,200})'(?!\w)|`([^`\n]{8,200})`)")
_VARIABLE = re.compile(r"[\"'`{}<>\[\]()%$\\/:;,.!?=*#|]+|\b\d+\w*\b|\s+(?=\W)")


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a stack trace or a link to a line: `path` as it is written, `line` from 1, `name` of the function."""

    path: str
    line: int
    name: str


@dataclass(frozen=True, slots=True)
class Question:
    """A title and a text, read once; `prose` is the text without code blocks and stack traces.

    `terms` are weighted. `identifiers` are written as code, with weights. `frames` come in the order of the text.
    `modules` are dotted names that are imported or written out, with the names imported from each. `messages` are runs
    of at least three words that could be part of a string in the code, in lower case.
    """

    text: str
    prose: str
    terms: Mapping[str, float]
    identifiers: Mapping[str, float]
    frames: tuple[Frame, ...]
    modules: Mapping[str, frozenset[str]]
    messages: tuple[str, ...]


def read_question(title: str, body: str) -> Question:
    """What a blueprint's or an issue's text asks about."""
    text = f"{title}\n{body}"
    code = "\n".join(match[2] for match in _FENCED.finditer(body))
    ticks = _BACKTICKED.findall(_FENCED.sub("\n", text))
    identifiers = _identifiers(title, text, code, ticks)
    return Question(
        text=text,
        prose=_prose(title, body),
        terms=MappingProxyType(_terms(title, body)),
        identifiers=MappingProxyType(identifiers),
        frames=_frames(text),
        modules=MappingProxyType(_modules(text)),
        messages=_messages(text),
    )


def _prose(title: str, body: str) -> str:
    outside = _FENCED.sub("\n", body)
    lines = (line for line in outside.split("\n") if not any(pattern.search(line) for pattern in _FRAMES))
    return "\n".join([title, *lines])


def _terms(title: str, body: str) -> dict[str, float]:
    counts: dict[str, float] = {}
    for part, weight in ((title, TITLE_WEIGHT), (body, 1.0)):
        for token in _TOKEN.findall(part):
            for term in expand(token):
                counts[term] = counts.get(term, 0.0) + weight
    # A word that is repeated in a log says little more than once; the first places decide between equal ones.
    best = sorted(counts, key=lambda term: -counts[term])[:MOST_TERMS]
    return {term: 1 + math.log(counts[term]) if counts[term] > 1 else counts[term] for term in best}


def _identifiers(title: str, text: str, code: str, ticks: list[str]) -> dict[str, float]:
    """Names as they are written, with the weight of the best place: the title and backticks above code blocks."""
    found: dict[str, float] = {}
    for name, weight in _names(text, code, ticks):
        if len(name) > 2:
            found[name] = max(found.get(name, 0.0), weight)
    for token in _TOKEN.findall(title):
        found[token] = 1.0 if token in found else 0.4
    return found


def _names(text: str, code: str, ticks: list[str]) -> Iterator[tuple[str, float]]:
    yield from ((token, 0.5) for token in _TOKEN.findall(code))
    yield from ((match[0], 0.8) for match in _CODE_LIKE.finditer(text))
    yield from ((match[1], 0.8) for match in _CALLED.finditer(text))
    for match in _DOTTED.finditer(text):
        yield from ((part, 0.7) for part in re.split(r"\W+", match[0]))
    for tick in ticks:
        names = _TOKEN.findall(tick)
        yield from ((name, 1.0 if len(names) <= 3 else 0.7) for name in names)


def _frames(text: str) -> tuple[Frame, ...]:
    found: dict[tuple[str, int], Frame] = {}
    for pattern in _FRAMES:
        for match in pattern.finditer(text):
            path, line = match["path"].replace("\\", "/"), int(match["line"][:9])
            name = (match["name"] or "").rsplit(".", 1)[-1].strip()
            found.setdefault((path, line), Frame(path, line, name))
    order = {key: text.find(key[0]) for key in found}
    return tuple(found[key] for key in sorted(found, key=lambda key: (order[key], key)))


def _modules(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for module, names in _FROM_IMPORT.findall(text):
        listed = (part.split(" as ")[0].strip(" ()\t\n\\") for part in names.split(","))
        found.setdefault(module, set()).update(name for name in listed if name.isidentifier())
    for module in _IMPORT.findall(text):
        found.setdefault(module, set())
    for match in _DOTTED.finditer(text):
        parts = match[0].replace("::", ".").split(".")
        if all(part.isidentifier() for part in parts) and len(parts) < 8:
            found.setdefault(".".join(parts[:-1]), set()).add(parts[-1])
    return {module: frozenset(names) for module, names in found.items()}


def _messages(text: str) -> tuple[str, ...]:
    """Runs of words between what a program puts into a message: values, quotes, numbers."""
    raw = [match[1] for match in _MESSAGE.finditer(text)]
    raw += [part for match in _QUOTED.finditer(text) for part in match.groups() if part]
    found: dict[str, None] = {}
    for message in raw:
        for part in _VARIABLE.split(message):
            words = part.lower().split()
            if len(words) >= 3:
                found.setdefault(" ".join(words[:12]))
    return tuple(found)[:40]
