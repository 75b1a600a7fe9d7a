"""Which files of a tree are text that a model may be shown, with as few reads as possible."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeEntry, TreeReader

# About 25,000 tokens, as much as the whole budget of one prompt.
MAX_FILE_BYTES = 100_000
MAX_LINE_CHARACTERS = 5_000
"""A longer line is minified code or data: it costs many tokens, and a person did not write it."""

_BINARY = re.compile(
    r"\.(png|jpe?g|gif|ico|webp|bmp|tiff?|psd|pdf|zip|t?gz|bz2|xz|7z|rar|tar|jar|war|class|so|dll|dylib|exe|o|a|lib|bin|dat|"
    r"db|sqlite3?|woff2?|ttf|otf|eot|mp[34]|mov|avi|wav|ogg|flac|pyc|pyo|whl|wasm|parquet|npy|npz|pkl|onnx|pt|keystore|jks)$",
    re.IGNORECASE,
)
# Key files are never sent to a model's server, whatever a blueprint asks for.
_SECRET = re.compile(
    r"(^|/)(\.env(\.(?!example|sample|template|dist)[\w-]+)?|\.netrc|\.pypirc|\.npmrc|id_(rsa|dsa|ecdsa|ed25519))$"
    r"|\.(pem|key|p12|pfx|ppk)$",
    re.IGNORECASE,
)
# Dependencies, build output, lock files and generated code: large, and changed by tools only.
_SKIPPED = re.compile(
    r"(^|/)(node_modules|bower_components|vendor|third_party|dist|build|\.venv|venv|site-packages|__pycache__|\.git|target|"
    r"coverage|\.tox|\.next|__snapshots__)/"
    r"|(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum)$"
    r"|\.min\.(js|css)$|\.(map|snap|lock|svg)$|(_pb2(_grpc)?\.pyi?|\.pb\.go|\.pb\.(cc|h)|\.g\.dart)$|[._]generated\.\w+$",
    re.IGNORECASE,
)
# The first line of a Git LFS pointer: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = "version https://git-lfs.github.com/spec/"
# With the line and paragraph separators of Unicode, at which other programs break lines, too.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A readable text file with its whole content."""

    path: str
    text: str


def presentable(path: str) -> bool:
    """Whether a path can be on a line of its own. A line break in it could look like a part of our prompt."""
    return not _CONTROL.search(path)


def candidates(tree: TreeReader, named: Collection[str] = ()) -> list[TreeEntry]:
    """Regular files that look like text by name and size, in path order.

    Lock files, vendored, generated and minified code count only when they are `named`; a file that is
    binary, too large or named like a key file never does.
    """
    return [
        entry
        for entry in tree.files()
        if entry.mode in (MODE_FILE, MODE_EXECUTABLE)
        and entry.size <= MAX_FILE_BYTES
        and not _BINARY.search(entry.path)
        and not _SECRET.search(entry.path)
        and presentable(entry.path)
        and (entry.path in named or not _SKIPPED.search(entry.path))
    ]


def read_texts(tree: TreeReader, entries: Sequence[TreeEntry]) -> list[SourceFile]:
    """The files among them that are UTF-8 text: no NUL bytes, no very long lines, no Git LFS pointer."""
    found = []
    for entry in entries:
        raw = tree.read(entry.path)
        if b"\0" in raw:
            continue
        try:
            text = raw.decode("utf-8")
        # A guess at the encoding could be wrong, and an edit would then write other bytes everywhere in the file.
        except UnicodeDecodeError:
            continue
        if text.startswith(_POINTER) or any(len(line) > MAX_LINE_CHARACTERS for line in text.split("\n")):
            continue
        found.append(SourceFile(entry.path, text))
    return found
