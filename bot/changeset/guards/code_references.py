"""What is removed although it is still used (`loss.reference`), in the languages read by tree-sitter."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator, Sequence

from bot.changeset.guards.known_names import ALWAYS_THERE, SCRIPT_SUFFIXES
from bot.changeset.guards.view import FileView, ResultTree
from bot.core.findings import Finding
from bot.syntax.languages import language_of
from bot.syntax.outline import Outline, outline
from bot.syntax.trees import parse_path

_FROM = re.compile(
    r"""(?:\bfrom|\brequire\(|\bimport\()\s{0,40}['"](\.[^'"]*)['"]|^[ \t]*import\s{1,40}['"](\.[^'"]*)['"]""",
    re.MULTILINE,
)
_TAKEN = r"\{{([^{{}}]*)\}}\s*(?:from\s*|=\s*require\(\s*)['\"]{spec}['\"]"
_OWN_CALL = re.compile(r"\b(?:this|self)\s*\.\s*\w+\s*\(")
# Every file that imports the module is parsed, up to this many: more of them would only repeat the finding.
_MOST_USERS = 200


def code_reference_findings(views: Sequence[FileView], result: ResultTree) -> Iterator[Finding]:
    """One finding per removed name and place of use; names declared in `removes` are excused."""
    for view in views:
        # Python has its own rules (references.py); C's names may come from any header.
        read = language_of(view.source_suffix) not in (None, "python", "c", "cpp")
        old = outline(view.before, view.source_suffix) if read else None
        if old is None or view.before == view.after:
            continue
        new = outline(view.after, view.suffix)
        if new is not None:
            yield from _in_same_file(view, old, new, result)
        if view.source_suffix in SCRIPT_SUFFIXES:
            yield from _in_importers(view, old, new, result)


def _in_same_file(view: FileView, old: Outline, new: Outline, result: ResultTree) -> Iterator[Finding]:
    gone = old.top - new.bound - view.removes
    # `use x::*` or `import pkg.*` may bind what was imported by name before.
    if new.has_wildcard:
        gone -= old.imported
    gone -= ALWAYS_THERE.get(view.suffix, frozenset())
    for name in sorted(gone & new.used.keys()):
        if not _in_package(name, view, old, result):
            yield view.still_used(name, f"line {new.used[name]} of the new text", new.used[name])
    # An inherited method is called on `this` as well, and its file may be anywhere.
    if new.has_supertype or view.suffix not in (*SCRIPT_SUFFIXES, ".java"):
        return
    yield from _own_calls(view, old, new)


def _own_calls(view: FileView, old: Outline, new: Outline) -> Iterator[Finding]:
    """Methods that are gone and still called on `this`."""
    rest = _OWN_CALL.sub("", view.after or "")
    for name in sorted((old.methods - new.definitions - new.bound - view.removes) & new.own_calls.keys()):
        line = new.own_calls[name]
        word = re.escape(name)
        if not re.search(rf"(?<!\.)\b{word}\b\s*[=:(](?!\s*\)?;)|\[\s*['\"]?{word}", rest):
            yield view.still_used(name, f"line {line} of the new text", line)


def _in_package(name: str, view: FileView, old: Outline, result: ResultTree) -> bool:
    """Whether another file of the same directory gives the name (Go and Java packages need no import)."""
    folder = view.path.rpartition("/")[0]
    # A public class has a file of its name: https://docs.oracle.com/javase/specs/jls/se21/html/jls-7.html#jls-7.6
    if view.suffix == ".java":
        if name in old.imported:
            return f"{folder}/{name}.java" in result.paths
        return any(path.endswith(f"/{name}.java") for path in result.paths)
    if view.suffix != ".go" or name in old.imported:
        return False
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
    for path, text, spec, line in _relative_imports(view, result):
        if moved:
            if not any(p in result.paths for p in _candidates(spec, path)) and _is_code(path, text, line):
                yield view.still_used("the module", f"{path}:{line}")
            continue
        for name in _taken(text, spec):
            if name in gone and _is_code(path, text, line):
                yield view.still_used(name, f"{path}:{line}")


def _relative_imports(view: FileView, result: ResultTree) -> Iterator[tuple[str, str, str, int]]:
    """(file, its text, the path as written, line) of every relative import of the file as it was."""
    stem = posixpath.basename(view.source).split(".")[0]
    word = posixpath.basename(posixpath.dirname(view.source)) if stem == "index" else stem
    users = result.holding(SCRIPT_SUFFIXES, (word,)) if word else iter(())
    for path, text in itertools.islice(users, _MOST_USERS):
        for hit in _FROM.finditer(text) if path != view.source else ():
            spec = hit[1] or hit[2]
            if _means(spec, path, view.source):
                yield path, text, spec, text.count("\n", 0, hit.start()) + 1


def _is_code(path: str, text: str, line: int) -> bool:
    """Whether the line is code: not part of a comment or a template."""
    root = parse_path(text, path)
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
    # What bundlers and TypeScript try after the path as written; `.js` may mean the `.ts` beside it.
    # https://www.typescriptlang.org/docs/handbook/modules/reference.html#file-extension-substitution
    endings = [*SCRIPT_SUFFIXES, ".d.ts", ".d.mts", ".d.cts", ".json", ".node", ".vue", ".svelte", ".css"]
    return [
        base,
        *(b + e for b in dict.fromkeys((base, plain)) for e in endings),
        *(f"{base}/index{e}" for e in endings),
        f"{base}/package.json",
    ]


def _means(spec: str, importer: str, path: str) -> bool:
    return path in _candidates(spec, importer)
