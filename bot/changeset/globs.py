"""Globs over repository paths: `*` and `?` stay inside a component, `**` spans any number of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.patterns import Pattern, PatternInvalid


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Pattern | None:
    try:
        return Pattern(_translated(pattern))
    except PatternInvalid:
        return None


def is_glob(pattern: str) -> bool:
    """Whether the text can be read as a glob; one that cannot matches only its own spelling."""
    return _compiled(pattern) is not None


def _translated(pattern: str) -> str:
    """The glob in RE2's words, which match in linear time: a glob of many stars must not keep anybody waiting."""
    out, at = "", 0
    pattern = pattern.strip().lstrip("/")
    if pattern.endswith("/"):
        pattern += "**"
    while at < len(pattern):
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            out, at = out + "(?:[^/]+/)*", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif pattern[at] == "?":
            out, at = out + "[^/]", at + 1
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            inner = pattern[at + 1 : end].replace("\\", r"\\").replace("[", r"\[")
            inner = "^/" + inner[1:] if inner[0] in "!^" else inner
            out, at = f"{out}[{inner}]", end + 1
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return f"(?is){out}"


def matches(pattern: str, path: str) -> bool:
    """Whether the whole path matches the glob, ignoring case. `dir/**` matches what is below `dir`, at any depth."""
    compiled = _compiled(pattern)
    return pattern.casefold() == path.casefold() if compiled is None else compiled.is_whole(path)


def matching(patterns: Iterable[str], path: str) -> str | None:
    """The first of the globs that matches the path, or None."""
    return next((p for p in patterns if matches(p, path)), None)
