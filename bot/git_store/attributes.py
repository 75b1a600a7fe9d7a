"""The attributes that `.gitattributes` files give to paths, computed by git in an index that holds only these files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.git_store.process import GitRunner

GITATTRIBUTES = ".gitattributes"


def folders_of(paths: Sequence[str]) -> list[str]:
    """The folders whose `.gitattributes` can apply to the paths: "" for the root, others with a slash at the end."""
    # git reads the file in a path's folder and in every folder above it. https://git-scm.com/docs/gitattributes
    found = {""}
    for path in paths:
        parts = path.split("/")[:-1]
        found |= {"/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1)}
    return sorted(found)


def check_attributes(
    files: Mapping[str, bytes], paths: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, str]]:
    """By path, the named attributes that are not unspecified, with the values of `git check-attr`. Raises GitFailed.

    `files` are the contents of `.gitattributes` files by path. Attributes of this machine or its user do not count.
    """
    # git itself decides, because macros, precedence and patterns are hard to copy exactly.
    # https://git-scm.com/docs/git-check-attr
    with tempfile.TemporaryDirectory(prefix="cadence-attributes-") as room:
        path = Path(room) / "attributes.git"
        (path / "objects").mkdir(parents=True)
        (path / "refs").mkdir()
        (path / "HEAD").write_text("ref: refs/heads/none\n")
        (path / "config").write_text("[core]\n\tbare = true\n\trepositoryformatversion = 0\n")
        git = GitRunner(path, protocols="")
        rows = []
        for name, content in files.items():
            blob = git.check("hash-object", "-w", "--stdin", stdin=content).strip()
            rows.append(b"100644 " + blob + b"\t" + _raw(name) + b"\0")
        git.check("update-index", "-z", "--index-info", stdin=b"".join(rows))
        # process.py sets `attr.tree` to the empty tree; an empty value names no tree, so that git reads the index.
        # https://git-scm.com/docs/git-config#Documentation/git-config.txt-attrtree
        answer = git.check(
            "-c", "attr.tree=", "check-attr", "--cached", "-z", "--stdin", *names,
            stdin=b"".join(_raw(one) + b"\0" for one in paths),
        )  # fmt: skip
    out: dict[str, dict[str, str]] = {one: {} for one in paths}
    fields = [field.decode("utf-8", "surrogateescape") for field in answer.split(b"\0")]
    for where, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        if value != "unspecified":
            out[where][name] = value
    return out


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
