"""What is removed although it is still used (`loss.reference`), in the languages read by tree-sitter."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from bot.changeset.codes import found
from bot.changeset.findings import Finding
from bot.changeset.guards import grammar
from bot.changeset.guards.outline import Outline, outline
from bot.changeset.guards.view import FileView, ResultTree

_SCRIPT = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_GLOBALS = frozenset(
    "URL URLSearchParams Buffer process fetch AbortController AbortSignal performance setTimeout setInterval setImmediate "
    "clearTimeout clearInterval clearImmediate queueMicrotask structuredClone console crypto Event EventTarget TextEncoder "
    "TextDecoder Blob File FormData Headers Request Response ReadableStream WritableStream TransformStream WebSocket Promise "
    "Symbol Map Set WeakMap WeakSet WeakRef Proxy Reflect Error TypeError RangeError Object Array String Number Boolean Date "
    "RegExp JSON Math Intl BigInt globalThis window document navigator module exports require global describe it test expect "
    "before after beforeEach afterEach beforeAll afterAll suite vi jest assert React JSX Iterator btoa atob".split()
)
_JAVA_LANG = frozenset(
    "String Object Integer Long Double Float Boolean Character Byte Short Math System Thread Runnable Exception Error "
    "RuntimeException Iterable Comparable Override Deprecated Class Enum Record Void Number StringBuilder Process".split()
)
_GO_BUILTINS = frozenset(
    "append cap clear close complex copy delete imag len make max min new panic print println real recover any bool byte "
    "comparable error string int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32 float64 rune "
    "true false iota nil".split()
)
_RUST_PRELUDE = frozenset(
    "Option Some None Result Ok Err Vec Box String ToString ToOwned Clone Copy Send Sync Sized Drop Fn FnMut FnOnce AsRef "
    "AsMut Into From TryFrom TryInto FromIterator Default Iterator Extend IntoIterator DoubleEndedIterator "
    "ExactSizeIterator Eq PartialEq Ord PartialOrd Debug Hash std core alloc crate vec format println print eprintln".split()
)
_ALWAYS_THERE = {".go": _GO_BUILTINS, ".rs": _RUST_PRELUDE, ".java": _JAVA_LANG, **dict.fromkeys(_SCRIPT, _GLOBALS)}
_FROM = re.compile(r"""(?:\bfrom|\brequire\(|\bimport\()\s*['"](\.[^'"]*)['"]|^\s*import\s+['"](\.[^'"]*)['"]""", re.MULTILINE)
_TAKEN = r"\{{([^{{}}]*)\}}\s*(?:from\s*|=\s*require\(\s*)['\"]{spec}['\"]"
_MOST_USERS = 200


def code_reference_findings(views: Sequence[FileView], result: ResultTree) -> Iterator[Finding]:
    """One finding per removed name and place of use; names declared in `removes` are excused."""
    for view in views:
        old = outline(view.before, view.source_suffix)
        if old is None or view.before == view.after:
            continue
        new = outline(view.after, view.suffix)
        if new is not None:
            yield from _in_same_file(view, old, new, result)
        if view.source_suffix in _SCRIPT:
            yield from _in_importers(view, old, new, result)


def _finding(view: FileView, what: str, where: str, line: int | None = None) -> Finding:
    message = f"{view.source} loses {what}, which {where} still uses"
    return found("loss.reference", message, edit=view.index, path=view.source, line=line)


def _in_same_file(view: FileView, old: Outline, new: Outline, result: ResultTree) -> Iterator[Finding]:
    gone = old.top - new.bound - view.removes
    if new.has_wildcard:
        gone -= old.imported
    gone -= _ALWAYS_THERE.get(view.suffix, frozenset())
    for name in sorted(gone & new.used.keys()):
        if not _in_package(name, view, old, result):
            yield _finding(view, name, f"line {new.used[name]} of the new text", new.used[name])
    if new.has_supertype or view.suffix not in (*_SCRIPT, ".java"):
        return
    for name in sorted((old.methods - new.definitions - new.bound - view.removes) & new.own_calls.keys()):
        line = new.own_calls[name]
        if not re.search(rf"(?<!\.)\b{re.escape(name)}\b\s*[=:(](?!\s*\)?;)|\[\s*['\"]?{re.escape(name)}", _without_calls(view.after or "")):
            yield _finding(view, name, f"line {line} of the new text", line)


def _without_calls(text: str) -> str:
    return re.sub(r"\b(?:this|self)\s*\.\s*\w+\s*\(", "", text)


def _in_package(name: str, view: FileView, old: Outline, result: ResultTree) -> bool:
    """Whether another file of the same directory gives the name (Go and Java packages need no import)."""
    if view.suffix == ".java":
        folder = view.path.rpartition("/")[0]
        return any(path.endswith(f"/{name}.java") for path in result.paths) if name not in old.imported else (
            f"{folder}/{name}.java" in result.paths
        )
    if view.suffix != ".go" or name in old.imported:
        return False
    folder = view.path.rpartition("/")[0]
    for path, text in result.holding((".go",), (name,)):
        if path != view.path and path.rpartition("/")[0] == folder:
            other = outline(text, ".go")
            if other is None or name in other.top:
                return True
    return False


def _in_importers(view: FileView, old: Outline, new: Outline | None, result: ResultTree) -> Iterator[Finding]:
    """Scripts that import the file by a relative path: the file must be there, and so must the names they take."""
    moved = view.source != view.path or view.after is None
    if not moved and new is None:
        return
    gone = old.top - (new.top | new.bound if new is not None else frozenset()) - view.removes
    if not moved and (not gone or new is None or re.search(r"export\s*\*", view.after or "")):
        return
    stem = posixpath.basename(view.source).split(".")[0]
    word = posixpath.basename(posixpath.dirname(view.source)) if stem == "index" else stem
    users = result.holding(_SCRIPT, (word,)) if word else iter(())
    for number, (path, text) in enumerate(users):
        if number >= _MOST_USERS:
            return
        if path == view.source:
            continue
        for hit in _FROM.finditer(text):
            spec = hit[1] or hit[2]
            if not _means(spec, path, view.source):
                continue
            line = text.count("\n", 0, hit.start()) + 1
            if moved:
                if not any(p in result.paths for p in _candidates(spec, path)) and _is_code(path, text, line):
                    yield _finding(view, "the module", f"{path}:{line}")
                continue
            for name in _taken(text, spec):
                if name in gone and _is_code(path, text, line):
                    yield _finding(view, name, f"{path}:{line}")


def _is_code(path: str, text: str, line: int) -> bool:
    """Whether the line is code: not part of a comment or a template."""
    root = grammar.parsed(text, "." + path.rsplit(".", 1)[-1])
    if root is None or root.has_error:
        return False
    node = root.descendant_for_point_range((line - 1, 0), (line - 1, 1))
    while node is not None:
        if "comment" in node.type or node.type == "template_string":
            return False
        node = node.parent
    return True


def _taken(text: str, spec: str) -> Iterator[str]:
    for hit in re.finditer(_TAKEN.format(spec=re.escape(spec)), text):
        for part in hit[1].split(","):
            word = re.match(r"\s*(?:type\s+)?(\w+)", part)
            if word:
                yield word[1]


def _candidates(spec: str, importer: str) -> list[str]:
    base = posixpath.normpath(posixpath.join(posixpath.dirname(importer), spec))
    plain = re.sub(r"\.(?:[cm]?[jt]s|[jt]sx)$", "", base)
    endings = [*_SCRIPT, ".d.ts", ".d.mts", ".d.cts", ".json", ".node", ".vue", ".svelte", ".css"]
    return [base, *(b + e for b in dict.fromkeys((base, plain)) for e in endings), *(f"{base}/index{e}" for e in endings), f"{base}/package.json"]


def _means(spec: str, importer: str, path: str) -> bool:
    return path in _candidates(spec, importer)
