"""Paths that cannot be written on every system that may check the repository out (`path.*`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bot.changeset.model import ChangeSet
from bot.changeset.tree import MODE_DIRECTORY, MODE_SUBMODULE, MODE_SYMLINK, TreeReader
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding

MAX_PATH_BYTES = 1024
MAX_COMPONENT_BYTES = 255
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_DOT_GIT = re.compile(r"(?:\.git|git~\d+)[ .]*(?:$|[:\\])", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_PLACEHOLDER = re.compile(
    r"(?:^|/)path/to/|(?:^|/)(?:your|my)[_-](?:project|module|package|repo|file|app)(?:[/.]|$)|[<>]"
)


_WINDOWS_CHARACTER = re.compile(r'[<>:"|?*]')
# A device keeps its name with any extension, and Windows takes the superscript digits for digits
# (https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file). Blanks and dots before the extension are
# dropped.
_WINDOWS_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(?:[.:]|$)", re.IGNORECASE
)


def windows_problem(component: str) -> str:
    """Why no Windows checkout can hold a file or folder of this name; "" when one can."""
    hit = _WINDOWS_CHARACTER.search(component)
    if hit is not None:
        return f"holds `{hit[0]}`"
    return "is the name of a device" if _WINDOWS_DEVICE.match(component) else ""


def is_dot_git(component: str) -> bool:
    """Whether some file system takes the component for `.git`.

    HFS+ ignores certain code points, NTFS trailing dots and spaces, and knows `.git` as `git~1` too
    (git's own is_hfs_dotgit and is_ntfs_dotgit, behind core.protectHFS and core.protectNTFS).
    """
    return _DOT_GIT.match(_IGNORED_BY_HFS.sub("", component)) is not None


def plain_spelling(path: str) -> str:
    """The path without what some file systems ignore: certain code points, dots and spaces at the end, case."""
    parts = (_IGNORED_BY_HFS.sub("", part).rstrip(". ") for part in path.split("/"))
    return unicodedata.normalize("NFC", "/".join(parts)).casefold()


def path_problem(path: str) -> tuple[str, str] | None:
    """The (code, message) of the first thing that makes a path unfit for any repository, or None."""
    if not path:
        return "path.empty", "the path is empty"
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "path.unicode", "the path is not valid Unicode"
    if "\0" in path or "\n" in path:
        return "path.control", f"{path!r} holds a control character"
    if path.startswith("/") or _DRIVE.match(path) or path.startswith("~/"):
        return "path.absolute", f"{path!r} is absolute"
    if size > MAX_PATH_BYTES:
        return "path.too_long", f"the path has {size} bytes; {MAX_PATH_BYTES} are allowed"
    return next((p for p in (_component_problem(c, path) for c in path.split("/")) if p), None)


def _component_problem(component: str, path: str) -> tuple[str, str] | None:
    if not component:
        return "path.empty", f"{path!r} has an empty component"
    if component in (".", ".."):
        return "path.traversal", f"{path!r} has a {component!r} component"
    if is_dot_git(component):
        return "path.git", f"{component!r} in {path!r} is a spelling of .git"
    if len(component.encode()) > MAX_COMPONENT_BYTES:
        return "path.too_long", f"a component of {path[:80]!r}… is longer than {MAX_COMPONENT_BYTES} bytes"
    return None


def _new_path_problem(path: str, tree: TreeReader) -> tuple[str, str] | None:
    """What a new file or folder must not be called. A name that is there already may be changed and taken away."""
    if any(unicodedata.category(c) == "Cc" for c in path):
        return "path.control", f"{path!r} holds a control character"
    if "\\" in path:
        return "path.backslash", f"{path!r} holds a backslash"
    parts = path.split("/")
    for depth, component in enumerate(parts, 1):
        if tree.entry("/".join(parts[:depth])) is not None:
            continue
        if component[-1] in ". " or component[0] == " ":
            return "path.trailing", f"{component!r} in {path!r} ends in a dot or space, or begins with a space"
        fault = windows_problem(component)
        if fault:
            return "path.windows", f"{component!r} in {path!r} {fault}: no Windows checkout can hold it"
    if any(unicodedata.category(c) == "Cf" for c in path):
        return "path.invisible", f"{path!r} holds invisible characters"
    if unicodedata.normalize("NFC", path) != path:
        return "path.unicode", f"{path!r} is not in Unicode normal form C"
    if _PLACEHOLDER.search(path):
        return "path.placeholder", f"{path!r} is a placeholder"
    return None


def path_findings(change_set: ChangeSet, tree: TreeReader) -> tuple[Finding, ...]:
    """At most one finding per path that is named by an edit."""
    freed = freed_paths(change_set)
    written = {edit.path for edit in change_set.edits if edit.mode != "delete"}
    findings = []
    for index, path in named_paths(change_set):
        problem = path_problem(path)
        if problem is None and tree.entry(path) is None:
            problem = _new_path_problem(path, tree)
        if problem is None:
            problem = _place_problem(path, tree, freed, written)
        if problem is not None:
            findings.append(make_finding(problem[0], problem[1], edit=index, path=path))
    return tuple(findings)


def named_paths(change_set: ChangeSet) -> Iterator[tuple[int, str]]:
    """(edit index, path) of every path that an edit names, sources of renames included."""
    for index, edit in enumerate(change_set.edits):
        yield index, edit.path
        if edit.rename_from is not None:
            yield index, edit.rename_from


def freed_paths(change_set: ChangeSet) -> frozenset[str]:
    """Paths that are gone once the edits are applied, unless another edit writes them."""
    deleted = {edit.path for edit in change_set.edits if edit.mode == "delete"}
    return frozenset(deleted | {edit.rename_from for edit in change_set.edits if edit.rename_from})


def _place_problem(path: str, tree: TreeReader, freed: frozenset[str], written: set[str]) -> tuple[str, str] | None:
    entry = tree.entry(path)
    if entry is not None and entry.mode == MODE_SYMLINK:
        return "path.symlink", f"{path} is a symlink"
    if entry is not None and entry.mode == MODE_SUBMODULE:
        return "path.submodule", f"{path} is a submodule"
    if entry is not None and entry.mode == MODE_DIRECTORY and not _emptied(path, tree, freed):
        return "path.directory", f"{path} is a directory"
    parts = path.split("/")
    for depth in range(1, len(parts)):
        parent = "/".join(parts[:depth])
        if path in written and parent in written:
            return "path.parent", f"{parent}, a parent of {path}, is written as a file by the same ChangeSet"
        above = tree.entry(parent)
        if above is not None and above.mode != MODE_DIRECTORY and parent not in freed:
            return "path.parent", f"{parent}, a parent of {path}, is not a directory"
    return None


def _emptied(directory: str, tree: TreeReader, freed: frozenset[str]) -> bool:
    below = directory + "/"
    return all(entry.path in freed for entry in tree.files() if entry.path.startswith(below))
