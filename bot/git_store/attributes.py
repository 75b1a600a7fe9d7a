"""What `.gitattributes` files say of paths, asked of git itself in an index that holds nothing but these files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.git_store.process import GitRunner

GITATTRIBUTES = ".gitattributes"


def folders_of(paths: Sequence[str]) -> list[str]:
    """Where `.gitattributes` files may stand that concern the paths: "" for the root, else with a slash at the end."""
    found = {""}
    for path in paths:
        parts = path.split("/")[:-1]
        found |= {"/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1)}
    return sorted(found)


def check_attributes(
    files: Mapping[str, bytes], paths: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, str]]:
    """By path, the named attributes that are not unspecified, as `git check-attr` gives them. Raises GitFailed.

    Macros, precedence and patterns are git's own. No attributes of the machine's or the user's configuration count.
    """
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
        # An empty `attr.tree` names no tree, so that newer versions of git read the index too (git-config, attr.tree).
        told = git.check(
            "-c", "attr.tree=", "check-attr", "--cached", "-z", "--stdin", *names,
            stdin=b"".join(_raw(one) + b"\0" for one in paths),
        )  # fmt: skip
    out: dict[str, dict[str, str]] = {one: {} for one in paths}
    words = [word.decode("utf-8", "surrogateescape") for word in told.split(b"\0")]
    for where, name, value in zip(words[0::3], words[1::3], words[2::3], strict=False):
        if value != "unspecified":
            out[where][name] = value
    return out


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
