"""Globs over repository paths: `*` and `?` stay inside a component, `**` spans any number of them.

A path without a wildcard matches the file, or the folder with all that is below it; so does a `/` at the end. `{a,b}`
is either of two texts. Brackets are a class of characters and also stand for themselves: `app/[id]/page.tsx` is a file
that people have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from bot.core.patterns import Pattern, PatternInvalid

# `{a,b}{c,d}…` doubles with every pair of braces.
_MOST_ALTERNATIVES = 64
_LONGEST = 2_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEVERAL = re.compile(r"\*\*[ \t,;]+\S|, *\*")
_BRACES = re.compile(r"\{([^{}]*)\}")
_WILD = re.compile(r"[*?]")


@lru_cache(maxsize=1024)
def _compiled(pattern: str, everywhere: bool) -> Pattern | None:
    try:
        alternatives = [_translated(one, everywhere) for one in _alternatives(_plain(pattern))]
        return Pattern(f"(?is)(?:{'|'.join(alternatives)})")
    except (PatternInvalid, ValueError):
        return None


def is_glob(pattern: str) -> bool:
    """Whether the text can be read as a glob; one that cannot matches only its own spelling."""
    return _compiled(pattern, False) is not None


def glob_fault(pattern: str) -> str:
    """Why the glob can match no file of any repository, and what to write instead; "" when it may match one."""
    plain = pattern.strip()
    if not plain.strip("/."):
        return "matches nothing; write a path or a glob such as `docs/**`, or leave it out"
    if _CONTROL.search(plain) or _SEVERAL.search(_BRACES.sub("", plain)):
        return "holds several globs, and matches nothing; write one entry for each"
    fault = next((fault for faulty, fault in _FAULTY if faulty.search(plain)), "") or _part_fault(plain)
    if not fault and not is_glob(pattern):
        return "not a glob: a range in brackets runs backwards, or it is far too long"
    return fault


_FAULTY = (
    (re.compile(r"^!"), "matches nothing: `!` cannot exclude here; list the globs that are meant"),
    (re.compile(r"\\"), "matches nothing: folders are separated with `/`, and no backslash escapes anything"),
    (
        re.compile(r"^\^|\$$"),
        "is a regular expression, and matches nothing; a glob knows `*`, `?`, `**`, `[ab]` and `{a,b}`",
    ),
    (
        re.compile(r"^(?:~/|[A-Za-z]:[/\\]|[a-z]{2,8}://)"),
        "matches nothing; write the path as it is in the repository, such as `docs/**`",
    ),
)


def _part_fault(plain: str) -> str:
    """The fault of one component of the path."""
    parts = _plain(plain).removeprefix("/").removesuffix("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "matches nothing: no path of a repository holds `.`, `..` or `//`; write it from the repository's root"
    if any(part.casefold() == ".git" for part in parts):
        return "matches nothing: git's own folder is in no commit"
    if any(part != part.strip(" ") for part in parts):
        return "matches nothing: a folder's name begins or ends with a blank; leave it out"
    if "," in plain and plain.count("{") != plain.count("}"):
        return "matches nothing: a brace is not closed; write `{a,b}`"
    return ""


def _plain(pattern: str) -> str:
    """The glob in Unicode's normal form C, without blanks around it and `./` before it."""
    plain = unicodedata.normalize("NFC", pattern.strip()) if not pattern.isascii() else pattern.strip()
    while plain.startswith("./"):
        plain = plain[2:].lstrip("/") or "/"
    return plain


def _alternatives(pattern: str) -> list[str]:
    """The globs that `{a,b}` stands for. Braces without a comma are plain text. Raises ValueError for too many."""
    if len(pattern) > _LONGEST:
        raise ValueError("too long")
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        one = waiting.pop(0)
        span = _braces(one)
        if span is None:
            done.append(one)
        else:
            start, end, parts = span
            waiting += [one[:start] + part + one[end:] for part in parts]
        if len(done) + len(waiting) > _MOST_ALTERNATIVES:
            raise ValueError("too many alternatives")
    return done


def _braces(pattern: str) -> tuple[int, int, list[str]] | None:
    """(start, end, parts) of the first innermost pair of braces that holds a comma."""
    for hit in _BRACES.finditer(pattern):
        if "," in hit[1]:
            return hit.start(), hit.end(), hit[1].split(",")
    return None


def _translated(pattern: str, everywhere: bool) -> str:
    """The glob in RE2's words, which match in linear time: a glob of many stars must not keep the worker waiting.

    `everywhere` reads it as .gitignore and CODEOWNERS do: without a slash inside, it is a name in any folder, and what
    it matches may be a folder.
    """
    out, at = "", 0
    bare = pattern.strip("/")
    # https://git-scm.com/docs/gitignore#_pattern_format
    anchored = pattern.startswith("/") or "/" in bare
    below = pattern.endswith("/")
    last = bare.rsplit("/", 1)[-1]
    if not anchored and (everywhere or _WILD.search(bare)):
        out = "(?:[^/]+/)*"
    while at < len(bare):
        if bare.startswith("**/", at) and (at == 0 or bare[at - 1] == "/"):
            out, at = out + "(?:[^/]+/)*", at + 3
        elif bare.startswith("**", at):
            out, at = out + ".*", at + 2
        elif bare[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif bare[at] == "?":
            out, at = out + "[^/]", at + 1
        elif bare[at] == "[" and (end := bare.find("]", at + 2)) > 0:
            inner = bare[at + 1 : end].replace("\\", r"\\").replace("[", r"\[")
            inner = "^/" + inner[1:] if inner[0] in "!^" else inner
            out, at = f"{out}(?:[{inner}]|{re.escape(bare[at : end + 1])})", end + 1
        else:
            out, at = out + re.escape(bare[at]), at + 1
    if below:
        return f"{out}/.*"
    return f"{out}(?:/.*)?" if everywhere or not _WILD.search(last) else out


def matches(pattern: str, path: str, *, everywhere: bool = False) -> bool:
    """Whether the whole path matches the glob, ignoring case. `dir/**` matches what is below `dir`, at any depth.

    A glob with a wildcard and without a slash matches a name in any folder. With `everywhere` a name without a wildcard
    does too, and a glob that matches a folder matches all that is below it, as in .gitignore.
    """
    compiled = _compiled(pattern, everywhere)
    # What cannot be read as a glob still protects the file of that very name.
    if compiled is None:
        return pattern.casefold() == path.casefold()
    return compiled.is_whole(path if path.isascii() else unicodedata.normalize("NFC", path))


def matching(patterns: Iterable[str], path: str, *, everywhere: bool = False) -> str | None:
    """The first of the globs that matches the path, or None."""
    return next((p for p in patterns if matches(p, path, everywhere=everywhere)), None)
